"""Uses each module of `loop_guest`, and prints what it got."""

import ipaddress
import sys
from datetime import datetime, timedelta, timezone
from typing import Any, Callable

from loop_guest import LoopError, dns, fsx, http, keyvalue, log, metrics, process, random, time, websocket
from wit_world import exports


def fails(work: Callable[[], Any]) -> None:
    try:
        print("did not fail:", work())
    except LoopError as error:
        print("LoopError", error, error.code, error.detail, sep=" | ")
    except Exception as error:
        print(type(error).__name__, error, sep=" | ")


def is_now(moment: datetime | None) -> bool:
    return moment is not None and abs(moment - datetime.now(timezone.utc)) < timedelta(minutes=1)


def logs() -> None:
    log.debug("is not shown")
    log.info("fields", text="a b", whole=-3, part=0.5, large=2**64 - 1, huge=2**64, yes=True, none=None, list=[1, "x"])
    log.warn(KeyError("no text"))
    log.error("half of a character: \ud800", **{"\udfff": "\ud800"})
    print(log.enabled("debug"), log.enabled("info"))
    fails(lambda: log.log("fatal", "x"))


def measures() -> None:
    requests = metrics.Counter("requests_total", unit="{request}", description="Requests", labels={"status": 200})
    requests.add()
    requests.add(2)
    queue = metrics.Gauge("queue")
    queue.set(3)
    queue.add(-1.5)
    metrics.Histogram("seconds", unit="s", bounds=[1, 2]).record(1.5)
    fails(lambda: metrics.Counter("Requests"))
    fails(lambda: metrics.Gauge("requests_total"))
    fails(lambda: metrics.Histogram("more", bounds=[2, 1]))
    fails(lambda: requests.add(-1))
    fails(lambda: requests.add(2**64))
    fails(lambda: queue.set("three"))  # type: ignore[arg-type]


def waits() -> None:
    before = time.now()
    time.sleep(0.0025)
    print(time.now() - before >= 0.0025, is_now(time.wall()))
    beat = time.Timer.every(0.001)
    print(beat.wait() >= 1, time.Timer.after(0).ready, time.Timer.after(float("inf")).take())
    beat.stop()
    fails(lambda: time.Timer.after(60).wait(0.001))
    fails(lambda: time.Timer.every(0.0005))
    fails(lambda: time.sleep(-1))


def rolls() -> None:
    def dice() -> str:
        rng = random.Rng.seeded(7)
        return f"{rng.below(6)} {rng.fraction():.6f} {rng.number()} {rng.randbytes(3).hex()}"

    print(dice(), dice() == dice(), len(random.token_bytes(8)), random.Rng.named("dice").below(1), random.run_seed())
    fails(lambda: random.token_bytes(100_000))
    fails(lambda: random.Rng.seeded(-1))


def files() -> None:
    root = fsx.open("data")
    root.create_folder("notes/old")
    root.write_text("notes/a.txt", "grüße 😀\n")
    root.write_bytes("notes/old/b.txt", b"\xff\xfe")
    print(root.writable, root.read_text("notes/a.txt").strip(), root.read_bytes("notes/old/b.txt"))
    print(root.read_range("notes/a.txt", 2, 3), [f"{it.kind} {it.path}" for it in root.glob("notes/**")])
    info = root.stat("notes/a.txt")
    print(info.kind, info.size, is_now(info.modified))
    print(root.digest("notes/a.txt", "sha256"), len(root.digest_tree("notes")))
    # More than are asked for at once; and a search that is left early is ended.
    print(next(it.path for it in root.glob("many/*") if it.path == "many/299"))
    watch = root.watch("notes", "folder")
    root.write_text("notes/b.txt", "")
    print(watch.next(), watch.next(0))
    everything = root.watch()
    root.write_text("notes/old/c.txt", "")
    print(next(iter(everything)))
    fails(lambda: root.watch("none"))
    fails(lambda: root.watch("notes", "far"))
    fails(lambda: root.read_text("none"))
    fails(lambda: root.read_text("notes/old/b.txt"))
    fails(lambda: root.read_text("../x"))
    fails(lambda: root.read_text("large"))
    fails(lambda: list(root.glob("[")))
    fails(lambda: root.digest("notes/a.txt", "md5"))
    fails(lambda: root.write_text("notes/a.txt", 5))  # type: ignore[arg-type]
    fails(lambda: root.write_text("\ud800", ""))
    fails(lambda: root.read_range("notes/a.txt", 0, -1))
    fails(lambda: fsx.open("other"))


