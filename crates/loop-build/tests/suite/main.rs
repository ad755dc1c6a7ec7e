//! The crate's border, from outside: toolchains, builds and scaffolds on a real disk with the real tools.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]

mod build;
mod interrupted;
mod javascript;
mod python;
mod scaffold;
mod support;
mod toolchain;
