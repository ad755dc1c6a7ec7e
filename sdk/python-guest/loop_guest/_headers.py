"""Headers of requests and responses."""

from collections.abc import Iterable, Iterator, Mapping

from ._check import text

Given = Mapping[str, str] | Iterable[tuple[str, str]]
"""Headers as they are passed: a mapping, or pairs where a name comes more than once."""


class Headers(Mapping[str, str]):
    """Headers that came. Names are found however they are written; the values of one name are joined by `, `."""

    def __init__(self, pairs: Iterable[tuple[str, bytes]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name.lower(), []).append(value.decode("latin-1"))

    def get_all(self, name: str) -> list[str]:
        """The values of one name, in order; none if it is not there."""
        return list(self._values.get(name.lower(), ()))

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._values[name.lower()])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


def pairs(headers: Given | None) -> Iterator[tuple[str, bytes]]:
    """Headers as the host takes them."""
    given = headers.items() if isinstance(headers, Mapping) else headers or ()
    for name, value in given:
        name, value = text("the name of a header", name), text(f"the header {name}", value)
        try:
            yield name, value.encode("latin-1")
        except UnicodeEncodeError:
            raise ValueError(f"the header {name} has characters that no header can have") from None
