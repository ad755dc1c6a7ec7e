"""Lengths of time, as the host takes them."""

NANOS = 1_000_000_000
# 584 years: longer ones are as good as that.
NANOS_MAX = 2**64 - 1


def nanos(seconds: float) -> int:
    """So many seconds."""
    if not seconds >= 0:
        raise ValueError(f"a time must be a number of seconds from 0 on, not {seconds}")
    return int(min(seconds * NANOS, NANOS_MAX))
