"""What an interface refuses, as an exception."""

import re
from collections.abc import Callable
from dataclasses import is_dataclass
from enum import Enum
from typing import Any, TypeVar

from componentize_py_types import Err

T = TypeVar("T")


class LoopError(Exception):
    """An error of an interface."""

    code: str
    """Its name in the WIT: `no-entry`, `too-large`."""
    detail: Any
    """What the WIT gives with it: a limit, a text, a `dict` of such, or nothing."""

    def __init__(self, message: str, code: str, detail: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.detail = detail


def attempt(doing: str, work: Callable[[], T], within: Callable[[Any], Any] = lambda error: error) -> T:
    """Does the work. What an interface raises meanwhile is raised as a `LoopError`; `doing` says what was tried, `within` where the reason is."""
    try:
        return work()
    except Err as error:
        value = within(error.value)
    raise refused(doing, value)


def refused(doing: str, error: Any) -> LoopError:
    """What an interface gave as its error, as an exception."""
    code, detail = told(error)
    more = "" if detail is None else f" ({', '.join(map(str, detail.values())) if isinstance(detail, dict) else detail})"
    return LoopError(f"cannot {doing}: {code}{more}", code, detail)


def told(error: Any) -> tuple[str, Any]:
    """An enum is its case, a variant a class of its case; that of `loop:fsx` may hold a code of WASI."""
    if isinstance(error, Enum):
        return wit_name(error), None
    detail = getattr(error, "value", None)
    if isinstance(detail, Enum):
        return wit_name(detail), None
    if is_dataclass(detail) and not isinstance(detail, type):
        detail = {name: value for name, value in vars(detail).items() if value is not None} or None
    _, _, case = type(error).__name__.partition("_")
    return re.sub(r"(?<!^)(?=[A-Z])", "-", case).lower(), detail


def wit_name(case: Enum) -> str:
    """A case as the WIT writes it: `regular-file`."""
    return case.name.lower().replace("_", "-")
