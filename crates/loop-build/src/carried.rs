//! The files that the `loop` binary carries, as tables of path and content. `build.rs` makes them.

include!(concat!(env!("OUT_DIR"), "/carried.rs"));
