"""WebSockets: connections over which both sides send messages.

    from loop_guest import websocket

    with websocket.connect("wss://example.com/feed") as feed:
        feed.send("prices")
        for message in feed:
            print(message)

A component that others connect to exports `loop:netx/websocket-handler@0.1.0`. Here everybody hears what anybody says:

    class WebsocketHandler(websocket.Handler):
        def on_received(self, peer, message):
            self.peers.send_all(message)

A message is a `str` or `bytes`, of at most 1 MiB. Connecting needs the URL among the grants, under `net.http`; being connected to
needs the address under `net.listen`. The host says when to ping, and answers pings.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from componentize_py_types import Err

from . import _headers
from ._check import text, whole
from ._errors import LoopError, attempt
from ._headers import Given, Headers
from ._time import nanos
from ._world import exported, interface

_websocket = interface("loop:netx/websocket@0.1.0", "Connection")
# Nothing in a component that only connects.
_handler = exported("loop:netx/websocket-handler@0.1.0", "Accepted")

__all__ = ["Closing", "Connection", "Handler", "Peers", "Refused", "Request", "connect", "first", "wake"]

_U16_MAX = 2**16 - 1


@dataclass(frozen=True)
class Closing:
    """How a connection ended."""

    code: int
    """As RFC 6455 has it: 1000 is the usual end, 1005 stands for no code, 1006 for a connection that broke off."""
    reason: str
    """What was said of it; often nothing."""


def connect(
    url: str, *, protocols: Iterable[str] = (), headers: Given | None = None, timeout: float | None = None
) -> "Connection":
    """Connects to a URL of `ws` or `wss`. Blocks until the connection is open or cannot be.

    `protocols` are subprotocols that are offered, the preferred one first. `timeout` is the longest time in seconds: 30 without one.
    Raises a `LoopError`: `denied`, `unresolved`, `unreachable`, `timed-out`, `untrusted`, `refused` with the status as its detail,
    `protocol`, `invalid`, `too-many`.
    """
    text("url", url)
    offered = [text("a protocol", protocol) for protocol in protocols]
    options = _websocket.Options(offered, list(_headers.pairs(headers)), _limit(timeout))
    return Connection(attempt(f"connect to {url}", lambda: _websocket.Connection.connect(url, options)))


class Connection:
    """A connection. Leaving its `with` closes it with code 1000, after what was sent before."""

    closing: Closing | None
    """How it ended, once that is known."""

    def __init__(self, raw: Any) -> None:
        """Use `connect`."""
        self._raw = raw
        self.id: int = raw.id()
        """A number that no other connection of this instance has or had."""
        self.closing = None

    @property
    def protocol(self) -> str | None:
        """The subprotocol that both sides agreed on, if they did."""
        return self._raw.protocol()

    @property
    def queued(self) -> int:
        """How many bytes are queued, 64 for each message included."""
        return self._raw.queued()

    def send(self, message: str | bytes) -> None:
        """Sends a message after those sent before. Does not block. Raises a `LoopError`: `closed`, `too-large`, `full`."""
        made = _made(message)
        attempt("send a message", lambda: self._raw.send(made))

    def flush(self, timeout: float | None = None) -> None:
        """Blocks until nothing is queued, or the connection has ended. Raises a `LoopError` with the code `timed-out`."""
        limit = _limit(timeout)
        attempt("send what is queued", lambda: self._raw.flush(limit))

    def receive(self, timeout: float | None = None) -> str | bytes | None:
        """Blocks until a message comes, and gives it; or nothing once the connection has ended, which `closing` then tells of.

        Without a timeout in seconds it waits as long as the call may take. Raises a `LoopError`: `timed-out`, having taken nothing, and
        `handled` for a connection of a `Handler`.
        """
        limit = _limit(timeout)
        event = attempt("receive a message", lambda: self._raw.next(limit))
        if isinstance(event, _websocket.Event_Closed):
            self.closing = _closing(event.value)
            return None
        return event.value.value

    def __iter__(self) -> Iterator[str | bytes]:
        """The messages that come, until the connection ends."""
        while (message := self.receive()) is not None:
            yield message

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes it, after what was sent before. Does not block: `receive` tells when the other side has agreed."""
        self._raw.close(whole("code", code, _U16_MAX), text("reason", reason))

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.__exit__(None, None, None)

    def __repr__(self) -> str:
        return f"Connection({self.id})"


def first(connections: Iterable[Connection], timeout: float | None = None) -> list[Connection]:
    """Blocks until `receive` would give something at once on at least one of these connections, and gives all such.

    Raises a `LoopError`: `timed-out`, and `handled` without a connection.
    """
    asked = list(connections)
    limit = _limit(timeout)
    found = attempt("wait for messages", lambda: _websocket.first([connection._raw for connection in asked], limit))
    return [asked[index] for index in found]


