"""Uses each module of `loop_guest`, and prints what it got."""

from datetime import datetime, timedelta, timezone
from typing import Any, Callable

from loop_guest import LoopError, fsx, log, metrics, random, time
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


class Run(exports.Run):
    def run(self) -> None:
        for part in (logs, measures, waits, rolls, files):
            print(f"{part.__name__}:")
            part()
