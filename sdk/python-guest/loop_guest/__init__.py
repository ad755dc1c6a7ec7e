"""Small wrappers of `loop:core`, `loop:fsx`, `loop:netx` and `wasi:http` for components: one module a capability.

A module works where the world in `wit/` imports its interface:

===========  ============================================
`log`        `import loop:core/logging@0.1.0;`
`metrics`    `import loop:core/metrics@0.1.0;`
`time`       `import loop:core/clocks@0.1.0;`
`random`     `import loop:core/randomness@0.1.0;`
`fsx`        `import loop:fsx/files@0.1.0;`
`http`       `import wasi:http/outgoing-handler@0.2.12;`
`websocket`  `import loop:netx/websocket@0.1.0;`
===========  ============================================
"""

from ._errors import LoopError

__all__ = ["LoopError"]
