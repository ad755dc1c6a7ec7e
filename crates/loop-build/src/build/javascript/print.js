// How values are shown as text, and written to a stream of WASI 0.2.
import { TextEncoder } from "./text.js";

// What WASI takes in one call.
const CHUNK = 4096;

export function print(stream, values) {
  const bytes = new TextEncoder().encode(`${values.map(shown).join(" ")}\n`);
  for (let at = 0; at < bytes.length; at += CHUNK) stream.blockingWriteAndFlush(bytes.subarray(at, at + CHUNK));
}

function shown(value) {
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return `${value}\n${trace(value)}`.trimEnd();
  try {
    return JSON.stringify(value);
  } catch {
    return String(value);
  }
}

/** Where an error was made. SpiderMonkey says it in words of its own: `deep@bundle.js:2:9`. */
function trace({ stack = "" }) {
  if (LOOP_QUICKJS) return stack;
  const frames = [...stack.matchAll(/^(.*)@.*:(\d+):(\d+)$/gm)].map(([, name, line, column]) => ({
    getFunctionName: () => name || undefined,
    getLineNumber: () => Number(line),
    getColumnNumber: () => Number(column),
  }));
  return Error.prepareStackTrace(undefined, frames);
}
