"""Requests over HTTP.

    from loop_guest import http

    response = http.get("https://api.example.com/v1/items")
    if response.ok:
        items = response.json()
    http.post("https://api.example.com/v1/items", json={"name": "lamp"}).close()

The component needs the URL among its grants, under `net.http`. A response with an error's status is a response, and so is a
redirect: none is followed. Nothing is decompressed. The host keeps connections and uses them again.

What fails raises a `LoopError` with the name that the error has in `wasi:http`, in small letters: `http-request-denied` without a
grant, `dns-error`, `connection-refused`, `connection-timeout`, …
"""

import json as _json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from componentize_py_types import Err

from . import _headers
from ._check import one_of, text, whole
from ._errors import LoopError, attempt, refused
from ._headers import Given, Headers
from ._time import nanos
from ._world import interface

_handler = interface("wasi:http/outgoing-handler@0.2.12", "handle")
_types = interface("wasi:http/types@0.2.12", "OutgoingRequest")
_streams = interface("wasi:io/streams@0.2.12", "InputStream")
_poll = interface("wasi:io/poll@0.2.12", "Pollable")

__all__ = ["BODY_BYTES_MAX", "Headers", "Response", "get", "post", "request"]

BODY_BYTES_MAX = 16 << 20
"""How much of a body is read at once unless more is asked for: 16 MiB, as of a file."""

# How much is moved at once: as much as the host takes before it waits for the network.
_CHUNK = 64 << 10

_METHODS = ["get", "head", "post", "put", "delete", "connect", "options", "trace", "patch"]
_SCHEMES = {"http": _types.Scheme_Http, "https": _types.Scheme_Https}


def get(url: str, **options: Any) -> "Response":
    """Asks for a URL. The options are those of `request`."""
    return request("GET", url, **options)


def post(url: str, body: "str | bytes | Iterable[bytes] | None" = None, **options: Any) -> "Response":
    """Sends this to a URL. The options are those of `request`."""
    return request("POST", url, body=body, **options)


def request(
    method: str,
    url: str,
    *,
    headers: Given | None = None,
    body: "str | bytes | Iterable[bytes] | None" = None,
    json: Any = None,
    connect_timeout: float | None = None,
    response_timeout: float | None = None,
    silence_timeout: float | None = None,
) -> "Response":
    """Sends a request, and waits until its response begins. If that is before all of the request was sent, the rest is sent while
    the response is read.

    `body` is a text, bytes, or an iterable of bytes, whose parts are sent as they come. `json` is a value that is sent as JSON instead.
    `response_timeout` is the longest time in seconds until the first byte of the response, `silence_timeout` that between two. What is
    not set is the host's to say: half a minute to connect, a minute for each of the others.
    """
    doing = f"{text('method', method)} {text('url', url)}"
    given = list(_headers.pairs(headers))
    names = {name.lower() for name, _ in given}
    chunks, size, kind = _content(body, json)
    if size is not None and size > 0 and "content-length" not in names:
        given.append(("content-length", str(size).encode()))
    if kind is not None and "content-type" not in names:
        given.append(("content-type", kind.encode()))
    raw = _outgoing(doing, method, url, given)
    options = _types.RequestOptions()
    # A host that knows none of them has its own.
    with suppress(Err):
        options.set_connect_timeout(_limit(connect_timeout))
        options.set_first_byte_timeout(_limit(response_timeout))
        options.set_between_bytes_timeout(_limit(silence_timeout))
    upload = None if size == 0 else _Upload(raw.body(), chunks)
    try:
        pending = attempt(doing, lambda: _handler.handle(raw, options))
        with pending:
            answer = _answer(pending, upload)
    except BaseException:
        if upload is not None:
            upload.close()
        raise
    if isinstance(answer, Err):
        raise refused(doing, answer.value)
    return Response(doing, answer.value, upload)


class Response:
    """What a server answered. Its body is read once: all of it by `read`, `text` or `json`, or in parts by a `for`.

    Leaving its `with`, or `close`, gives the connection up if the body was not read to its end.
    """

    status: int
    """`200` and the like."""
    headers: Headers

    def __init__(self, doing: str, raw: Any, upload: "_Upload | None") -> None:
        """Use `request`, `get` or `post`."""
        self.status = raw.status()
        with raw.headers() as fields:
            self.headers = Headers(fields.entries())
        self._doing = doing
        self._upload = upload
        self._raw = raw
        self._body = raw.consume()
        self._stream = self._body.stream()

    @property
    def ok(self) -> bool:
        """Whether the status is one from 200 to 299."""
        return 200 <= self.status <= 299

    def read(self, limit: int = BODY_BYTES_MAX) -> bytes:
        """What is left of the body. Fails with `too-large` if that is more than `limit` bytes."""
        whole("limit", limit)
        content = bytearray()
        for chunk in self:
            content += chunk
            if len(content) > limit:
                self.close()
                raise LoopError(f"cannot {self._doing}: too-large ({limit})", "too-large", limit)
        return bytes(content)

    def text(self, limit: int = BODY_BYTES_MAX) -> str:
        """As `read`, as a text. Fails with `illegal-byte-sequence` if it is not UTF-8."""
        try:
            return self.read(limit).decode()
        except UnicodeDecodeError as error:
            code = "illegal-byte-sequence"
            raise LoopError(f"cannot {self._doing} as text: {code}", code) from error

    def json(self, limit: int = BODY_BYTES_MAX) -> Any:
        """As `text`, as the value that it has in JSON. Raises a `ValueError` if it is none."""
        return _json.loads(self.text(limit))

    def __iter__(self) -> Iterator[bytes]:
        """The parts of the body, as they come."""
        if self._stream is None:
            raise ValueError("the body was read to its end, or closed")
        while self._stream is not None and (chunk := self._next()) is not None:
            yield chunk

    def close(self) -> None:
        """Gives up what is left of the body. Does nothing if it was read to its end."""
        if self._upload is not None:
            self._upload.close()
            self._upload = None
        if self._stream is not None:
            # The host does not let a thing go before those that it was asked for by it.
            for thing in (self._stream, self._body, self._raw):
                _drop(thing)
            self._stream = None

    def __enter__(self) -> "Response":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # Not where `__init__` failed.
        if hasattr(self, "_stream"):
            self.close()

    def _next(self) -> bytes | None:
        try:
            while True:
                if self._upload is None:
                    return self._stream.blocking_read(_CHUNK)
                if chunk := self._stream.read(_CHUNK):
                    return chunk
                self._upload = _wait(self._stream.subscribe(), self._upload)
        except Err as error:
            self.close()
            if isinstance(error.value, _streams.StreamError_Closed):
                return None
            with error.value.value as failure:
                code, said = _types.http_error_code(failure), failure.to_debug_string()
        if code is not None:
            raise refused(self._doing, code)
        raise LoopError(f"cannot {self._doing}: last-operation-failed ({said})", "last-operation-failed", said)


