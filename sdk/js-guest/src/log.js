// Records with levels and fields.
import { enabled as isEnabled, log as write } from "loop:core/logging@0.1.0";
import { oneOf, shown } from "./internal/check.js";

const LEVELS = ["trace", "debug", "info", "warn", "error"];

export const trace = (message, fields) => log("trace", message, fields);
export const debug = (message, fields) => log("debug", message, fields);
export const info = (message, fields) => log("info", message, fields);
export const warn = (message, fields) => log("warn", message, fields);
export const error = (message, fields) => log("error", message, fields);

export function enabled(level) {
  return isEnabled(oneOf("level", level, LEVELS));
}

export function log(level, message, fields) {
  // Nothing is made for a record that goes nowhere.
  if (enabled(level)) write(level, shown(message), [...fieldsOf(fields ?? {})]);
}

function* fieldsOf(fields) {
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) yield { key: shown(key), value: valueOf(value) };
  }
}

function valueOf(value) {
  switch (typeof value) {
    case "boolean":
      return { tag: "truth", val: value };
    case "number":
      return Number.isSafeInteger(value) ? { tag: "signed", val: LOOP_INTEGER(value) } : { tag: "number", val: value };
    default:
      return { tag: "text", val: shown(value) };
  }
}
