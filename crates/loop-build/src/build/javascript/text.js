// `TextEncoder` and `TextDecoder` of UTF-8, for an engine that has none.
export class TextEncoder {
  encoding = "utf-8";

  encode(text = "") {
    const escaped = unescape(encodeURIComponent(String(text).toWellFormed()));
    return Uint8Array.from(escaped, (char) => char.charCodeAt(0));
  }
}

export class TextDecoder {
  encoding = "utf-8";

  constructor(label = "utf-8") {
    if (!/^utf-?8$/i.test(label)) throw new RangeError(`only utf-8 can be decoded, not ${label}`);
  }

  decode(bytes = new Uint8Array()) {
    const view = ArrayBuffer.isView(bytes)
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes);
    let text = "";
    for (let at = 0; at < view.length; ) {
      const first = view[at];
      const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
      try {
        const escaped = Array.from(view.subarray(at, at + length), (byte) => `%${byte.toString(16).padStart(2, "0")}`);
        text += decodeURIComponent(escaped.join(""));
        at += length;
      } catch {
        text += "\ufffd";
        at += 1;
      }
    }
    return text;
  }
}
