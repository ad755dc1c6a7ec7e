// Uses each module of `loop-guest`, and prints what it got.
import { LoopError } from "loop-guest/error";
import { open } from "loop-guest/fsx";
import { fetch } from "loop-guest/http";
import * as log from "loop-guest/log";
import { counter, gauge, histogram } from "loop-guest/metrics";
import { Rng, bytes } from "loop-guest/random";
import { Timer, now, sleep, wall } from "loop-guest/time";
import { connect, first } from "loop-guest/websocket";
import { getArguments } from "wasi:cli/environment@0.2.12";

function fails(work) {
  try {
    console.log("did not fail:", work());
  } catch (error) {
    const { name, message, code, detail } = error;
    if (error instanceof LoopError) console.log([name, message, code, detail ?? "-"].join(" | "));
    // Each engine has its own words for that.
    else if (error instanceof SyntaxError) console.log(name);
    else console.log(`${name} | ${message}`);
  }
}

function logs() {
  log.debug("is not shown");
  const fields = { text: "a b", whole: -3, part: 0.5, large: 2 ** 60, yes: true, none: null, left: undefined };
  log.info("fields", { ...fields, list: [1, "x"], big: 10n ** 20n });
  log.warn(new Error("no text"));
  log.error("half of a character: \ud800", { "\udfff": "\ud800" });
  console.log(log.enabled("debug"), log.enabled("info"));
  fails(() => log.log("fatal", "x"));
}

function measures() {
  const requests = counter("requests_total", { unit: "{request}", description: "Requests", labels: { status: 200 } });
  requests.add();
  requests.add(2);
  const queue = gauge("queue");
  queue.set(3);
  queue.add(-1.5);
  histogram("seconds", { unit: "s", bounds: [1, 2] }).record(1.5);
  fails(() => counter("Requests"));
  fails(() => gauge("requests_total"));
  fails(() => histogram("more", { bounds: [2, 1] }));
  fails(() => requests.add(-1));
  fails(() => queue.set("3"));
}

function waits() {
  const before = now();
  sleep(2.5);
  console.log(now() - before >= 2.5, Math.abs(wall() - Date.now()) < 60_000);
  const beat = Timer.every(1);
  console.log(beat.wait() >= 1, Timer.after(0).ready, Timer.after(Infinity).take());
  beat.stop();
  fails(() => Timer.after(60_000).wait(1));
  fails(() => Timer.every(0.5));
  fails(() => sleep(-1));
}

function rolls() {
  const dice = () => {
    const rng = Rng.seeded(7);
    return [rng.below(6), rng.fraction().toFixed(6), ...rng.bytes(3)].join(" ");
  };
  console.log(dice(), dice() === dice(), bytes(8).length, Rng.named("dice").below(1));
  fails(() => bytes(100_000));
  fails(() => Rng.seeded(0.5));
}

function files() {
  const root = open("data");
  root.createFolder("notes/old");
  root.writeText("notes/a.txt", "grüße 😀\n");
  root.writeBytes("notes/old/b.txt", Uint8Array.of(0xff, 0xfe));
  console.log(root.writable, root.readText("notes/a.txt").trim(), root.readBytes("notes/old/b.txt").join());
  console.log(root.readRange("notes/a.txt", 2, 3).join(), [...root.glob("notes/**")].map((it) => `${it.kind} ${it.path}`).join());
  const { kind, size, modified } = root.stat("notes/a.txt");
  console.log(kind, size, Math.abs(modified - wall()) < 60_000);
  console.log(root.digest("notes/a.txt", "sha256"), root.digestTree("notes").length);
  for (const { path } of root.glob("many/*")) {
    // More than are asked for at once; and a search that is left early is ended.
    if (path === "many/299") break;
  }
  const watch = root.watch("notes", "folder");
  root.writeText("notes/b.txt", "");
  console.log(watch.next().map(({ kind, path }) => `${kind} ${path}`).join(), watch.next(0).length);
  const all = root.watch();
  root.writeText("notes/old/c.txt", "");
  for (const { kind, path } of all) {
    console.log(kind, path);
    break;
  }
  fails(() => root.watch("none"));
  fails(() => root.watch("notes", "far"));
  fails(() => root.readText("none"));
  fails(() => root.readText("notes/old/b.txt"));
  fails(() => root.readText("../x"));
  fails(() => root.readText("large"));
  fails(() => [...root.glob("[")]);
  fails(() => root.digest("notes/a.txt", "md5"));
  fails(() => root.writeText("notes/a.txt", 5));
  fails(() => root.writeText("\ud800", ""));
  fails(() => root.readRange("notes/a.txt", 0, -1));
  fails(() => open("other"));
}

