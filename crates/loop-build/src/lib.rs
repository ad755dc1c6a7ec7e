//! Turns sources into components.
//!
//! A reader needs five things. [`Environment`] is the little that this crate may know of the process it
//! runs in. [`RustTarget`] is what builds Rust for `wasm32-wasip2`: found where rustup has it, made where it
//! does not. [`build::build_components`] builds what is stale and nothing else. [`scaffold`] writes new
//! workspaces, components and hosts, and [`sdk`] the library that they build upon. Progress is told as an
//! [`Event`], and work stops when a [`Cancel`] says so.
//!
//! This crate knows no host and runs no component. It prints nothing and reads no environment variable that
//! it was not passed: `loop-cli` does both.

pub mod build;
pub mod environment;
pub mod event;
pub mod language;
pub mod scaffold;
pub mod sdk;
pub mod toolchain;

mod carried;
mod files;
mod lock;
mod process;

pub use build::{
    BuildError, BuildOptions, BuiltComponent, Profile, build_component, build_components,
    fresh_component,
};
pub use environment::Environment;
pub use event::{Cancel, Event};
pub use language::Language;
pub use toolchain::{Permission, RustTarget, ToolchainError, Toolchains};
