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

/** Does the work. What an interface throws meanwhile is thrown as a `LoopError`; `doing` says what was tried, `within` where the reason is. */
export function attempt(doing, work, within = (error) => error) {
  try {
    return work();
  } catch (thrown) {
    // What is no error of an interface is one of the program.
    if (!Object.hasOwn(Object(thrown), "payload")) throw thrown;
    throw refused(doing, within(thrown.payload ?? thrown.message), thrown);
  }
}

/** What an interface gave as its error, as an exception. */
export function refused(doing, error, cause) {
  const { code, detail } = told(error);
  const said = typeof detail === "object" ? Object.values(detail).join(", ") : detail;
  return new LoopError(`cannot ${doing}: ${code}${detail === undefined ? "" : ` (${said})`}`, code, detail, cause);
}

/** An enum is a text, a variant has the name of its case; that of `loop:fsx` may hold a code of WASI. */
function told(error) {
  if (typeof error !== "object" || error === null) return { code: `${error}` };
  if (error.tag === "code") return { code: error.val };
  return { code: error.tag.toLowerCase(), detail: filled(error.val) };
}

/** What an error has with it; of a record the fields that are there. */
function filled(detail) {
  if (typeof detail === "bigint") return Number(detail);
  if (typeof detail !== "object" || detail === null) return detail ?? undefined;
  const fields = Object.entries(detail).filter(([, value]) => value !== null && value !== undefined);
  return fields.length > 0 ? Object.fromEntries(fields) : undefined;
}
