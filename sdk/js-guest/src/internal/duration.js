// Lengths of time, as the host takes them.
import { shown } from "./check.js";

export const NANOS = 1e6;
// 292 years: longer ones are as good as that.
const NANOS_MAX = 2 ** 63;

/** So many milliseconds. */
export function nanos(milliseconds) {
  if (!(typeof milliseconds === "number" && milliseconds >= 0)) {
    throw new RangeError(`a time must be a number of milliseconds from 0 on, not ${shown(milliseconds)}`);
  }
  return LOOP_INTEGER(Math.min(Math.round(milliseconds * NANOS), NANOS_MAX));
}

/** The same where none may be given. */
export function limit(milliseconds) {
  return milliseconds === undefined ? null : nanos(milliseconds);
}
