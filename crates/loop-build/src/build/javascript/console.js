// `console` for an engine that has none, on the standard output and error of WASI 0.2.
import { getStdout } from "STDOUT";
import { getStderr } from "STDERR";
import { TextEncoder } from "./text.js";

// What WASI takes in one call.
const CHUNK = 4096;

function write(stream, values) {
  const bytes = new TextEncoder().encode(`${values.map(shown).join(" ")}\n`);
  for (let at = 0; at < bytes.length; at += CHUNK) stream.blockingWriteAndFlush(bytes.subarray(at, at + CHUNK));
}

function shown(value) {
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return `${value}\n${value.stack ?? ""}`.trimEnd();
  try {
    return JSON.stringify(value);
  } catch {
    return String(value);
  }
}

const out = (...values) => write(getStdout(), values);
const error = (...values) => write(getStderr(), values);

export const console = { log: out, info: out, debug: out, warn: error, error };
