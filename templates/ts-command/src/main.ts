// Greets whom it is told to greet: `loop run {{name}} -- you`.
import { getArguments } from "wasi:cli/environment@0.2.12";
import { log } from "loop:core/logging@0.1.0";
import type { Exports } from "wasi:cli/run@0.2.12";

export const run: Exports = {
  run() {
    const [, name = "world"] = getArguments();
    log("debug", "greeting", [{ key: "name", value: { tag: "text", val: name } }]);
    console.log(`hello, ${name}`);
  },
};
