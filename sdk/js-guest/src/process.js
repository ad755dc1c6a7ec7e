// Programs that run to their end.
import { exec } from "loop:process/children@0.1.0";
import { attempt } from "./internal/attempt.js";
import { bytesOf, text } from "./internal/check.js";
import { limit } from "./internal/duration.js";

export function run(program, args = [], { env = {}, inherit = [], folder, input = "", timeout } = {}) {
  text("program", program);
  const command = {
    program,
    arguments: [...args].map((argument) => text("an argument", argument)),
    variables: [...Object.entries(env), ...[...inherit].map((name) => [name, null])].map(variable),
    folder: folder === undefined ? null : place(folder),
  };
  const fed = bytesOf("input", input);
  const most = limit(timeout);
  return new Finished(attempt(`run ${program}`, () => exec(command, fed, most), inner));
}

class Finished {
  constructor({ status, stdout, stderr }) {
    this.code = status.tag === "exited" ? status.val : undefined;
    this.signal = status.tag === "killed" ? status.val : undefined;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  get ok() {
    return this.code === 0;
  }

  text() {
    return new TextDecoder().decode(this.stdout);
  }

  errors() {
    return new TextDecoder().decode(this.stderr);
  }
}

function variable([name, value]) {
  text("the name of a variable", name);
  return { name, value: value === null ? null : text(`the variable ${name}`, value) };
}

/** A granted folder, or one below it: `{ root: "site", path: "pages" }`. */
function place(folder) {
  const { root, path = "." } = typeof folder === "string" ? { root: folder } : folder;
  return { root: text("root", root), path: text("path", path) };
}

/** That nothing was started has its reason within. */
function inner(error) {
  return ["spawn", "failed"].includes(error.tag) ? inner(error.val) : error;
}
