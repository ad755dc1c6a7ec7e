"""Keeps what tracebacks show in the component's memory: there are no files to read when it runs."""

import ast  # noqa: F401: for the marks below a line
import linecache
import sys
import traceback  # noqa: F401: imported here because it could not be when it is wanted

for module in list(sys.modules.values()):
    name = getattr(module, "__file__", None)
    if not name:
        continue
    # The component's own modules stand there; of those of Python itself the lines would be megabytes.
    lines = linecache.getlines(name) if name.startswith("/0/") else []
    # Without a time, an entry is not compared with the file.
    linecache.cache[name] = (0, None, lines, name)
