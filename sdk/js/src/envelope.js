// The envelope: its messages as objects, whose fields are named as docs/wire.md names them.

import { NAME_BYTES_MAX, NeedsMore, Reader, WireError, Writer, concat, text, utf8 } from "./bytes.js";

/** What each side sends first. */
export const PREFACE = utf8("loop\x01");

const BODY_BYTES_MAX = 163_840;
const DATA_BYTES_MAX = 131_072;
const META_BYTES_MAX = 16_384;
const TEXT_BYTES_MAX = 4_096;
const MESSAGE_BYTES_MAX = 4_096;
const HANDLE_BYTES_MAX = 1_024;
const TOKEN_BYTES = 8;

const WINDOW_BYTES_MIN = 262_144;
const CALLS_MIN = 128;
const IDLE_MIN = 1_000;

const END = 0x80;
const IGNORABLE = 0x40;
const KIND = 0x3f;

/** Each kind: its number, whether it is about a call, and how its body is written and read. */
const KINDS = {
  hello: {
    number: 1,
    write: (out, { window, calls, idle }) => out.number(window).number(calls).number(idle),
    read: readHello,
  },
  open: {
    number: 2,
    ofCall: true,
    ends: true,
    write: (out, message) => {
      out.counted(encodeMeta(message.meta ?? {}));
      out.text(message.instance).text(message.function).bytes(message.data);
    },
    read: (body) => ({
      meta: decodeMeta(body.counted(META_BYTES_MAX, "META_BYTES_MAX")),
      instance: body.text(NAME_BYTES_MAX, "NAME_BYTES_MAX"),
      function: body.text(NAME_BYTES_MAX, "NAME_BYTES_MAX"),
      data: readData(body),
    }),
  },
  data: {
    number: 3,
    ofCall: true,
    ends: true,
    write: (out, { path, data }) => {
      if (path) out.path(path).bytes(data);
    },
    read: (body) => (body.left === 0 ? {} : { path: body.path(), data: readData(body) }),
  },
  credit: {
    number: 4,
    ofCall: true,
    write: (out, { bytes }) => out.number(bytes),
    read: (body) => ({ bytes: body.number() }),
  },
  stop: { number: 5, ofCall: true, write: () => {}, read: () => ({}) },
  cancel: { number: 6, ofCall: true, write: () => {}, read: () => ({}) },
  fail: { number: 7, ofCall: true, write: writeFailure, read: readFailure },
  drop: {
    number: 8,
    write: (out, { instance, resource, handle }) => out.text(instance).text(resource).counted(handle),
    read: (body) => ({
      instance: body.text(NAME_BYTES_MAX, "NAME_BYTES_MAX"),
      resource: body.text(NAME_BYTES_MAX, "NAME_BYTES_MAX"),
      handle: body.counted(HANDLE_BYTES_MAX, "HANDLE_BYTES_MAX").slice(),
    }),
  },
  ping: { number: 9, write: (out, { token }) => out.bytes(token), read: readToken },
  pong: { number: 10, write: (out, { token }) => out.bytes(token), read: readToken },
  "go-away": {
    number: 11,
    write: (out, message) => {
      out.number(message.last);
      writeFailure(out, message);
    },
    read: (body) => ({ last: body.number(), ...readFailure(body) }),
  },
};

const NAMES = new Map(Object.entries(KINDS).map(([name, { number }]) => [number, name]));

/** The bytes of a message. Bytes within it are `Uint8Array`s; `data` of a bare end has neither path nor data. */
export function encodeMessage(message) {
  const kind = KINDS[message.kind];
  if (!kind) throw new TypeError(`there is no message \`${message.kind}\``);
  const body = new Writer();
  kind.write(body, message);
  return new Writer()
    .byte(kind.number | (message.end ? END : 0))
    .number(message.call ?? 0)
    .counted(body.finish())
    .finish();
}

/** Reads what one side says, in whatever pieces it comes, its preface included. */
export class EnvelopeDecoder {
  #rest = new Uint8Array();
  #prefaceIsRead = false;
  #helloIsRead = false;