def wake(after: float) -> None:
    """Has `Handler.on_woken` called once, after this time in seconds. What was asked before is forgotten."""
    _websocket.wake(nanos(after))


@dataclass(frozen=True)
class Request:
    """A request to connect."""

    target: str
    """The path and the query: `/chat?room=1`."""
    headers: Headers
    """A browser says in `origin` of which site the page is that connects: whoever relies on cookies has to look at it."""
    protocols: list[str]
    """The subprotocols that are offered, the preferred one first."""
    address: str
    """That of the other side: `192.0.2.1:50000`."""


class Refused(Exception):
    """Raised by `Handler.on_opened` to refuse a connection, with an HTTP status from 400 to 599 and a text."""

    def __init__(self, status: int = 403, reason: str = "") -> None:
        super().__init__(f"{status} {reason}")
        self.status = whole("status", status, _U16_MAX)
        self.reason = text("reason", reason)


class Peers:
    """Those who are connected, the longest connected first."""

    def __init__(self) -> None:
        self._connections: dict[int, Connection] = {}

    def get(self, id: int) -> Connection | None:
        """One of them, by its number."""
        return self._connections.get(id)

    def send_all(self, message: str | bytes) -> None:
        """Sends a message to all of them. Who reads too slowly is disconnected, with code 1008, and who is going away is left out.

        Raises a `LoopError` with the code `too-large`, and nobody gets it.
        """
        made = _made(message)
        for connection in self:
            try:
                attempt("send a message", lambda: connection._raw.send(made))
            except LoopError as error:
                if error.code == "full":
                    connection.close(1008, "it reads too slowly")
                elif error.code != "closed":
                    raise

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._connections.values()))

    def __len__(self) -> int:
        return len(self._connections)


class _Once(type(Protocol)):  # type: ignore[misc]
    """Of a class that has only one object. componentize-py makes one for each function that is exported."""

    def __call__(cls, *arguments: Any) -> Any:
        if "_object" not in vars(cls):
            cls._object = super().__call__(*arguments)
        return cls._object


class Handler(metaclass=_Once):
    """What happens on connections of others. The class `WebsocketHandler` of the component's module derives from it, and says in
    `on_opened`, `on_received`, `on_closed` and `on_woken` what it does. The host calls one at a time, all in the one instance that the
    component has.
    """

    peers: Peers
    """Those who are connected."""

    def __new__(cls) -> "Handler":
        handler = super().__new__(cls)
        handler.peers = Peers()
        return handler

    def on_opened(self, peer: Connection, request: Request) -> str | None:
        """Somebody wants to connect, and already is among the peers: what is sent here is delivered first.

        Gives the subprotocol, one of those that the request offers, if it is to be one. Raises `Refused` to refuse.
        """
        return None

    def on_received(self, peer: Connection, message: str | bytes) -> None:
        """A message came. The other side is held up until the return."""

    def on_closed(self, peer: Connection, closing: Closing) -> None:
        """A connection has ended, whoever ended it, and is no longer among the peers."""

    def on_woken(self) -> None:
        """The time asked for by `wake` is over."""

    # What the host calls.

    def opened(self, connection: Any, request: Any) -> Any:
        peer = Connection(connection)
        self.peers._connections[peer.id] = peer
        asked = Request(request.target, Headers(request.headers), request.protocols, request.peer)
        try:
            return _handler.Accepted(self.on_opened(peer, asked))
        except Refused as refused:
            del self.peers._connections[peer.id]
            peer.__exit__()
            raise Err(_handler.Refused(refused.status, refused.reason)) from refused

    def received(self, id: int, message: Any) -> None:
        if (peer := self.peers.get(id)) is not None:
            self.on_received(peer, message.value)

    def closed(self, id: int, closing: Any) -> None:
        peer = self.peers._connections.pop(id, None)
        if peer is not None:
            peer.closing = _closing(closing)
            peer.__exit__()
            self.on_closed(peer, peer.closing)

    def woken(self) -> None:
        self.on_woken()


def _made(message: str | bytes) -> Any:
    """A message as the host takes it."""
    if isinstance(message, str):
        return _websocket.Message_Text(text("message", message))
    if isinstance(message, (bytes, bytearray)):
        return _websocket.Message_Binary(bytes(message))
    raise TypeError(f"a message must be a str or bytes, not {type(message).__name__}")


def _closing(raw: Any) -> Closing:
    return Closing(raw.code, raw.reason)


def _limit(seconds: float | None) -> int | None:
    return None if seconds is None else nanos(seconds)
