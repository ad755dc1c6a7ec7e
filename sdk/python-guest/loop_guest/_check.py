"""Looks at arguments: one of the wrong type, or out of range, would end the instance."""

from collections.abc import Sequence

U32_MAX = 2**32 - 1
U64_MAX = 2**64 - 1
_S64_MIN, _S64_MAX = -(2**63), 2**63 - 1


def text(name: str, value: object) -> str:
    """A text, in Unicode."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} has half of a character") from None
    return value


def whole(name: str, value: object, most: int = U64_MAX) -> int:
    """A whole number from 0 on."""
    if not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not 0 <= value <= most:
        raise ValueError(f"{name} must be from 0 to {most}, not {value}")
    return value


def integer(name: str, value: object) -> int:
    """A whole number of 64 bits."""
    if not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not _S64_MIN <= value <= _S64_MAX:
        raise ValueError(f"{name} must be from {_S64_MIN} to {_S64_MAX}, not {value}")
    return value


def data(name: str, value: object) -> bytes:
    """A text or bytes, as bytes."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, str):
        return text(name, value).encode()
    raise TypeError(f"{name} must be a str or bytes, not {type(value).__name__}")


def one_of(name: str, value: object, texts: Sequence[str]) -> str:
    """One of these texts."""
    if value in texts:
        return str(value)
    raise ValueError(f"{name} must be one of {', '.join(texts)}, not {value!r}")


def shown(value: object) -> str:
    """Any value as a text in Unicode. Does not fail."""
    try:
        return str(value).encode(errors="replace").decode()
    except Exception:
        return f"<{type(value).__name__}>"
