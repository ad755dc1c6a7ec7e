//! Generated code between a component's linear memory and the bytes of its calls.
//!
//! [`caller`] takes a component that imports interfaces of a plan, and gives one that imports in their place, under the
//! same names, three functions of the wire:
//!
//! ```wit
//! /// Calls the function with this number, and gives what it gave.
//! invoke: func(function: u32, params: list<u8>) -> list<u8>;
//! /// Tells what is wrong, before the component ends: see `Fault::from_codes`.
//! fail: func(code: u32, at: u32);
//! ```
//!
//! [`provider`] takes a component that exports interfaces of a plan, and gives one that also exports
//! [`SERVE`], with one function, and imports [`FAULT`] to tell what is wrong with the bytes it got:
//!
//! ```wit
//! serve: func(function: u32, params: list<u8>) -> list<u8>;
//! ```
//!
//! Neither adds a component around the one it is given. The generated core modules stand inside it, where the engine's own
//! glue for the interface stood, and read and write the memory of its core modules directly: a `list<u8>` is one copy. What
//! goes out and what comes in lies in a memory of their own, which the component's code cannot reach.
//!
//! Interfaces that define resources or have an `async func` get no adapter, and neither do components that pass their imports on to components inside
//! them: an [`AdaptError`] says what is in the way. The plan's own reader and writer serve those.
//!
//! A message that an adapter finds wrong ends the component, since there is no place for an error in the interface's own
//! functions. Bytes of strangers are checked before, with [`Plan::check_params`](crate::Plan::check_params).

mod body;
mod call;
mod caller;
mod component;
mod decode;
mod encode;
mod exports;
mod helpers;
mod module;
mod provider;
mod remap;
mod wire;

pub use crate::adapter::caller::caller;
pub use crate::adapter::component::AdaptError;
pub use crate::adapter::provider::provider;

/// The instance that an adapted provider exports.
pub const SERVE: &str = "loop:wire/serve";

/// The name of the generated core modules with functions, by which a host tells their frames from the component's own.
pub const MODULE: &str = "loop:adapter";

/// The instance that an adapted provider imports.
pub const FAULT: &str = "loop:wire/fault";
