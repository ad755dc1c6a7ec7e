"""The interfaces of the world."""

from importlib import import_module
from typing import Any


def interface(name: str, has: str) -> Any:
    """The bindings of an interface that is imported, by its full name. `has` is something in it, by which it is known."""
    found = _bindings("imports", name, has)
    if found is None:
        raise ImportError(f'the world does not import {name}: add the line "import {name};" to it, in wit/')
    return found


def exported(name: str, has: str) -> Any:
    """The same of one that is exported, or nothing."""
    return _bindings("exports", name, has)


def _bindings(side: str, name: str, has: str) -> Any:
    package, _, rest = name.replace("-", "_").partition("/")
    short = rest.partition("@")[0]
    # Where a world has two interfaces of one short name, their bindings have the names of their packages before it.
    for module in (f"{package.replace(':', '_')}_{short}", short):
        try:
            found = import_module(f"wit_world.{side}.{module}")
        except ModuleNotFoundError:
            continue
        if hasattr(found, has):
            return found
    return None