  /** Takes bytes, and returns the messages that they complete. */
  push(bytes) {
    this.#rest = concat([this.#rest, bytes]);
    const messages = [];
    const reader = new Reader(this.#rest);
    let read = 0;
    try {
      if (!this.#prefaceIsRead) {
        readPreface(reader);
        this.#prefaceIsRead = true;
        read = reader.at;
      }
      for (;;) {
        const message = readMessage(reader);
        read = reader.at;
        if (this.#helloIsRead === (message?.kind === "hello")) {
          throw new WireError("the first message is a hello, and no other is");
        }
        this.#helloIsRead = true;
        if (message) messages.push(message);
      }
    } catch (error) {
      if (!(error instanceof NeedsMore)) throw error;
    }
    this.#rest = this.#rest.slice(read);
    return messages;
  }
}

function readPreface(reader) {
  const here = reader.view.subarray(0, PREFACE.length);
  if (here.some((byte, at) => byte !== PREFACE[at])) {
    throw new WireError("it does not begin with the word `loop` and version 1");
  }
  reader.bytes(PREFACE.length);
}

/** The next message; `null` for one that is to be ignored. */
function readMessage(reader) {
  const first = reader.byte();
  const call = reader.number();
  const bytes = reader.counted(BODY_BYTES_MAX, "BODY_BYTES_MAX");
  const name = NAMES.get(first & KIND);
  if (!name) {
    if (first & IGNORABLE) return null;
    throw new WireError(`there is no message of kind ${first & KIND}`);
  }
  const kind = KINDS[name];
  if (kind.ofCall && call === 0) throw new WireError(`a message \`${name}\` has no call`);
  const message = { kind: name };
  if (kind.ofCall) message.call = call;
  if (kind.ends) message.end = (first & END) !== 0;
  try {
    return Object.assign(message, kind.read(new Reader(bytes)));
  } catch (error) {
    // The body is here, so what it lacks does not come.
    if (error instanceof NeedsMore) throw new WireError(`a message \`${name}\` is not whole`);
    throw error;
  }
}

function readData(body) {
  const data = body.rest().slice();
  if (data.length > DATA_BYTES_MAX) {
    throw new WireError(`${data.length} bytes of data, and at most ${DATA_BYTES_MAX} are allowed (DATA_BYTES_MAX)`);
  }
  return data;
}

function readHello(body) {
  const hello = { window: body.number(), calls: body.number(), idle: body.number() };
  const idle = hello.idle === 0 || hello.idle >= IDLE_MIN;
  if (hello.window < WINDOW_BYTES_MIN || hello.calls < CALLS_MIN || !idle) {
    throw new WireError("its hello takes less than everybody does");
  }
  return hello;
}

function readToken(body) {
  return { token: body.bytes(TOKEN_BYTES).slice() };
}

function writeFailure(out, { code, retry, after, message }) {
  out.number(code).number(retry).number(after).text(message);
}

function readFailure(body) {
  return {
    code: body.number(),
    retry: body.number(),
    after: body.number(),
    message: body.text(MESSAGE_BYTES_MAX, "MESSAGE_BYTES_MAX"),
  };
}

// ---- what travels with a call ------------------------------------------------------------------------

const DEADLINE = 1;
const TRACE_PARENT = 2;
const TRACE_STATE = 3;
const CALLER = 4;

const TRACE_PARENT_FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

function encodeMeta({ deadline, traceparent, tracestate, caller }) {
  const out = new Writer();
  const field = (number, bytes) => out.number(number).counted(bytes);
  if (deadline !== undefined) field(DEADLINE, new Writer().number(deadline).finish());
  if (traceparent !== undefined) {
    const form = TRACE_PARENT_FORM.exec(traceparent);
    if (!form) throw new TypeError(`\`${traceparent}\` is no \`traceparent\``);
    field(TRACE_PARENT, fromHex(form.slice(1).join("")));
    if (tracestate) field(TRACE_STATE, utf8(tracestate));
  }
  if (caller !== undefined) field(CALLER, utf8(caller));
  return out.finish();
}

function decodeMeta(bytes) {
  const fields = new Reader(bytes);
  const meta = {};
  while (fields.left > 0) {
    const number = fields.number();
    const value = new Reader(fields.counted(META_BYTES_MAX, "META_BYTES_MAX"));
    switch (number) {
      case DEADLINE: {
        const deadline = value.long();
        meta.deadline = deadline > BigInt(Number.MAX_SAFE_INTEGER) ? deadline : Number(deadline);
        break;
      }
      case TRACE_PARENT:
        meta.traceparent = ["00", toHex(value.bytes(16)), toHex(value.bytes(8)), toHex(value.bytes(1))].join("-");
        break;
      case TRACE_STATE:
        meta.tracestate = shortText(value);
        break;
      case CALLER:
        meta.caller = shortText(value);
        break;
      default:
      // A later version's, which can be done without.
    }
  }
  return meta;
}

function shortText(value) {
  if (value.left > TEXT_BYTES_MAX) {
    throw new WireError(`a text has ${value.left} bytes, and at most ${TEXT_BYTES_MAX} are allowed (TEXT_BYTES_MAX)`);
  }
  return text(value.rest());
}

function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(digits) {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
