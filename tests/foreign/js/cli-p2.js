// A wasi:cli command of WASI 0.2: greets its first argument, and prints the file that the second names.
import environment from "wasi:cli/environment@0.2.12";
import preopens from "wasi:filesystem/preopens@0.2.12";
import stdout from "wasi:cli/stdout@0.2.12";

// QuickJS has no TextEncoder; what is printed here is ASCII.
const encode = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const print = (bytes) => stdout.getStdout().blockingWriteAndFlush(bytes);

export const run = {
  run() {
    const [, name = "world", path] = environment.getArguments();
    print(encode(`hello from JavaScript, ${name}\n`));
    if (path === undefined) return;
    const [folder] = preopens.getDirectories();
    if (folder === undefined) {
      print(encode("no folder is granted\n"));
      throw undefined;
    }
    const file = folder[0].openAt({}, path, {}, { read: true });
    const [bytes] = file.read(65536, 0);
    print(bytes);
  },
};
