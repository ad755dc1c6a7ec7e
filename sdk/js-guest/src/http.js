// Requests over HTTP.
import { handle } from "wasi:http/outgoing-handler@0.2.12";
import { Fields, OutgoingBody, OutgoingRequest, RequestOptions, httpErrorCode } from "wasi:http/types@0.2.12";
import { poll } from "wasi:io/poll@0.2.12";
import { LoopError, attempt, refused } from "./internal/attempt.js";
import { shown, text, whole } from "./internal/check.js";
import { limit } from "./internal/duration.js";
import { Headers, pairs } from "./internal/headers.js";

// How much of a body is read at once unless more is asked for: as much as of a file.
const BODY_BYTES_MAX = 16 * 2 ** 20;
// How much is moved at once: as much as the host takes before it waits for the network.
const CHUNK = 64 * 2 ** 10;
const AT_ONCE = LOOP_INTEGER(CHUNK);
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

export function fetch(url, options = {}) {
  const { method = "GET", headers, body, json, connectTimeout, responseTimeout, silenceTimeout } = options;
  const doing = `${text("method", method)} ${text("url", url)}`;
  const given = pairs(headers);
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  const add = (name, value) => {
    if (!names.has(name)) given.push([name, new TextEncoder().encode(value)]);
  };
  const { chunks, size, type } = contentOf(body, json);
  if (size > 0) add("content-length", `${size}`);
  if (type) add("content-type", type);
  const times = [limit(connectTimeout), limit(responseTimeout), limit(silenceTimeout)];
  const raw = outgoing(doing, method, url, given);
  const upload = size === 0 ? undefined : new Upload(raw.body(), chunks);
  try {
    const pending = attempt(doing, () => handle(raw, requestOptions(times)));
    const answer = using(pending, () => answered(pending, upload));
    if (answer.tag === "err") throw refused(doing, answer.val);
    return new Response(doing, answer.val, upload);
  } catch (error) {
    upload?.close();
    throw error;
  }
}

class Response {
  #doing;
  #upload;
  #things;

  constructor(doing, raw, upload) {
    this.status = raw.status();
    this.headers = using(raw.headers(), (fields) => new Headers(fields.entries()));
    this.#doing = doing;
    this.#upload = upload;
    const body = raw.consume();
    // The host does not let a thing go before those that it was asked for by it.
    this.#things = [body.stream(), body, raw];
  }

  get ok() {
    return this.status >= 200 && this.status <= 299;
  }

