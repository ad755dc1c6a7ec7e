"""Greets whom it is told to greet: `loop run {{name}} -- you`."""

import sys

from wit_world import exports
from wit_world.imports import logging


class Run(exports.Run):
    def run(self) -> None:
        name = sys.argv[1] if len(sys.argv) > 1 else "world"
        logging.log(logging.Level.DEBUG, "greeting", [logging.Field("name", logging.Value_Text(name))])
        print(f"hello, {name}")