class _Upload:
    """A body on its way. Closing it before its end tells the other side that the rest is missing."""

    def __init__(self, body: Any, chunks: Iterator[bytes]) -> None:
        self._body = body
        self._stream = body.write()
        self._chunks = chunks
        self._rest = memoryview(b"")

    def step(self) -> Any:
        """Sends what can be sent now. Gives what has to be waited for until there is more, or nothing if that was all."""
        try:
            while self._stream is not None:
                while not self._rest:
                    chunk = next(self._chunks, None)
                    if chunk is None:
                        _drop(self._stream)
                        self._stream = None
                        _types.OutgoingBody.finish(self._body, None)
                        return None
                    self._rest = memoryview(_bytes("a part of the body", chunk))
                room = min(self._stream.check_write(), _CHUNK)
                if room == 0:
                    return self._stream.subscribe()
                part, self._rest = self._rest[:room], self._rest[room:]
                self._stream.write(bytes(part))
        except Err:
            # The other side takes no more, or was promised another length: the response says what comes of it.
            self.close()
        return None

    def close(self) -> None:
        if self._stream is not None:
            _drop(self._stream)
            _drop(self._body)
            self._stream = None


def _answer(pending: Any, upload: _Upload | None) -> Any:
    """The response, or why there is none. Sends what can be sent meanwhile."""
    while (answer := pending.get()) is None:
        upload = _wait(pending.subscribe(), upload)
    return answer.value


def _wait(ready: Any, upload: _Upload | None) -> _Upload | None:
    """Sends what can be sent, and waits until something is ready. Gives the upload, if it has not come to its end."""
    with ready:
        more = None if upload is None else upload.step()
        if more is None:
            ready.block()
            return None
        with more:
            _poll.poll([ready, more])
        return upload


def _outgoing(doing: str, method: str, url: str, headers: list[tuple[str, bytes]]) -> Any:
    """The head of a request."""
    fields = _types.Fields()
    for name, value in headers:
        attempt(f"send the header {name}", lambda: fields.append(name, value))
    raw = _types.OutgoingRequest(fields)
    known = method.lower() if method.isupper() and method.lower() in _METHODS else None
    made = getattr(_types, f"Method_{known.capitalize()}")() if known else _types.Method_Other(method)
    _set(doing, "http-request-method-invalid", lambda: raw.set_method(made))

    def place() -> None:
        parts = urlsplit(url)
        raw.set_scheme(_SCHEMES[one_of("the scheme of a URL", parts.scheme, list(_SCHEMES))]())
        raw.set_authority(parts.netloc)
        path = parts.path or "/"
        raw.set_path_with_query(f"{path}?{parts.query}" if parts.query else path)

    _set(doing, "http-request-uri-invalid", place)
    return raw


def _set(doing: str, code: str, work: Callable[[], None]) -> None:
    try:
        work()
    except (Err, ValueError):
        raise LoopError(f"cannot {doing}: {code}", code) from None


def _content(body: Any, json: Any) -> tuple[Iterator[bytes], int | None, str | None]:
    """The parts of a body, its size where it is known, and its media type where that is."""
    if json is not None:
        if body is not None:
            raise TypeError("a request has a body or json, not both")
        content = _json.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()
        return iter([content]), len(content), "application/json"
    if body is None:
        return iter(()), 0, None
    if isinstance(body, str):
        content = text("body", body).encode()
        return iter([content]), len(content), "text/plain;charset=utf-8"
    if isinstance(body, (bytes, bytearray)):
        return iter([body]), len(body), None
    if isinstance(body, Iterable):
        return iter(body), None, None
    raise TypeError(f"body must be a str, bytes or an iterable of bytes, not {type(body).__name__}")


def _bytes(name: str, value: Any) -> Any:
    if not isinstance(value, (bytes, bytearray)):
        raise TypeError(f"{name} must be bytes, not {type(value).__name__}")
    return value


def _limit(seconds: float | None) -> int | None:
    return None if seconds is None else nanos(seconds)


def _drop(thing: Any) -> None:
    thing.__exit__(None, None, None)
