// A wasi:cli command of WASI 0.3: greets its first argument, and then copies standard input to standard output.
import environment from "wasi:cli/environment@0.3.0";
import stdin from "wasi:cli/stdin@0.3.0";
import stdout from "wasi:cli/stdout@0.3.0";

// QuickJS has no TextEncoder; what is encoded here is ASCII.
const encode = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));

export const run = {
  async run() {
    const [, name = "world"] = environment.getArguments();
    const { readable, writable } = wit.Stream(wit.Stream.U8);
    const printed = stdout.writeViaStream(readable);
    await writable.writeAll(encode(`hello from JavaScript, ${name}\n`));
    const [input] = stdin.readViaStream();
    for await (const bytes of input) {
      await writable.writeAll(bytes);
    }
    writable.drop();
    await printed.read();
  },
};
