"""Small wrappers of `loop:core`, `loop:fsx`, `loop:netx`, `loop:process`, `wasi:http` and `wasi:keyvalue` for components: one module a capability.

A module works where the world in `wit/` imports its interface:

===========  ============================================
`log`        `import loop:core/logging@0.1.0;`
`metrics`    `import loop:core/metrics@0.1.0;`
`time`       `import loop:core/clocks@0.1.0;`
`random`     `import loop:core/randomness@0.1.0;`
`fsx`        `import loop:fsx/files@0.1.0;`
`http`       `import wasi:http/outgoing-handler@0.2.12;`
`websocket`  `import loop:netx/websocket@0.1.0;`
`dns`        `import loop:netx/dns@0.1.0;`
`process`    `import loop:process/children@0.1.0;`
`keyvalue`   `import wasi:keyvalue/store@0.2.0-draft2;`
             `import wasi:keyvalue/atomics@0.2.0-draft2;`
===========  ============================================
"""

from ._errors import LoopError

__all__ = ["LoopError"]
