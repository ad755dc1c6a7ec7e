// `console` for an engine that has none, on the standard output and error of WASI 0.2.
import { getStdout } from "STDOUT";
import { getStderr } from "STDERR";
import { print } from "./print.js";

const out = (...values) => print(getStdout(), values);
const error = (...values) => print(getStderr(), values);

export const console = { log: out, info: out, debug: out, warn: error, error };
