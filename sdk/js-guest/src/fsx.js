// Files in the folders that the component is granted.
import { Root as RawRoot } from "loop:fsx/files@0.1.0";
import { oneOf, text, whole } from "./internal/check.js";
import { LoopError, attempt } from "./internal/attempt.js";
import { limit } from "./internal/duration.js";

// How many matches or events are asked for at once.
const PAGE = 256;
const U32_MAX = 2 ** 32 - 1;
const ALGORITHMS = ["blake3", "sha256"];
const REACHES = ["folder", "tree"];

export function open(name) {
  return new Root(name);
}

class Root {
  #name;
  #raw;

  constructor(name) {
    this.#name = text("name", name);
    this.#raw = attempt(`open the folder ${name}`, () => RawRoot.open(name));
  }

  get writable() {
    return this.#raw.writable();
  }

  stat(path) {
    const { kind, size, modified } = this.#at("look at", path, () => this.#raw.stat(path));
    return { kind, size: Number(size), modified: modified ? new Date(Number(modified) / 1e6) : undefined };
  }

  readBytes(path) {
    return this.#at("read", path, () => this.#raw.read(path));
  }

  readRange(path, offset, length) {
    const at = LOOP_INTEGER(whole("offset", offset));
    whole("length", length, U32_MAX);
    return this.#at("read", path, () => this.#raw.readRange(path, at, length));
  }

  readText(path) {
    const bytes = this.readBytes(path);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch (cause) {
      const code = "illegal-byte-sequence";
      throw new LoopError(`cannot read ${this.#name}/${path} as text: ${code}`, code, undefined, cause);
    }
  }

  writeBytes(path, bytes) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`bytes must be a Uint8Array, not ${typeof bytes}`);
    this.#at("write", path, () => this.#raw.write(path, bytes));
  }

  writeText(path, content) {
    this.writeBytes(path, new TextEncoder().encode(text("content", content)));
  }

  createFolder(path) {
    this.#at("make the folder", path, () => this.#raw.createFolder(path));
  }

  *glob(pattern) {
    text("pattern", pattern);
    const doing = `look for ${pattern} in ${this.#name}`;
    const matches = attempt(doing, () => this.#raw.glob(pattern));
    try {
      for (;;) {
        const found = attempt(doing, () => matches.next(PAGE));
        if (found.length === 0) return;
        yield* found;
      }
    } finally {
      matches[Symbol.dispose]();
    }
  }

  watch(path = ".", reach = "tree") {
    oneOf("reach", reach, REACHES);
    return new Watch(`watch ${this.#name}/${path}`, this.#at("watch", path, () => this.#raw.watch(path, reach)));
  }

  digest(path, algorithm = "blake3") {
    oneOf("algorithm", algorithm, ALGORITHMS);
    return hex(this.#at("read", path, () => this.#raw.digest(path, algorithm)));
  }

  digestTree(path = ".", algorithm = "blake3") {
    oneOf("algorithm", algorithm, ALGORITHMS);
    return hex(this.#at("read", path, () => this.#raw.digestTree(path, algorithm)));
  }

  [Symbol.dispose]() {
    this.#raw[Symbol.dispose]();
  }

  #at(doing, path, work) {
    text("path", path);
    return attempt(`${doing} ${this.#name}/${path}`, work);
  }
}

class Watch {
  #doing;
  #raw;

  constructor(doing, raw) {
    this.#doing = doing;
    this.#raw = raw;
  }

  next(timeout) {
    const most = limit(timeout);
    for (;;) {
      const events = attempt(this.#doing, () => this.#raw.next(PAGE, most));
      if (events.length > 0 || timeout !== undefined) return events.map(({ tag, val }) => ({ kind: tag, path: val ?? undefined }));
    }
  }

  *[Symbol.iterator]() {
    for (;;) yield* this.next();
  }

  [Symbol.dispose]() {
    this.#raw[Symbol.dispose]();
  }
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
