// Greets whom it is told to greet: `loop run {{name}} -- you`.
import { getArguments } from "wasi:cli/environment@0.2.12";
import { debug } from "loop-guest/log";

/** @type {import("wasi:cli/run@0.2.12").Exports} */
export const run = {
  run() {
    const [, name = "world"] = getArguments();
    debug("greeting", { name });
    console.log(`hello, ${name}`);
  },
};
