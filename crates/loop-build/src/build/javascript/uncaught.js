// What stands around the functions that a component exports: an error that is none of their results is shown as other programs show it, and
// ends the component. The tool's own code would show it as a failure of itself.
import { exit } from "EXIT";
import { getStderr } from "STDERR";
import { print } from "./print.js";

/**
 * The function, for the component's callers. `err` says what errors its result has: "none" if it is no `result`, "nothing" if they
 * have no value, "text" if they are strings, and "other".
 */
export function guarded(call, err) {
  const caught = (error) => {
    if (isResult(error, err)) throw error;
    end(error);
  };
  return function (...values) {
    try {
      const given = Reflect.apply(call, this, values);
      return given instanceof Promise ? given.catch(caught) : given;
    } catch (error) {
      return caught(error);
    }
  };
}

/** Whether the tool makes a result of it. */
function isResult(error, err) {
  if (err === "none") return false;
  if (err === "nothing") return error === undefined;
  return !(error instanceof Error) || Object.hasOwn(error, "payload") || err === "text";
}

function end(error) {
  try {
    print(getStderr(), error instanceof Error ? [error] : ["uncaught:", error]);
  } finally {
    exit({ tag: "err" });
  }
}
