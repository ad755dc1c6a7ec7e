// Uses the modules of `loop-guest` for names, keys and values, and programs, and prints what it got.
import { resolve } from "loop-guest/dns";
import * as keyvalue from "loop-guest/keyvalue";
import * as process from "loop-guest/process";

function fails(work) {
  try {
    console.log("did not fail:", work());
  } catch ({ name, message, code, detail }) {
    console.log([name, message, code ?? "-", detail ?? "-"].join(" | "));
  }
}

function names() {
  console.log(resolve("localhost").includes("127.0.0.1"), ...resolve("192.0.2.1"), ...resolve("[2001:DB8::1:0:0:7]"), ...resolve("[::]"));
  fails(() => resolve("other.example"));
  fails(() => resolve("a b"));
  fails(() => resolve("localhost", { timeout: -1 }));
}

function stores() {
  const bucket = keyvalue.open("pages");
  console.log(bucket.getText("home"), bucket.has("home"), [...bucket.keys()].length);
  bucket.set("home", "grüße");
  bucket.set("bytes", Uint8Array.of(0xff));
  console.log(bucket.getText("home"), bucket.getBytes("bytes").join(), bucket.has("home"), bucket.increment("visits"), bucket.increment("visits", -3));
  console.log([...bucket.keys()].join(), bucket.getText("visits"));
  bucket.delete("home");
  bucket.delete("home");
  console.log(bucket.getBytes("home"));
  // More than come at once.
  for (let number = 0; number < 1100; number++) bucket.set(`many ${number}`, "");
  console.log([...bucket.keys()].length);
  fails(() => bucket.getText("bytes"));
  fails(() => bucket.increment("bytes"));
  fails(() => bucket.increment("visits", 0.5));
  fails(() => bucket.set("large", new Uint8Array(2 ** 20 + 1)));
  fails(() => bucket.set("x", 5));
  fails(() => bucket.getBytes("\ud800"));
  fails(() => keyvalue.open("not a name"));
}

function programs() {
  const sh = (script, options) => process.run("sh", ["-c", script], options);
  const done = sh("read line; echo $line; echo $GREETING >&2; exit 3", { input: "grüße", env: { GREETING: "hello" } });
  console.log(done.ok, done.code, done.signal, done.text().trim(), done.errors().trim(), done.stdout.length);
  console.log(sh("pwd", { folder: { root: "data", path: "many" } }).text().trim().endsWith("data/many"));
  console.log(sh("test -f large", { folder: "data" }).ok, sh("kill -9 $$").signal, sh("echo $HOME").text().length);
  fails(() => process.run("rm", ["-rf", "/"]));
  fails(() => process.run("sh", ["\0"]));
  fails(() => sh("sleep 60", { timeout: 20 }));
  fails(() => sh("yes"));
  fails(() => sh("pwd", { folder: { root: "data", path: "none" } }));
  fails(() => sh("pwd", { inherit: ["SECRET"] }));
  fails(() => sh(5));
  fails(() => sh("cat", { input: 5 }));
}

export const run = {
  run() {
    for (const part of [names, stores, programs]) {
      console.log(`${part.name}:`);
      part();
    }
  },
};
