// `TextEncoder` and `TextDecoder` of UTF-8, for an engine that has none.
export class TextEncoder {
  encoding = "utf-8";

  encode(text = "") {
    const escaped = unescape(encodeURIComponent(String(text).toWellFormed()));
    return Uint8Array.from(escaped, (char) => char.charCodeAt(0));
  }
}

// How many units of a text are made at once: what an engine takes as arguments of one call.
const UNITS = 4096;

export class TextDecoder {
  encoding = "utf-8";

  constructor(label = "utf-8", { fatal = false } = {}) {
    if (!/^utf-?8$/i.test(label)) throw new RangeError(`only utf-8 can be decoded, not ${label}`);
    this.fatal = fatal;
  }

  decode(bytes = new Uint8Array()) {
    const view = ArrayBuffer.isView(bytes)
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes);
    let text = "";
    let units = [];
    for (let at = 0; at < view.length; ) {
      let point = view[at++];
      if (point >= 0x80) {
        // The Unicode standard, table 3-7: how many bytes follow a first one, and the range of the one after it.
        const more = point < 0xc2 || point > 0xf4 ? 0 : point < 0xe0 ? 1 : point < 0xf0 ? 2 : 3;
        let from = point === 0xe0 ? 0xa0 : point === 0xf0 ? 0x90 : 0x80;
        let to = point === 0xed ? 0x9f : point === 0xf4 ? 0x8f : 0xbf;
        let left = more;
        point &= 0x3f >> more;
        while (left > 0 && view[at] >= from && view[at] <= to) {
          point = (point << 6) | (view[at++] & 0x3f);
          [from, to] = [0x80, 0xbf];
          left -= 1;
        }
        if (more === 0 || left > 0) {
          if (this.fatal) throw new TypeError("the bytes are not utf-8");
          point = 0xfffd;
        }
      }
      if (point > 0xffff) units.push(0xd7c0 + (point >> 10), 0xdc00 + (point & 0x3ff));
      else units.push(point);
      if (units.length >= UNITS) {
        text += String.fromCharCode(...units);
        units = [];
      }
    }
    return text + String.fromCharCode(...units);
  }
}
