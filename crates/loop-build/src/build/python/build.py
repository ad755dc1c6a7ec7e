"""Makes a component of Python: looks at the sources, and hands them to componentize-py."""

import json
import sys
import traceback

request = json.loads(sys.argv[1])

# The componentizer needs seconds before it reads the first line; a slip is found sooner.
for path in request["sources"]:
    try:
        with open(path, "rb") as file:
            compile(file.read(), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        print("".join(traceback.format_exception_only(error)), end="", file=sys.stderr)
        sys.exit(1)

from componentize_py import script

sys.argv = ["componentize-py", *request["arguments"]]
try:
    sys.exit(script())
except AssertionError as error:
    # What the source said comes first, then the same as a chain of causes and where the tool was.
    text = str(error).split("\n\nCaused by:")[0].split("\nStack backtrace:")[0]
    text = text.replace("/0/", request["root"] + "/").replace('"/1/loop_guest/', '"loop_guest/')
    print(text.strip(), file=sys.stderr)
    sys.exit(1)
