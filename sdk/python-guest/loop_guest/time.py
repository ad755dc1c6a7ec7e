"""Clocks, timers and sleeping, in seconds as everywhere in Python."""

from datetime import datetime, timedelta, timezone
from typing import Any

from ._errors import attempt
from ._time import NANOS, nanos
from ._world import interface

_clocks = interface("loop:core/clocks@0.1.0", "WaitError")

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def now() -> float:
    """The monotonic clock, since a start that says nothing outside of this instance."""
    return _clocks.now() / NANOS


def wall() -> datetime:
    """The date and time, in UTC."""
    return _EPOCH + timedelta(microseconds=_clocks.wall() // 1000)


def sleep(seconds: float) -> None:
    """Blocks for this long. Raises a `LoopError` with the code `cancelled` if the call is cancelled meanwhile."""
    with Timer.after(seconds) as timer:
        timer.wait()


class Timer:
    """Something that fires later, once or again and again. Leaving its `with` stops it."""

    def __init__(self, raw: Any) -> None:
        """Use `after` or `every`."""
        self._raw = raw

    @classmethod
    def after(cls, seconds: float) -> "Timer":
        """Fires once, after this time. Raises a `LoopError`: `too-many`."""
        delay = nanos(seconds)
        return cls(attempt("start a timer", lambda: _clocks.Timer.after(delay)))

    @classmethod
    def every(cls, seconds: float) -> "Timer":
        """Fires each time this much has passed. Raises a `LoopError`: `period-too-short` (under 1 ms), `too-many`."""
        period = nanos(seconds)
        return cls(attempt("start a timer", lambda: _clocks.Timer.every(period)))

    @property
    def ready(self) -> bool:
        """Whether it has fired and the event has not been taken."""
        return self._raw.ready()

    def take(self) -> int:
        """Takes what has happened: how often it has fired since it was last asked, or 0."""
        return self._raw.take()

    def wait(self, timeout: float | None = None) -> int:
        """Blocks until it has fired, then does as `take`. Raises a `LoopError`: `timed-out`, `cancelled`, `nothing-to-wait-for`."""
        limit = None if timeout is None else nanos(timeout)
        return attempt("wait for a timer", lambda: self._raw.wait(limit))

    def stop(self) -> None:
        """Stops it. What it has fired before can still be taken."""
        self._raw.stop()

    def __enter__(self) -> "Timer":
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.__exit__(None, None, None)
