// Answers HTTP requests with a greeting: `loop run {{name}}`, then open the address that it prints.
import { Fields, Response } from "wasi:http/types@0.3.0";
import { info } from "loop-guest/log";

/** @type {import("wasi:http/handler@0.3.0").Exports} */
export const handler = {
  async handle(request) {
    const path = request.getPathWithQuery() ?? "/";
    info("request", { path });
    const body = wit.Stream.from([new TextEncoder().encode(`hello from ${path}\n`)], wit.Stream.U8);
    // The type of the trailers: future<result<option<trailers>, error-code>>.
    const trailers = wit.Future(wit.Future.RESULT_OPTION_OTHER_ERROR_CODE);
    const [response] = Response.new(new Fields(), body.readable, trailers.readable);
    trailers.writable.write({ tag: "ok", val: null });
    return response;
  },
};
