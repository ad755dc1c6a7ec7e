// Clocks, timers and sleeping, in milliseconds as everywhere in JavaScript.
import * as clocks from "loop:core/clocks@0.1.0";
import { shown } from "./internal/check.js";
import { attempt } from "./internal/attempt.js";

const NANOS = 1e6;
// 292 years: longer ones are as good as that.
const NANOS_MAX = 2 ** 63;

export const now = () => clocks.now() / NANOS;

export const wall = () => new Date(clocks.wall() / NANOS);

export function sleep(milliseconds) {
  const timer = Timer.after(milliseconds);
  try {
    timer.wait();
  } finally {
    timer[Symbol.dispose]();
  }
}

export class Timer {
  #raw;

  constructor(start) {
    this.#raw = attempt("start a timer", start);
  }

  static after(milliseconds) {
    const delay = nanos(milliseconds);
    return new Timer(() => clocks.Timer.after(delay));
  }

  static every(milliseconds) {
    const period = nanos(milliseconds);
    return new Timer(() => clocks.Timer.every(period));
  }

  get ready() {
    return this.#raw.ready();
  }

  take() {
    return this.#raw.take();
  }

  wait(timeout) {
    const limit = timeout === undefined ? null : nanos(timeout);
    return attempt("wait for a timer", () => this.#raw.wait(limit));
  }

  stop() {
    this.#raw.stop();
  }

  [Symbol.dispose]() {
    this.#raw[Symbol.dispose]();
  }
}

function nanos(milliseconds) {
  if (typeof milliseconds === "number" && milliseconds >= 0) return Math.min(Math.round(milliseconds * NANOS), NANOS_MAX);
  throw new RangeError(`a time must be a number of milliseconds from 0 on, not ${shown(milliseconds)}`);
}
