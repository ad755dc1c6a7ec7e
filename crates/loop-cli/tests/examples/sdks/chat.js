// Serves WebSockets: everybody hears what anybody says.
import { Refused, serve, wake } from "loop-guest/websocket";

export const websocketHandler = serve({
  opened(peer, { target, headers, protocols, address }, peers) {
    if (target !== "/room") throw new Refused(404, `there is no ${target}`);
    if (headers.get("Origin") === "http://elsewhere.example") throw new Refused();
    peer.send(`welcome, number ${peers.size} from ${address.split(":")[0]}`);
    return protocols.at(-1);
  },
  received(peer, message, peers) {
    if (message === "soon") wake(1);
    else if (message === "close") peer.close(3001, "as you wish");
    else peers.sendAll(message);
  },
  closed(peer, { code }, peers) {
    peers.sendAll(`left with ${code}, ${peers.size} stay`);
  },
  woken(peers) {
    for (const peer of peers) peer.send("woken");
  },
});
