// WebSockets: connections over which both sides send messages.
import { Connection as Raw, first as firstOf, wake as wakeAfter } from "loop:netx/websocket@0.1.0";
import { attempt } from "./internal/attempt.js";
import { shown, text, whole } from "./internal/check.js";
import { limit, nanos } from "./internal/duration.js";
import { Headers, pairs } from "./internal/headers.js";

const U16_MAX = 2 ** 16 - 1;

export function connect(url, { protocols = [], headers, timeout } = {}) {
  text("url", url);
  const options = {
    protocols: [...protocols].map((protocol) => text("a protocol", protocol)),
    headers: pairs(headers),
    timeout: limit(timeout),
  };
  return new Connection(attempt(`connect to ${url}`, () => Raw.connect(url, options)));
}

export class Connection {
  #raw;
  closing = undefined;

  constructor(raw) {
    this.#raw = raw;
    this.id = Number(raw.id());
  }

  get protocol() {
    return this.#raw.protocol() ?? undefined;
  }

  get queued() {
    return Number(this.#raw.queued());
  }

  send(message) {
    const made = messageOf(message);
    attempt("send a message", () => this.#raw.send(made));
  }

  flush(timeout) {
    const most = limit(timeout);
    attempt("send what is queued", () => this.#raw.flush(most));
  }

  receive(timeout) {
    const most = limit(timeout);
    const { tag, val } = attempt("receive a message", () => this.#raw.next(most));
    if (tag === "message") return val.val;
    this.closing = val;
    return undefined;
  }

  *[Symbol.iterator]() {
    for (let message; (message = this.receive()) !== undefined; ) yield message;
  }

  close(code = 1000, reason = "") {
    this.#raw.close(whole("code", code, U16_MAX), text("reason", reason));
  }

  [Symbol.dispose]() {
    this.#raw[Symbol.dispose]();
  }

  static first(connections, timeout) {
    const asked = [...connections];
    const most = limit(timeout);
    const found = attempt("wait for messages", () => firstOf(asked.map((connection) => connection.#raw), most));
    return Array.from(found, (index) => asked[index]);
  }
}

export const first = (connections, timeout) => Connection.first(connections, timeout);

export const wake = (after) => wakeAfter(nanos(after));

/** Thrown by `opened` to refuse a connection. */
export class Refused extends Error {
  name = "Refused";

  constructor(status = 403, reason = "") {
    super(`${whole("status", status, U16_MAX)} ${text("reason", reason)}`);
    this.status = status;
    this.reason = reason;
  }
}

/** Those who are connected, the longest connected first. */
class Peers {
  #connections;

  constructor(connections) {
    this.#connections = connections;
  }

  get size() {
    return this.#connections.size;
  }

  get(id) {
    return this.#connections.get(id);
  }

  sendAll(message) {
    for (const peer of this) {
      try {
        peer.send(message);
      } catch (error) {
        if (error.code === "full") peer.close(1008, "it reads too slowly");
        else if (error.code !== "closed") throw error;
      }
    }
  }

  [Symbol.iterator]() {
    return [...this.#connections.values()].values();
  }
}

export function serve({ opened, received, closed, woken }) {
  const connections = new Map();
  const peers = new Peers(connections);
  return {
    opened(raw, { target, headers, protocols, peer: address }) {
      const peer = new Connection(raw);
      connections.set(peer.id, peer);
      try {
        const protocol = opened?.(peer, { target, headers: new Headers(headers), protocols, address }, peers);
        return { protocol: protocol ?? null };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        connections.delete(peer.id);
        peer[Symbol.dispose]();
        throw { status: error.status, text: error.reason };
      }
    },
    received(id, { val }) {
      const peer = connections.get(Number(id));
      if (peer) received?.(peer, val, peers);
    },
    closed(id, closing) {
      const peer = connections.get(Number(id));
      if (!peer) return;
      connections.delete(peer.id);
      peer.closing = closing;
      peer[Symbol.dispose]();
      closed?.(peer, closing, peers);
    },
    woken() {
      woken?.(peers);
    },
  };
}

/** A message as the host takes it. */
function messageOf(message) {
  if (typeof message === "string") return { tag: "text", val: text("message", message) };
  if (message instanceof Uint8Array) return { tag: "binary", val: message };
  throw new TypeError(`a message must be a string or a Uint8Array, not ${shown(message)}`);
}
