"""Files in the folders that the component is granted.

    from loop_guest import fsx

    notes = fsx.open("notes")
    for entry in notes.glob("**/*.txt"):
        print(entry.path, notes.read_text(entry.path))

Paths are relative to a root, with `/` between the parts. What fails raises a `LoopError` with a code of WASI (`no-entry`,
`access`, `not-permitted`, `is-directory`, …), or `too-large`, `invalid-pattern`, `too-many`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

from ._check import U32_MAX, one_of, text, whole
from ._errors import LoopError, attempt, told, wit_name
from ._time import nanos
from ._world import interface

_files = interface("loop:fsx/files@0.1.0", "Matches")

T = TypeVar("T")

# How many matches or events are asked for at once.
_PAGE = 256
_REACHES = {"folder": _files.Reach.FOLDER, "tree": _files.Reach.TREE}
_ALGORITHMS = {"blake3": _files.Algorithm.BLAKE3, "sha256": _files.Algorithm.SHA256}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Info:
    """What is at a path."""

    kind: str
    """As the WIT has it: `regular-file`, `directory`, `symbolic-link`, …"""
    size: int
    """In bytes; 0 of what is no regular file."""
    modified: datetime | None
    """When its content was last changed, where the file system knows."""


@dataclass(frozen=True)
class Entry:
    """Something that a pattern matched."""

    path: str
    """Relative to the root."""
    kind: str
    """As in `Info`."""


@dataclass(frozen=True)
class Event:
    """Something that happened in a watched folder."""

    kind: str
    """`changed`: something was made or put at this path, or a file has other content. `removed`: what was there is gone. `overflow`:
    more has happened than was kept, so look at all of it. `gone`: the watched folder itself was removed or moved, and `back`: there is
    one again."""
    path: str | None
    """Of `changed` and `removed`: relative to the root."""


def open(name: str) -> "Root":  # noqa: A001: said with the module's name, `fsx.open`
    """Opens the folder that is granted under this name. Fails with `access` if none is."""
    text("name", name)
    return Root(name, attempt(f"open the folder {name}", lambda: _files.Root.open(name)))


class Root:
    """A granted folder."""

    def __init__(self, name: str, raw: Any) -> None:
        """Use `open`."""
        self._name = name
        self._raw = raw

    @property
    def writable(self) -> bool:
        """Whether it may be changed."""
        return self._raw.writable()

    def stat(self, path: str) -> Info:
        """What is at a path. A link is not followed."""
        info = self._at("look at", path, lambda: self._raw.stat(path))
        modified = None if info.modified is None else _EPOCH + timedelta(microseconds=info.modified // 1000)
        return Info(wit_name(info.kind), info.size, modified)

    def read_bytes(self, path: str) -> bytes:
        """A whole file, of at most 16 MiB: else `too-large`."""
        return self._at("read", path, lambda: self._raw.read(path))

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """A part of a file, of at most 16 MiB: fewer bytes at its end."""
        whole("offset", offset)
        whole("length", length, U32_MAX)
        return self._at("read", path, lambda: self._raw.read_range(path, offset, length))

    def read_text(self, path: str) -> str:
        """As `read_bytes`, as a text. Fails with `illegal-byte-sequence` if it is not UTF-8."""
        try:
            return self.read_bytes(path).decode()
        except UnicodeDecodeError as error:
            code = "illegal-byte-sequence"
            raise LoopError(f"cannot read {self._name}/{path} as text: {code}", code) from error

    def write_bytes(self, path: str, content: bytes) -> None:
        """Makes or replaces a file: others see the old content or the new one, never a part, also after a loss of power."""
        if not isinstance(content, (bytes, bytearray)):
            raise TypeError(f"content must be bytes, not {type(content).__name__}")
        self._at("write", path, lambda: self._raw.write(path, bytes(content)))

    def write_text(self, path: str, content: str) -> None:
        """As `write_bytes`, in UTF-8."""
        self.write_bytes(path, text("content", content).encode())

    def create_folder(self, path: str) -> None:
        """Makes a folder, and those above it. Does nothing if it is there."""
        self._at("make the folder", path, lambda: self._raw.create_folder(path))

    def glob(self, pattern: str) -> Iterator[Entry]:
        """What matches a pattern, found while it is asked for. The docs of `glob` in the WIT say what a pattern is."""
        text("pattern", pattern)
        doing = f"look for {pattern} in {self._name}"
        with attempt(doing, lambda: self._raw.glob(pattern)) as matches:
            while found := attempt(doing, lambda: matches.next(_PAGE)):
                for entry in found:
                    yield Entry(entry.path, wit_name(entry.kind))

    def watch(self, path: str = ".", reach: str = "tree") -> "Watch":
        """Watches a folder from now on, whoever changes something there: all that is below it, or its entries (`folder`)."""
        by = _REACHES[one_of("reach", reach, list(_REACHES))]
        return Watch(f"watch {self._name}/{path}", self._at("watch", path, lambda: self._raw.watch(path, by)))

    def digest(self, path: str, algorithm: str = "blake3") -> str:
        """The digest of a file by `blake3` or `sha256`, in hexadecimal digits."""
        by = _ALGORITHMS[one_of("algorithm", algorithm, list(_ALGORITHMS))]
        return self._at("read", path, lambda: self._raw.digest(path, by)).hex()

    def digest_tree(self, path: str = ".", algorithm: str = "blake3") -> str:
        """The digest of a folder with all that is below it."""
        by = _ALGORITHMS[one_of("algorithm", algorithm, list(_ALGORITHMS))]
        return self._at("read", path, lambda: self._raw.digest_tree(path, by)).hex()

    def __enter__(self) -> "Root":
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.__exit__(None, None, None)

    def _at(self, doing: str, path: str, work: Callable[[], T]) -> T:
        text("path", path)
        return attempt(f"{doing} {self._name}/{path}", work)


class Watch:
    """A watched folder: its events by a `for`, which ends only where it is left. Leaving its `with` ends the watch."""

    def __init__(self, doing: str, raw: Any) -> None:
        """Use `Root.watch`."""
        self._doing = doing
        self._raw = raw

    def next(self, timeout: float | None = None) -> list[Event]:
        """The next events: what a program does in one go comes at once.

        Blocks until there are some; with a timeout in seconds it may give none, and may come back earlier.
        """
        most = None if timeout is None else nanos(timeout)
        while True:
            events = attempt(self._doing, lambda: self._raw.next(_PAGE, most))
            if events or timeout is not None:
                return [Event(*told(event)) for event in events]

    def __iter__(self) -> Iterator[Event]:
        while True:
            yield from self.next()

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.__exit__(None, None, None)
