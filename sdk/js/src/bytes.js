// Numbers, texts and bytes: what both protocols are made of.

/** What the other side may not say. The stream is of no further use. */
export class WireError extends Error {
  name = "WireError";
}

/** The elements of a frame's path at most. */
export const PATH_DEPTH_MAX = 64;

/** The bytes of a name at most. */
export const NAME_BYTES_MAX = 1024;

const U32_BITS = 32n;
const U64_BITS = 64n;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Puts bytes together. */
export class Writer {
  #parts = [];

  byte(value) {
    this.#parts.push(Uint8Array.of(value));
    return this;
  }

  /** An unsigned LEB128 number: an integer, or a bigint for those of more than 53 bits. */
  number(value) {
    const bytes = [];
    let rest = BigInt(value);
    if (rest < 0n) throw new RangeError(`${value} is negative`);
    do {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      bytes.push(rest > 0n ? low | 0x80 : low);
    } while (rest > 0n);
    return this.bytes(Uint8Array.from(bytes));
  }

  bytes(bytes) {
    this.#parts.push(bytes);
    return this;
  }

  /** The number of bytes, then the bytes. */
  counted(bytes) {
    return this.number(bytes.length).bytes(bytes);
  }

  text(text) {
    return this.counted(encoder.encode(text));
  }

  path(path) {
    this.number(path.length);
    for (const element of path) this.number(element);
    return this;
  }

  finish() {
    return concat(this.#parts);
  }
}

/** Bytes that follow each other, as one. */
export function concat(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The bytes of a text in UTF-8. */
export function utf8(text) {
  return encoder.encode(text);
}

/** The text of bytes in UTF-8. */
export function text(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new WireError("a text is not UTF-8");
  }
}

/** Says that more bytes are needed. It is thrown and caught within this package. */
export class NeedsMore extends Error {}

/** Reads bytes from their front; throws `NeedsMore` where they end too early. */
export class Reader {
  constructor(bytes) {
    this.view = bytes;
    this.at = 0;
  }

  get left() {
    return this.view.length - this.at;
  }

  byte() {
    if (this.left === 0) throw new NeedsMore();
    return this.view[this.at++];
  }

  /** A number of 32 bits. */
  number() {
    return Number(this.#leb(U32_BITS));
  }

  /** A number of 64 bits, as a bigint. */
  long() {
    return this.#leb(U64_BITS);
  }

  #leb(bits) {
    let value = 0n;
    for (let shift = 0n; shift < bits; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (value >> bits !== 0n) break;
      if (byte < 0x80) return value;
    }
    throw new WireError("a number has more bits than its type");
  }

  bytes(count) {
    if (this.left < count) throw new NeedsMore();
    return this.view.subarray(this.at, (this.at += count));
  }

  rest() {
    return this.bytes(this.left);
  }

  counted(max, limit) {
    const count = this.number();
    if (count > max) throw new WireError(`${count} bytes, and at most ${max} are allowed (${limit})`);
    return this.bytes(count);
  }

  text(max, limit) {
    return text(this.counted(max, limit));
  }

  path() {
    const depth = this.number();
    if (depth > PATH_DEPTH_MAX) {
      throw new WireError(`a path has ${depth} elements, and at most ${PATH_DEPTH_MAX} are allowed (PATH_DEPTH_MAX)`);
    }
    return Array.from({ length: depth }, () => this.number());
  }
}
