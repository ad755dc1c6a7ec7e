"""Secure random bytes, and streams that can be played again.

Python's own modules `random` and `secrets` work too; what they give does not follow the seed of a run.
"""

from typing import Any

from ._check import U32_MAX, text, whole
from ._errors import attempt
from ._world import interface

_randomness = interface("loop:core/randomness@0.1.0", "Generator")


def token_bytes(count: int) -> bytes:
    """Secure random bytes, at most 65,536 at once: else a `LoopError` with the code `too-many`."""
    whole("count", count, U32_MAX)
    return attempt("make random bytes", lambda: _randomness.bytes(count))


def run_seed() -> int:
    """The seed of this run: write it down to play the run again."""
    return _randomness.run_seed()


class Rng:
    """A stream of numbers that is the same whenever it starts from the same seed. Not for secrets."""

    def __init__(self, raw: Any) -> None:
        """Use `seeded` or `named`."""
        self._raw = raw

    @classmethod
    def seeded(cls, seed: int) -> "Rng":
        """A stream of one's own."""
        return cls(_randomness.Generator.seeded(whole("seed", seed)))

    @classmethod
    def named(cls, name: str) -> "Rng":
        """A stream of this run. Different names give independent streams."""
        return cls(_randomness.Generator.named(text("name", name)))

    def number(self) -> int:
        """The next number of 64 bits, all values equally likely."""
        return self._raw.next()

    def fraction(self) -> float:
        """The next number from 0 up to and without 1."""
        return self._raw.fraction()

    def below(self, bound: int) -> int:
        """The next whole number below `bound`, all equally likely; 0 if `bound` is 0."""
        return self._raw.below(whole("bound", bound))

    def randbytes(self, count: int) -> bytes:
        """The next bytes, at most 65,536 at once: else a `LoopError` with the code `too-many`."""
        whole("count", count, U32_MAX)
        return attempt("make random bytes", lambda: self._raw.next_bytes(count))
