"""Greets whom it is told to greet: `loop run {{name}} -- you`."""

import sys

from loop_guest import log
from wit_world import exports


class Run(exports.Run):
    def run(self) -> None:
        name = sys.argv[1] if len(sys.argv) > 1 else "world"
        log.debug("greeting", name=name)
        print(f"hello, {name}")
