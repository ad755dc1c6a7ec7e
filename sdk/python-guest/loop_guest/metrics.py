"""Counters, gauges and histograms.

    from loop_guest import metrics

    metrics.Counter("requests_total", unit="{request}", labels={"method": "GET"}).add()

One that is opened again, with the same name and labels, is the same series. What cannot be opened raises a `LoopError`:
`invalid-name`, `invalid-unit`, `invalid-label`, `too-many-labels`, `too-many-metrics`, `invalid-bounds`, `conflict`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ._check import shown, text, whole
from ._errors import attempt
from ._world import interface

_metrics = interface("loop:core/metrics@0.1.0", "Histogram")


class Counter:
    """Counts what happens."""

    def __init__(self, name: str, *, unit: str = "", description: str = "", labels: Mapping[str, Any] | None = None) -> None:
        self._raw = _open(name, unit, description, labels, _metrics.Counter.open)

    def add(self, amount: int = 1) -> None:
        """Adds to the total."""
        self._raw.add(whole("amount", amount))


class Gauge:
    """A level that goes up and down."""

    def __init__(self, name: str, *, unit: str = "", description: str = "", labels: Mapping[str, Any] | None = None) -> None:
        self._raw = _open(name, unit, description, labels, _metrics.Gauge.open)

    def set(self, level: float) -> None:
        """Sets the level."""
        self._raw.set(float(level))

    def add(self, amount: float) -> None:
        """Raises the level, or lowers it with a negative amount."""
        self._raw.add(float(amount))


class Histogram:
    """How measurements are spread."""

    def __init__(
        self,
        name: str,
        *,
        unit: str = "",
        description: str = "",
        labels: Mapping[str, Any] | None = None,
        bounds: Iterable[float] = (),
    ) -> None:
        """`bounds` are the upper ends of the buckets, rising; without them they suit seconds of a person's waiting."""
        ends = [float(bound) for bound in bounds]
        self._raw = _open(name, unit, description, labels, lambda metric, pairs: _metrics.Histogram.open(metric, pairs, ends))

    def record(self, measurement: float) -> None:
        """Counts one measurement, in the metric's unit."""
        self._raw.record(float(measurement))


def _open(name: str, unit: str, description: str, labels: Mapping[str, Any] | None, work: Callable[[Any, Any], Any]) -> Any:
    metric = _metrics.Metric(text("name", name), text("unit", unit), text("description", description))
    pairs = [_metrics.Label(text("a label", key), shown(value)) for key, value in (labels or {}).items()]
    return attempt(f"open the metric {name}", lambda: work(metric, pairs))
