"""A wasi:cli command of WASI 0.2: greets its first argument, and prints the file that the second names."""

import sys

from wit_world import exports


class Run(exports.Run):
    def run(self) -> None:
        name = sys.argv[1] if len(sys.argv) > 1 else "world"
        print(f"hello from Python, {name}")
        if len(sys.argv) > 2:
            with open(sys.argv[2], encoding="utf-8") as file:
                print(file.read().rstrip())
