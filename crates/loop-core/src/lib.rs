//! The vocabulary of loop-kit, and the one decision that guards every capability.
//!
//! A reader needs four types: [`Manifest`] is what a user wrote in `loop.toml`; [`Grants`] is what one
//! component of an app may do; [`Limits`] is how much of it; and [`policy::decide`] turns grants and a
//! [`policy::Request`] into a [`policy::Decision`].
//!
//! This crate takes data and returns data. It opens no file, asks no clock, starts no thread and knows
//! no wasmtime, so it runs in the host, in a browser, in a guest and in a test alike. `loop-host` asks
//! the policy and enforces the limits; `loop-cli` reads the file and prints the diagnostics.

pub mod address;
pub mod diagnostic;
pub mod grants;
pub mod limits;
pub mod manifest;
pub mod name;
pub mod policy;
mod shape;
pub mod suggest;

pub use diagnostic::Diagnostic;
pub use grants::Grants;
pub use limits::Limits;
pub use manifest::Manifest;
