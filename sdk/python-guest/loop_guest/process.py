"""Programs of the host's machine that run to their end, for trusted components.

    from loop_guest import process

    done = process.run("git", "log", "--oneline", folder=("repository", "."))
    if done.ok:
        print(done.text())

What may be started stands among the grants, under `process`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ._check import data, text
from ._errors import attempt
from ._time import nanos
from ._world import interface

_children = interface("loop:process/children@0.1.0", "Child")


@dataclass(frozen=True)
class Finished:
    """What a program did that ran to its end."""

    code: int | None
    """With which code it ended, if by itself."""
    signal: int | None
    """By which signal it was ended, if by one: 9 is `SIGKILL`."""
    stdout: bytes
    """All that it wrote to its standard output."""
    stderr: bytes
    """All that it wrote to its standard error."""

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with the code 0."""
        return self.code == 0

    def text(self) -> str:
        """`stdout` as a text; what is not UTF-8 is replaced."""
        return self.stdout.decode(errors="replace")

    def errors(self) -> str:
        """The same of `stderr`."""
        return self.stderr.decode(errors="replace")


def run(
    program: str,
    *args: str,
    env: Mapping[str, str] | None = None,
    inherit: Iterable[str] = (),
    folder: str | tuple[str, str] | None = None,
    input: str | bytes = b"",  # noqa: A002: as in Python's own `subprocess`
    timeout: float | None = None,
) -> Finished:
    """Runs a program to its end, and collects what it writes: at most 16 MiB.

    `env` are variables of its own, which must be granted with the program, and `inherit` the names of those of the host that are
    passed on, which must be granted under `env`; it gets no others. `folder` is where it starts: a folder that is granted under this
    name, or one below it, as `("site", "pages")`; without one it is `/`. `input` is what it reads. `timeout` is the longest time in
    seconds that it may take; as long as the call without one.

    Raises a `LoopError`: `denied`, `not-found`, `invalid`, `timed-out`, `too-large`, `too-many`, or what the system says, as
    `no-entry`. That it ends with another code than 0 is no error.
    """
    text("program", program)
    variables = [
        _children.Variable(text("the name of a variable", name), text(f"the variable {name}", value))
        for name, value in (env or {}).items()
    ]
    variables += [_children.Variable(text("the name of a variable", name), None) for name in inherit]
    arguments = [text("an argument", argument) for argument in args]
    command = _children.Command(program, arguments, variables, _place(folder))
    fed = data("input", input)
    most = None if timeout is None else nanos(timeout)
    done = attempt(f"run {program}", lambda: _children.exec(command, fed, most), _inner)
    ended = done.status.value
    by_itself = isinstance(done.status, _children.Status_Exited)
    return Finished(ended if by_itself else None, None if by_itself else ended, done.stdout, done.stderr)


def _place(folder: str | tuple[str, str] | None) -> Any:
    if folder is None:
        return None
    root, path = (folder, ".") if isinstance(folder, str) else folder
    return _children.Folder(text("root", root), text("path", path))


def _inner(error: Any) -> Any:
    """That nothing was started has its reason within."""
    if isinstance(error, (_children.ExecError_Spawn, _children.SpawnError_Failed)):
        return _inner(error.value)
    return error
