"""A wasi:http server of WASI 0.3: says which method and path it was asked for."""

import componentize_py_async_support
import wit_world
from componentize_py_async_support.streams import ByteStreamWriter
from componentize_py_types import Ok
from wit_world import exports
from wit_world.imports.wasi_http_types import Fields, Request, Response


class Handler(exports.Handler):
    async def handle(self, request: Request) -> Response:
        method = type(request.get_method()).__name__.removeprefix("Method_").lower()
        text = f"Python serves {method} {request.get_path_with_query()}\n"
        writer, body = wit_world.byte_stream()
        _, trailers = (
            wit_world.result_option_wasi_http_types_fields_wasi_http_types_error_code_future(
                lambda: Ok(None)
            )
        )
        # The body is read after this has returned, so a task of its own sends it.
        componentize_py_async_support.spawn(send(writer, text.encode()))
        response, _ = Response.new(Fields.from_list([]), body, trailers)
        return response


async def send(writer: ByteStreamWriter, data: bytes) -> None:
    with writer:
        await writer.write_all(data)
