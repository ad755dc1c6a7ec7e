// Secure random bytes, and streams that can be played again.
import { Generator, bytes as secureBytes } from "loop:core/randomness@0.1.0";
import { text, whole } from "./internal/check.js";
import { attempt } from "./internal/attempt.js";

const U32_MAX = 2 ** 32 - 1;

export function bytes(count) {
  whole("count", count, U32_MAX);
  return attempt("make random bytes", () => secureBytes(count));
}

export class Rng {
  #raw;

  constructor(raw) {
    this.#raw = raw;
  }

  static seeded(seed) {
    return new Rng(Generator.seeded(LOOP_INTEGER(whole("seed", seed))));
  }

  static named(name) {
    return new Rng(Generator.named(text("name", name)));
  }

  fraction() {
    return this.#raw.fraction();
  }

  below(bound) {
    return Number(this.#raw.below(LOOP_INTEGER(whole("bound", bound))));
  }

  bytes(count) {
    whole("count", count, U32_MAX);
    return attempt("make random bytes", () => this.#raw.nextBytes(count));
  }

  [Symbol.dispose]() {
    this.#raw[Symbol.dispose]();
  }
}
