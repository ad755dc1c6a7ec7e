// A server of WASI 0.2: gives what it gets from the URL behind the question mark.
import { fetch } from "loop-guest/http";
import { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } from "wasi:http/types@0.2.12";

export const incomingHandler = {
  handle(request, out) {
    const response = fetch(request.pathWithQuery().slice("/?".length));
    const outgoing = new OutgoingResponse(Fields.fromList([]));
    outgoing.setStatusCode(response.status);
    const body = outgoing.body();
    ResponseOutparam.set(out, { tag: "ok", val: outgoing });
    const stream = body.write();
    for (const chunk of response) stream.blockingWriteAndFlush(chunk);
    stream[Symbol.dispose]();
    OutgoingBody.finish(body, null);
  },
};
