// Plain wRPC: the head of a call, and frames.

import { NAME_BYTES_MAX, NeedsMore, Reader, WireError, Writer, concat } from "./bytes.js";

const VERSION = 0;

/** The head of a call, which its frames follow. */
export function encodeHead(instance, func) {
  return new Writer().byte(VERSION).text(instance).text(func).finish();
}

/** A frame: bytes of the stream at a path. */
export function encodeFrame(path, data) {
  return new Writer().path(path).counted(data).finish();
}

/**
 * Reads what one side of a plain call sends, in whatever pieces it comes.
 *
 * The bytes of a frame are given out as they come, so a frame may come out in several pieces at one path.
 */
export class PlainDecoder {
  #rest = new Uint8Array();
  #headIsRead;
  #frame = null;

  /** `from` is who sends: the "caller", whose frames follow a head, or the "callee". */
  constructor(from) {
    this.#headIsRead = from === "callee";
  }

  /** Takes bytes, and returns what they complete: `{ instance, function }` once, and pieces `{ path, data }`. */
  push(bytes) {
    const reader = new Reader(concat([this.#rest, bytes]));
    const items = [];
    let read = 0;
    try {
      for (;;) {
        const item = this.#next(reader);
        // The head of a frame may have been read, and none of its bytes be here.
        if (item) items.push(item);
        read = reader.at;
      }
    } catch (error) {
      if (!(error instanceof NeedsMore)) throw error;
    }
    this.#rest = reader.view.slice(read);
    return items;
  }

  /** Says that the stream has ended; throws if it may not end here. */
  finish() {
    if (!this.#headIsRead || this.#frame || this.#rest.length > 0) {
      throw new WireError("the bytes end within a frame");
    }
  }

  #next(reader) {
    if (!this.#headIsRead) {
      const version = reader.byte();
      if (version !== VERSION) throw new WireError(`version ${version} of wRPC is not known`);
      const instance = reader.text(NAME_BYTES_MAX, "NAME_BYTES_MAX");
      const func = reader.text(NAME_BYTES_MAX, "NAME_BYTES_MAX");
      this.#headIsRead = true;
      return { instance, function: func };
    }
    if (!this.#frame) {
      const path = reader.path();
      const left = reader.number();
      if (left === 0) return { path, data: new Uint8Array() };
      this.#frame = { path, left };
      return null;
    }
    if (reader.left === 0) throw new NeedsMore();
    return this.#piece(reader, this.#frame.path, this.#frame.left);
  }

  #piece(reader, path, left) {
    const data = reader.bytes(Math.min(left, reader.left)).slice();
    this.#frame = data.length < left ? { path, left: left - data.length } : null;
    return { path, data };
  }
}
