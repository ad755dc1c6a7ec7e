"""Keeps what tracebacks show in the component's memory: there are no files to read when it runs. Their places are named as in the workspace."""

import ast  # noqa: F401: for the marks below a line
import linecache
import os
import sys
import traceback

for module in list(sys.modules.values()):
    name = getattr(module, "__file__", None)
    if not name:
        continue
    # The component's own modules stand there; of those of Python itself the lines would be megabytes.
    lines = linecache.getlines(name) if name.startswith(("/0/", "/1/loop_guest/")) else []
    # Without a time, an entry is not compared with the file.
    linecache.cache[name] = (0, None, lines, name)

MARKS = "_extract_caret_anchors_from_line_segment"
find_marks = getattr(traceback, MARKS, None)


def marks(segment):
    """Where the marks below a line stand. What is no expression has none, and Python would look for a file to say so."""
    try:
        compile(f"(\n{segment}\n)", "", "eval")
    except SyntaxError:
        return None
    return find_marks(segment)


if find_marks:
    setattr(traceback, MARKS, marks)


def show(kind, error, trace):
    """Writes an exception that nobody caught to standard error, and ends the component. The tool's own code would fail with words of its own."""
    text = "".join(traceback.format_exception(kind, error, trace))
    try:
        sys.stdout.flush()
        sys.stderr.write(text.replace('"/0/', '"src/').replace('"/1/loop_guest/', '"loop_guest/'))
        sys.stderr.flush()
    finally:
        os._exit(1)


sys.excepthook = show