function requests(http) {
  const echo = (options) => JSON.stringify(fetch(`${http}/echo?x=1#part`, options).json());
  console.log(echo());
  console.log(echo({ method: "POST", body: "grüße", headers: { "X-Mark": "a" } }));
  console.log(echo({ method: "PATCH", json: { list: [1, null, "ü"] }, headers: [["x-mark", "a"], ["x-mark", "b"]] }));
  console.log(echo({ method: "PUT", body: Array.from({ length: 30 }, () => new Uint8Array(100_000)) }));
  const missing = fetch(`${http}/missing`, { headers: { accept: "text/html" } });
  console.log(missing.status, missing.ok, missing.headers.get("Content-Type"), missing.headers.get("x"), missing.text());
  fails(() => missing.text());
  // More than both sides hold: the rest of the request goes while the response comes.
  let size = 0;
  for (const chunk of fetch(`${http}/mirror`, { method: "POST", body: new Uint8Array(8 << 20) })) size += chunk.length;
  console.log(size);
  for (const chunk of fetch(`${http}/endless`)) {
    console.log(chunk[0]);
    break;
  }
  fetch(`${http}/endless`).close();
  fails(() => fetch(`${http}/endless`).bytes({ limit: 1000 }));
  fails(() => fetch(`${http}/cut`).bytes());
  fails(() => fetch(`${http}/silent`, { responseTimeout: 20 }));
  fails(() => fetch(`${http}/latin`).text());
  fails(() => fetch(`${http}/missing`).json());
  fails(() => fetch("http://other.example/"));
  fails(() => fetch("http://127.0.0.1:1/"));
  fails(() => fetch("ftp://other.example/"));
  fails(() => fetch("other.example"));
  fails(() => fetch(`${http}/a b`));
  fails(() => fetch(`${http}/`, { method: "GE T" }));
  fails(() => fetch(`${http}/`, { headers: { "x y": "z" } }));
  fails(() => fetch(`${http}/`, { headers: { host: "z" } }));
  fails(() => fetch(`${http}/`, { headers: { x: "\u1234" } }));
  fails(() => fetch(`${http}/`, { method: "POST", body: 5 }));
  fails(() => fetch(`${http}/`, { method: "POST", body: ["text"] }));
  fails(() => fetch(`${http}/`, { connectTimeout: -1 }));
}

function talks(_, ws) {
  const one = connect(`${ws}/echo`, { protocols: ["a", "b"], headers: { "x-mark": "1" } });
  const two = connect(`${ws}/echo`);
  console.log(one.protocol, two.protocol, one.id !== two.id);
  one.send("grüße");
  one.send(Uint8Array.of(1, 255));
  one.flush();
  console.log(one.receive(), one.receive()?.join(), one.queued);
  fails(() => one.receive(1));
  two.send("later");
  console.log(first([one, two]).map((connection) => connection.id === two.id).join(), two.receive());
  one.send("close");
  console.log([...one].length, JSON.stringify(one.closing), one.receive());
  fails(() => one.send("x"));
  fails(() => two.send("x".repeat(2 ** 20 + 1)));
  fails(() => two.send(5));
  two.close(3000, "enough");
  console.log(two.receive(), JSON.stringify(two.closing));
  fails(() => first([], 1));
  fails(() => connect("ws://other.example/"));
  fails(() => connect("http://other.example/"));
  fails(() => connect(`${ws}/refused`));
  fails(() => connect(`${ws}/`, { protocols: ["a b"] }));
}

export const run = {
  run() {
    const [, ...addresses] = getArguments();
    for (const part of [logs, measures, waits, rolls, files, requests, talks]) {
      console.log(`${part.name}:`);
      part(...addresses);
    }
  },
};
