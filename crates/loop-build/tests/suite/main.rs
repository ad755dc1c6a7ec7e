//! The crate's border, from outside: toolchains, builds and scaffolds on a real disk with the real tools.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod build;
mod interrupted;
mod scaffold;
mod support;
mod toolchain;