  bytes({ limit: most = BODY_BYTES_MAX } = {}) {
    whole("limit", most);
    const chunks = [];
    let size = 0;
    for (const chunk of this) {
      size += chunk.length;
      // Leaving the loop gives up the rest.
      if (size > most) throw new LoopError(`cannot ${this.#doing}: too-large (${most})`, "too-large", most);
      chunks.push(chunk);
    }
    const all = new Uint8Array(size);
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  text(options) {
    const bytes = this.bytes(options);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch (cause) {
      const code = "illegal-byte-sequence";
      throw new LoopError(`cannot ${this.#doing} as text: ${code}`, code, undefined, cause);
    }
  }

  json(options) {
    return JSON.parse(this.text(options));
  }

  *[Symbol.iterator]() {
    if (!this.#things) throw new TypeError("the body was read to its end, or closed");
    try {
      for (let chunk; (chunk = this.#next()); ) yield chunk;
    } finally {
      this.close();
    }
  }

  close() {
    this.#upload?.close();
    this.#upload = undefined;
    for (const thing of this.#things ?? []) drop(thing);
    this.#things = undefined;
  }

  [Symbol.dispose]() {
    this.close();
  }

  #next() {
    const [stream] = this.#things;
    try {
      for (;;) {
        if (!this.#upload) return stream.blockingRead(AT_ONCE);
        const chunk = stream.read(AT_ONCE);
        if (chunk.length > 0) return chunk;
        this.#upload = waited(stream.subscribe(), this.#upload);
      }
    } catch (thrown) {
      const failure = thrown.payload;
      if (failure?.tag === "closed") return undefined;
      if (failure?.tag !== "last-operation-failed") throw thrown;
      const [code, said] = using(failure.val, (error) => [httpErrorCode(error), error.toDebugString()]);
      throw refused(this.#doing, code ?? { tag: "last-operation-failed", val: said }, thrown);
    }
  }
}

/** A body on its way. Closing it before its end tells the other side that the rest is missing. */
class Upload {
  #body;
  #stream;
  #chunks;
  #rest = new Uint8Array();

  constructor(body, chunks) {
    this.#body = body;
    this.#stream = body.write();
    this.#chunks = chunks[Symbol.iterator]();
  }

  /** Sends what can be sent now. Gives what has to be waited for until there is more, or nothing if that was all. */
  step() {
    while (this.#stream) {
      if (this.#rest.length === 0) {
        const { done, value } = this.#chunks.next();
        if (!done) this.#rest = bytesOf("a part of the body", value);
        else this.#finish();
        continue;
      }
      try {
        const room = Math.min(Number(this.#stream.checkWrite()), CHUNK);
        if (room === 0) return this.#stream.subscribe();
        this.#stream.write(this.#rest.subarray(0, room));
        this.#rest = this.#rest.subarray(room);
      } catch {
        // The other side takes no more: the response says what comes of it.
        this.close();
      }
    }
    return undefined;
  }

  close() {
    if (!this.#stream) return;
    drop(this.#stream);
    drop(this.#body);
    this.#stream = undefined;
  }

  #finish() {
    drop(this.#stream);
    this.#stream = undefined;
    try {
      OutgoingBody.finish(this.#body, null);
    } catch {
      // It was promised another length: the response says what comes of it.
    }
  }
}

/** The response, or why there is none. Sends what can be sent meanwhile. */
function answered(pending, upload) {
  let left = upload;
  for (;;) {
    const answer = pending.get();
    if (answer) return answer.val;
    left = waited(pending.subscribe(), left);
  }
}

/** Sends what can be sent, and waits until something is ready. Gives the upload, if it has not come to its end. */
function waited(ready, upload) {
  return using(ready, () => {
    const more = upload?.step();
    if (!more) return void ready.block();
    return using(more, () => {
      poll([ready, more]);
      return upload;
    });
  });
}

/** The head of a request. */
function outgoing(doing, method, url, headers) {
  const fields = new Fields();
  for (const [name, value] of headers) attempt(`send the header ${name}`, () => fields.append(name, value));
  const raw = new OutgoingRequest(fields);
  const set = (code, work) => {
    try {
      work();
    } catch (cause) {
      throw new LoopError(`cannot ${doing}: ${code}`, code, undefined, cause);
    }
  };
  const known = METHODS.includes(method) ? { tag: method.toLowerCase() } : { tag: "other", val: method };
  set("http-request-method-invalid", () => raw.setMethod(known));
  set("http-request-uri-invalid", () => {
    const [, scheme, authority, path, query = ""] = /^(https?):\/\/([^/?#]+)([^?#]*)(\?[^#]*)?/i.exec(url);
    raw.setScheme({ tag: scheme.toUpperCase() });
    raw.setAuthority(authority);
    raw.setPathWithQuery((path || "/") + query);
  });
  return raw;
}

function requestOptions([connect, response, silence]) {
  const options = new RequestOptions();
  try {
    options.setConnectTimeout(connect);
    options.setFirstByteTimeout(response);
    options.setBetweenBytesTimeout(silence);
  } catch {
    // A host that knows none of them has its own.
  }
  return options;
}

/** The parts of a body, its size where it is known, and its media type where that is. */
function contentOf(body, json) {
  const whole = (bytes, type) => ({ chunks: [bytes], size: bytes.length, type });
  if (json !== undefined) {
    if (body !== undefined) throw new TypeError("a request has a body or json, not both");
    return whole(new TextEncoder().encode(JSON.stringify(json)), "application/json");
  }
  if (body === undefined || body === null) return { chunks: [], size: 0 };
  if (typeof body === "string") return whole(new TextEncoder().encode(text("body", body)), "text/plain;charset=utf-8");
  if (body instanceof Uint8Array) return whole(body);
  if (typeof body[Symbol.iterator] === "function") return { chunks: body };
  throw new TypeError(`body must be a string, a Uint8Array or an iterable of such, not ${shown(body)}`);
}

function bytesOf(name, value) {
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`${name} must be a Uint8Array, not ${typeof value}`);
}

/** Does something with a thing of the host, and lets it go. */
function using(thing, work) {
  try {
    return work(thing);
  } finally {
    drop(thing);
  }
}

function drop(thing) {
  thing[Symbol.dispose]();
}
