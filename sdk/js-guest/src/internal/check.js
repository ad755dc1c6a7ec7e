// Looks at arguments: one of the wrong type, or out of range, would end the instance.

/** A text, in Unicode. */
export function text(name, value) {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string, not ${kind(value)}`);
  if (!value.isWellFormed()) throw new TypeError(`${name} has half of a character`);
  return value;
}

/** A whole number from 0 on, which is exact. */
export function whole(name, value, most = Number.MAX_SAFE_INTEGER) {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new RangeError(`${name} must be a whole number from 0 to ${most}, not ${shown(value)}`);
}

/** A whole number, which is exact. */
export function integer(name, value) {
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`${name} must be a whole number, and exact, not ${shown(value)}`);
}

/** A text or bytes, as bytes. */
export function bytesOf(name, value) {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return new TextEncoder().encode(text(name, value));
  throw new TypeError(`${name} must be a string or a Uint8Array, not ${shown(value)}`);
}

/** Any number. */
export function number(name, value) {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number, not ${kind(value)}`);
  return value;
}

/** One of these texts. */
export function oneOf(name, value, texts) {
  if (texts.includes(value)) return value;
  throw new TypeError(`${name} must be one of ${texts.join(", ")}, not ${shown(value)}`);
}

/** Any value as a text in Unicode. Does not fail. */
export function shown(value) {
  try {
    const isPlain = typeof value === "object" && value !== null && !(value instanceof Error);
    return String((isPlain ? JSON.stringify(value) : undefined) ?? String(value)).toWellFormed();
  } catch {
    return kind(value);
  }
}

function kind(value) {
  return value === null ? "null" : typeof value;
}
