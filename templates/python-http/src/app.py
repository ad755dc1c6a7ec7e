"""Answers HTTP requests with a greeting: `loop run {{name}}`, then open the address that it prints."""

from componentize_py_types import Ok
from loop_guest import log
from wit_world import exports
from wit_world.imports.types import Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam


class IncomingHandler(exports.IncomingHandler):
    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        path = request.path_with_query() or "/"
        log.info("request", path=path)
        response = OutgoingResponse(Fields.from_list([]))
        body = response.body()
        ResponseOutparam.set(response_out, Ok(response))
        with body.write() as stream:
            stream.blocking_write_and_flush(f"hello from {path}\n".encode())
        OutgoingBody.finish(body, None)
