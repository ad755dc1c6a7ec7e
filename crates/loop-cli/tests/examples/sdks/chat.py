"""Serves WebSockets: everybody hears what anybody says."""

from loop_guest import websocket
from loop_guest.websocket import Closing, Connection, Refused, Request


class WebsocketHandler(websocket.Handler):
    def on_opened(self, peer: Connection, request: Request) -> str | None:
        if request.target != "/room":
            raise Refused(404, f"there is no {request.target}")
        if request.headers.get("Origin") == "http://elsewhere.example":
            raise Refused()
        peer.send(f"welcome, number {len(self.peers)} from {request.address.split(':')[0]}")
        return request.protocols[-1] if request.protocols else None

    def on_received(self, peer: Connection, message: str | bytes) -> None:
        if message == "soon":
            websocket.wake(0.001)
        elif message == "close":
            peer.close(3001, "as you wish")
        else:
            self.peers.send_all(message)

    def on_closed(self, peer: Connection, closing: Closing) -> None:
        self.peers.send_all(f"left with {closing.code}, {len(self.peers)} stay")

    def on_woken(self) -> None:
        for peer in self.peers:
            peer.send("woken")