def requests(base: str) -> None:
    def echo(method: str, **options: Any) -> str:
        return str(http.request(method, f"{base}/echo?x=1#part", **options).json())

    print(echo("GET"))
    print(echo("POST", body="grüße", headers={"X-Mark": "a"}))
    print(echo("PATCH", json={"list": [1, None, "ü"]}, headers=[("x-mark", "a"), ("x-mark", "b")]))
    print(echo("PUT", body=(bytes(100_000) for _ in range(30))))
    missing = http.get(f"{base}/missing", headers={"accept": "text/html"})
    print(missing.status, missing.ok, missing.headers["Content-Type"], missing.headers.get("x"), missing.text())
    fails(lambda: missing.text())
    # More than both sides hold: the rest of the request goes while the response comes.
    print(sum(len(chunk) for chunk in http.post(f"{base}/mirror", bytes(8 << 20))))
    with http.get(f"{base}/endless") as endless:
        print(next(iter(endless))[0])
    http.get(f"{base}/endless").close()
    fails(lambda: http.get(f"{base}/endless").read(limit=1000))
    fails(lambda: http.get(f"{base}/cut").read())
    fails(lambda: http.get(f"{base}/silent", response_timeout=0.02))
    fails(lambda: http.get(f"{base}/latin").text())
    fails(lambda: http.get(f"{base}/missing").json())
    fails(lambda: http.get("http://other.example/"))
    fails(lambda: http.get("http://127.0.0.1:1/"))
    fails(lambda: http.get("ftp://other.example/"))
    fails(lambda: http.get("other.example"))
    fails(lambda: http.get(f"{base}/a b"))
    fails(lambda: http.request("GE T", f"{base}/"))
    fails(lambda: http.get(f"{base}/", headers={"x y": "z"}))
    fails(lambda: http.get(f"{base}/", headers={"host": "z"}))
    fails(lambda: http.get(f"{base}/", headers={"x": "\u1234"}))
    fails(lambda: http.post(f"{base}/", 5))  # type: ignore[arg-type]
    fails(lambda: http.post(f"{base}/", ["text"]))  # type: ignore[list-item]
    fails(lambda: http.get(f"{base}/", connect_timeout=-1))


def talks(base: str) -> None:
    one = websocket.connect(f"{base}/echo", protocols=["a", "b"], headers={"x-mark": "1"})
    two = websocket.connect(f"{base}/echo")
    print(one.protocol, two.protocol, one.id != two.id)
    one.send("grüße")
    one.send(b"\x01\xff")
    one.flush()
    print(one.receive(), one.receive(), one.queued)
    fails(lambda: one.receive(0.001))
    two.send("later")
    print([connection is two for connection in websocket.first([one, two])], two.receive())
    one.send("close")
    print(list(one), one.closing, one.receive())
    fails(lambda: one.send("x"))
    fails(lambda: two.send("x" * (2**20 + 1)))
    fails(lambda: two.send(5))  # type: ignore[arg-type]
    two.close(3000, "enough")
    print(two.receive(), two.closing)
    fails(lambda: websocket.first([], 0.001))
    fails(lambda: websocket.connect("ws://other.example/"))
    fails(lambda: websocket.connect("http://other.example/"))
    fails(lambda: websocket.connect(f"{base}/refused"))
    fails(lambda: websocket.connect(f"{base}/", protocols=["a b"]))


def names() -> None:
    loopback = ipaddress.ip_address("127.0.0.1")
    print(loopback in dns.resolve("localhost"), *dns.resolve("192.0.2.1"), *dns.resolve("[2001:DB8::1:0:0:7]"), *dns.resolve("[::]"))
    fails(lambda: dns.resolve("other.example"))
    fails(lambda: dns.resolve("a b"))
    fails(lambda: dns.resolve("localhost", timeout=-1))


def stores() -> None:
    bucket = keyvalue.open("pages")
    print(bucket.get_text("home"), "home" in bucket, len(list(bucket)))
    bucket.set("home", "grüße")
    bucket.set("bytes", b"\xff")
    print(bucket.get_text("home"), bucket.get_bytes("bytes"), "home" in bucket, bucket.increment("visits"), bucket.increment("visits", -3))
    print(list(bucket.keys()), bucket.get_text("visits"))
    bucket.delete("home")
    bucket.delete("home")
    print(bucket.get_bytes("home"))
    for number in range(1100):
        # More than come at once.
        bucket.set(f"many {number}", "")
    print(len(list(bucket)))
    fails(lambda: bucket.get_text("bytes"))
    fails(lambda: bucket.increment("bytes"))
    fails(lambda: bucket.increment("visits", 2**63))
    fails(lambda: bucket.set("large", bytes(2**20 + 1)))
    fails(lambda: bucket.set("x", 5))  # type: ignore[arg-type]
    fails(lambda: bucket.get_bytes("\ud800"))
    fails(lambda: keyvalue.open("not a name"))


def programs() -> None:
    def sh(script: str, **options: Any) -> process.Finished:
        return process.run("sh", "-c", script, **options)

    done = sh("read line; echo $line; echo $GREETING >&2; exit 3", input="grüße", env={"GREETING": "hello"})
    print(done.ok, done.code, done.signal, done.text().strip(), done.errors().strip(), len(done.stdout))
    print(sh("pwd", folder=("data", "notes")).text().strip().endswith("data/notes"))
    print(sh("test -f large", folder="data").ok, sh("kill -9 $$").signal, len(sh("echo $HOME").text()))
    fails(lambda: process.run("rm", "-rf", "/"))
    fails(lambda: process.run("sh", "\0"))
    fails(lambda: sh("sleep 60", timeout=0.02))
    fails(lambda: sh("yes"))
    fails(lambda: sh("pwd", folder=("data", "none")))
    fails(lambda: sh("pwd", inherit=["SECRET"]))
    fails(lambda: sh(5))  # type: ignore[arg-type]
    fails(lambda: sh("cat", input=5))


class Run(exports.Run):
    def run(self) -> None:
        _, http_base, ws_base = sys.argv
        parts: dict[Callable[..., None], tuple[str, ...]] = {logs: (), measures: (), waits: (), rolls: (), files: ()}
        parts |= {requests: (http_base,), talks: (ws_base,), names: (), stores: (), programs: ()}
        for part, addresses in parts.items():
            print(f"{part.__name__}:")
            part(*addresses)
