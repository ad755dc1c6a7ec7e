// Functions for other components: `loop run {{name}} --invoke 'local:{{name}}/greeting#greet("you")'`.

/** @type {import("local:{{name}}/greeting").Exports} */
export const greeting = {
  greet(name) {
    return `hello, ${name}`;
  },
};
