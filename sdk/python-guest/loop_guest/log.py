"""Records with levels and fields.

    from loop_guest import log

    log.info("request", path="/index.html", status=404)

Nothing here fails: values that are no texts, numbers or booleans are written as texts.
"""

from typing import Any

from ._check import one_of, shown
from ._world import interface

_logging = interface("loop:core/logging@0.1.0", "Value_Text")
_LEVELS = {level.name.lower(): level for level in _logging.Level}


def trace(message: object, /, **fields: Any) -> None:
    """Writes a record of the lowest level."""
    log("trace", message, **fields)


def debug(message: object, /, **fields: Any) -> None:
    """Writes a record for developers of the component."""
    log("debug", message, **fields)


def info(message: object, /, **fields: Any) -> None:
    """Writes a record for users of the component."""
    log("info", message, **fields)


def warn(message: object, /, **fields: Any) -> None:
    """Writes a record of something that is wrong, and loses nothing."""
    log("warn", message, **fields)


def error(message: object, /, **fields: Any) -> None:
    """Writes a record of something that failed."""
    log("error", message, **fields)


def enabled(level: str) -> bool:
    """Whether records of this level go anywhere, so that making an expensive one can be left out."""
    return _logging.enabled(_LEVELS[one_of("level", level, list(_LEVELS))])


def log(level: str, message: object, /, **fields: Any) -> None:
    """Writes a record of a level: `trace`, `debug`, `info`, `warn` or `error`."""
    # Nothing is made for a record that goes nowhere.
    if enabled(level):
        made = [_logging.Field(shown(key), _value(value)) for key, value in fields.items()]
        _logging.log(_LEVELS[level], shown(message), made)


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return _logging.Value_Truth(value)
    if isinstance(value, int):
        if -(2**63) <= value < 2**63:
            return _logging.Value_Signed(value)
        if 0 <= value < 2**64:
            return _logging.Value_Unsigned(value)
    if isinstance(value, float):
        return _logging.Value_Number(value)
    return _logging.Value_Text(shown(value))
