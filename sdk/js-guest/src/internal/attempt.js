// What an interface refuses, as an exception.

/** An error of an interface: `code` is its name in the WIT, and `detail` what the WIT gives with it, if anything. */
export class LoopError extends Error {
  name = "LoopError";

  constructor(message, code, detail, cause) {
    super(message, { cause });
    this.code = code;
    this.detail = detail;
  }
}

/** Does the work. What an interface throws meanwhile is thrown as a `LoopError`; `doing` says what was tried. */
export function attempt(doing, work) {
  try {
    return work();
  } catch (thrown) {
    // What is no error of an interface is one of the program.
    if (!(thrown instanceof Error && Object.hasOwn(thrown, "payload"))) throw thrown;
    const { code, detail } = told(thrown);
    throw new LoopError(`cannot ${doing}: ${code}${detail === undefined ? "" : ` (${detail})`}`, code, detail, thrown);
  }
}

/** An enum is thrown as a text, a variant as its case; that of `loop:fsx` may hold a code of WASI. */
function told({ payload, message }) {
  if (typeof payload !== "object" || payload === null) return { code: payload ?? message };
  if (payload.tag === "code") return { code: payload.val };
  return { code: payload.tag, detail: payload.val ?? undefined };
}
