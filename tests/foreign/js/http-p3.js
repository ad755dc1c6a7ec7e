// A wasi:http server of WASI 0.3: says which method and path it was asked for.
import http from "wasi:http/types@0.3.0";

const { Fields, Response } = http;

// QuickJS has no TextEncoder; what is encoded here is ASCII.
const encode = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));

export const handler = {
  async handle(request) {
    const text = `JavaScript serves ${request.getMethod().tag} ${request.getPathWithQuery()}\n`;
    const body = wit.Stream.from([encode(text)], wit.Stream.U8);
    // The type of the trailers: future<result<option<trailers>, error-code>>.
    const trailers = wit.Future(wit.Future.RESULT_OPTION_OTHER_ERROR_CODE);
    const [response] = Response.new(new Fields(), body.readable, trailers.readable);
    trailers.writable.write({ tag: "ok", val: null });
    return response;
  },
};
