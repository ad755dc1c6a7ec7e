// Functions for other components: `loop run {{name}} --invoke 'local:{{name}}/greeting#greet("you")'`.
import type { Exports } from "local:{{name}}/greeting";

export const greeting: Exports = {
  greet(name) {
    return `hello, ${name}`;
  },
};
