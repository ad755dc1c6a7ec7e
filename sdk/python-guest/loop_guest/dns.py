"""Names and their addresses.

    from loop_guest import dns

    for address in dns.resolve("example.com"):
        print(address)

A name must be among the grants, under `net.lookup`, `net.connect` or `net.http`.
"""

from ipaddress import IPv4Address, IPv6Address

from ._check import text
from ._errors import attempt
from ._time import nanos
from ._world import interface

_dns = interface("loop:netx/dns@0.1.0", "resolve")

# How many numbers an address of IPv4 has.
_IPV4 = 4


def resolve(name: str, *, timeout: float | None = None) -> list[IPv4Address | IPv6Address]:
    """The addresses of a name, the preferred one first. Blocks until they are known.

    `timeout` is the longest time in seconds: 10 without one, and at most. That an address came does not say that it may be connected
    to. Raises a `LoopError`: `denied`, `invalid`, `unresolved`, `timed-out`.
    """
    text("name", name)
    most = None if timeout is None else nanos(timeout)
    found = attempt(f"resolve {name}", lambda: _dns.resolve(name, most))
    return [_address(address.value) for address in found]


def _address(parts: tuple[int, ...]) -> IPv4Address | IPv6Address:
    if len(parts) == _IPV4:
        return IPv4Address(bytes(parts))
    return IPv6Address(b"".join(part.to_bytes(2, "big") for part in parts))
