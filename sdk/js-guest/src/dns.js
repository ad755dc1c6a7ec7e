// Names and their addresses.
import { resolve as resolveRaw } from "loop:netx/dns@0.1.0";
import { attempt } from "./internal/attempt.js";
import { text } from "./internal/check.js";
import { limit } from "./internal/duration.js";

export function resolve(name, { timeout } = {}) {
  text("name", name);
  const most = limit(timeout);
  const found = attempt(`resolve ${name}`, () => resolveRaw(name, most));
  return found.map(({ tag, val }) => (tag === "ipv4" ? val.join(".") : ipv6(val)));
}

/** As RFC 5952 writes it: the first of the longest runs of two zeros and more is left out. */
function ipv6(parts) {
  const words = parts.map((part) => part.toString(16));
  // An address of IPv4 within.
  if (words.slice(0, 5).every((word) => word === "0") && words[5] === "ffff") {
    return `::ffff:${parts.slice(6).flatMap((part) => [part >> 8, part & 255]).join(".")}`;
  }
  const runs = words.join(":").match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  if (!longest) return words.join(":");
  const at = words.join(":").search(new RegExp(`\\b${longest}\\b`));
  const [before, after] = [words.join(":").slice(0, at), words.join(":").slice(at + longest.length)];
  return `${before.replace(/:$/, "")}::${after.replace(/^:/, "")}`;
}
