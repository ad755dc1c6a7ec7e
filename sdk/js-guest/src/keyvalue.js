// Keys and values that outlive the component.
import { increment as incrementIn } from "wasi:keyvalue/atomics@0.2.0-draft2";
import { open as openRaw } from "wasi:keyvalue/store@0.2.0-draft2";
import { bytesOf, integer, text } from "./internal/check.js";
import { LoopError, attempt } from "./internal/attempt.js";

export function open(name) {
  return new Bucket(name);
}

class Bucket {
  #name;
  #raw;

  constructor(name) {
    this.#name = text("name", name);
    this.#raw = attempt(`open the bucket ${name}`, () => openRaw(name));
  }

  getBytes(key) {
    return this.#at("read", key, () => this.#raw.get(key)) ?? undefined;
  }

  getText(key) {
    const bytes = this.getBytes(key);
    if (bytes === undefined) return undefined;
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch (cause) {
      const code = "illegal-byte-sequence";
      throw new LoopError(`cannot read ${this.#name}/${key} as text: ${code}`, code, undefined, cause);
    }
  }

  set(key, value) {
    const bytes = bytesOf("value", value);
    this.#at("set", key, () => this.#raw.set(key, bytes));
  }

  delete(key) {
    this.#at("delete", key, () => this.#raw.delete(key));
  }

  has(key) {
    return this.#at("look for", key, () => this.#raw.exists(key));
  }

  *keys() {
    let cursor = null;
    do {
      const page = attempt(`list the keys of ${this.#name}`, () => this.#raw.listKeys(cursor));
      yield* page.keys;
      cursor = page.cursor ?? null;
    } while (cursor !== null);
  }

  increment(key, by = 1) {
    const delta = LOOP_INTEGER(integer("by", by));
    return Number(this.#at("count", key, () => incrementIn(this.#raw, key, delta)));
  }

  [Symbol.dispose]() {
    this.#raw[Symbol.dispose]();
  }

  #at(doing, key, work) {
    text("key", key);
    return attempt(`${doing} ${this.#name}/${key}`, work);
  }
}
