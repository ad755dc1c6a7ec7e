// Clocks, timers and sleeping, in milliseconds as everywhere in JavaScript.
import * as clocks from "loop:core/clocks@0.1.0";
import { attempt } from "./internal/attempt.js";
import { NANOS, limit, nanos } from "./internal/duration.js";

export const now = () => Number(clocks.now()) / NANOS;

export const wall = () => new Date(Number(clocks.wall()) / NANOS);

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
    return Number(this.#raw.take());
  }

  wait(timeout) {
    const most = limit(timeout);
    return Number(attempt("wait for a timer", () => this.#raw.wait(most)));
  }

  stop() {
    this.#raw.stop();
  }

  [Symbol.dispose]() {
    this.#raw[Symbol.dispose]();
  }
}
