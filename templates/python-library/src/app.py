"""Functions for other components: `loop run {{name}} --invoke 'local:{{name}}/greeting#greet("you")'`."""

from wit_world import exports


class Greeting(exports.Greeting):
    def greet(self, name: str) -> str:
        return f"hello, {name}"
