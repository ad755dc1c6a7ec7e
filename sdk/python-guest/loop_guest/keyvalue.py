"""Keys and values that outlive the component.

    from loop_guest import keyvalue

    pages = keyvalue.open("pages")
    pages.set("home", "<h1>home</h1>")
    print(pages.get_text("home"), pages.increment("visits"), list(pages.keys()))

The app says under `provide` who keeps them. What fails raises a `LoopError`: `no-such-store`, `access-denied`, or `other` with the
provider's words as its detail. The limits are those of the provider.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ._check import data, integer, text
from ._errors import LoopError, attempt
from ._world import interface

_store = interface("wasi:keyvalue/store@0.2.0-draft2", "Bucket")
_atomics = interface("wasi:keyvalue/atomics@0.2.0-draft2", "increment")

T = TypeVar("T")


def open(name: str) -> "Bucket":  # noqa: A001: said with the module's name, `keyvalue.open`
    """Opens a bucket, which has no entries if it was never opened before."""
    text("name", name)
    return Bucket(name, attempt(f"open the bucket {name}", lambda: _store.open(name)))


class Bucket:
    """Keys and values that are opened by one name. Leaving its `with` closes nothing but the handle."""

    def __init__(self, name: str, raw: Any) -> None:
        """Use `open`."""
        self._name = name
        self._raw = raw

    def get_bytes(self, key: str) -> bytes | None:
        """The value of a key; nothing if it is not there."""
        return self._at("read", key, lambda: self._raw.get(key))

    def get_text(self, key: str) -> str | None:
        """As `get_bytes`, as a text. Fails with `illegal-byte-sequence` if it is not UTF-8."""
        value = self.get_bytes(key)
        try:
            return None if value is None else value.decode()
        except UnicodeDecodeError as error:
            code = "illegal-byte-sequence"
            raise LoopError(f"cannot read {self._name}/{key} as text: {code}", code) from error

    def set(self, key: str, value: str | bytes) -> None:
        """Sets the value of a key: bytes, or a text in UTF-8."""
        content = data("value", value)
        self._at("set", key, lambda: self._raw.set(key, content))

    def delete(self, key: str) -> None:
        """Removes a key, if it is there."""
        self._at("delete", key, lambda: self._raw.delete(key))

    def keys(self) -> Iterator[str]:
        """All keys, page by page as they are asked for."""
        cursor = None
        while True:
            page = attempt(f"list the keys of {self._name}", lambda: self._raw.list_keys(cursor))
            yield from page.keys
            cursor = page.cursor
            if cursor is None:
                return

    def increment(self, key: str, by: int = 1) -> int:
        """Adds to a number as one step: nobody else's is lost. A key that is not there counts from 0.

        Gives the sum, which is kept as decimal text.
        """
        integer("by", by)
        return self._at("count", key, lambda: _atomics.increment(self._raw, key, by))

    def __contains__(self, key: str) -> bool:
        return self._at("look for", key, lambda: self._raw.exists(key))

    def __iter__(self) -> Iterator[str]:
        return self.keys()

    def __enter__(self) -> "Bucket":
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.__exit__(None, None, None)

    def _at(self, doing: str, key: str, work: Callable[[], T]) -> T:
        text("key", key)
        return attempt(f"{doing} {self._name}/{key}", work)
