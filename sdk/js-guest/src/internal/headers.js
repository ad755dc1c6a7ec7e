// Headers of requests and responses.
import { shown, text } from "./check.js";

/** Headers that came: names are found however they are written. */
export class Headers {
  #values = new Map();

  constructor(pairs) {
    for (const [name, value] of pairs) {
      const key = name.toLowerCase();
      // One character a byte, as headers have them.
      this.#values.set(key, [...this.getAll(key), String.fromCharCode(...value)]);
    }
  }

  get(name) {
    const values = this.getAll(name);
    return values.length > 0 ? values.join(", ") : null;
  }

  getAll(name) {
    return this.#values.get(String(name).toLowerCase()) ?? [];
  }

  has(name) {
    return this.getAll(name).length > 0;
  }

  *[Symbol.iterator]() {
    for (const name of this.#values.keys()) yield [name, this.get(name)];
  }
}

/** Headers, as an object or as pairs, as the host takes them. */
export function pairs(headers = {}) {
  const given = typeof headers?.[Symbol.iterator] === "function" ? [...headers] : Object.entries(headers);
  return given.map(([name, value]) => {
    const characters = text(`the header ${shown(name)}`, value);
    const bytes = Uint8Array.from(characters, (character) => character.charCodeAt(0));
    if (/[^\0-\xff]/.test(characters)) throw new TypeError(`the header ${name} has characters that no header can have`);
    return [text("the name of a header", name), bytes];
  });
}
