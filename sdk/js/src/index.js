// Plain wRPC and the loop envelope: encoders, and decoders that take bytes in any pieces. See docs/wire.md.

export { EnvelopeDecoder, PREFACE, encodeMessage } from "./envelope.js";
export { WireError } from "./bytes.js";
export { PlainDecoder, encodeFrame, encodeHead } from "./plain.js";
