// Greets whom it is told to greet: `loop run {{name}} -- you`.
import { getArguments } from "wasi:cli/environment@0.2.12";
import { log } from "loop:core/logging@0.1.0";

/** @type {import("wasi:cli/run@0.2.12").Exports} */
export const run = {
  run() {
    const [, name = "world"] = getArguments();
    log("debug", "greeting", [{ key: "name", value: { tag: "text", val: name } }]);
    console.log(`hello, ${name}`);
  },
};
