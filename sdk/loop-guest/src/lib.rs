//! What a Rust component needs to use `loop:core`, `loop:fsx`, `loop:process`, HTTP, WebSockets and storage: thin wrappers over the host's functions, nothing more.
//!
//! - [`log`]: records with fields, and spans
//! - [`metrics`]: counters, gauges, histograms
//! - [`trace`]: W3C trace context for calls to other programs
//! - [`time`]: clocks, timers and sleeping
//! - [`random`]: secure numbers, and streams that can be played again
//! - [`cancel`]: whether the work is still wanted
//! - [`wait`]: the first of several things
//! - `dns`, with the feature of that name: names and their addresses, by `loop:netx`
//! - `fsx`, with the feature of that name: files in granted folders, by `loop:fsx`
//! - `grpc`, with the feature of that name: calls of gRPC services, by `loop:netx`
//! - [`process`]: programs of the host's machine, for trusted components
//! - `blobstore`, with the feature of that name: objects of any size over `wasi:blobstore`
//! - `config`, with the feature of that name: the component's settings over `wasi:config`
//! - `http`, with the feature of that name: clients and servers over `wasi:http`
//! - `keyvalue`, with the feature of that name: keys and values over `wasi:keyvalue`
//! - `websocket`, with the feature of that name: WebSockets over `loop:netx`
//!
//! A component imports what it uses: one that only logs imports `loop:core/logging` and nothing else. What each
//! function does, its limits and errors, stands in the package's WIT; these pages repeat the main points.
//!
//! Nothing here panics. There is no global state either: every function is a call to the host.
//!
//! # A component with WIT of its own
//!
//! [`wit_bindgen`] is exported here, so that this is the only dependency a component needs. Tell the macro where it
//! finds the runtime:
//!
//! ```no_run
//! # mod shown {
//! loop_guest::wit_bindgen::generate!({
//!     inline: "
//!         package acme:greeter;
//!         world greeter {
//!             export greet: func(name: string) -> string;
//!         }
//!     ",
//!     runtime_path: "loop_guest::wit_bindgen::rt",
//! });
//!
//! struct Greeter;
//!
//! impl Guest for Greeter {
//!     fn greet(name: String) -> String {
//!         loop_guest::log::info!(name = name; "greeting");
//!         format!("hello, {name}")
//!     }
//! }
//!
//! export!(Greeter);
//! # }
//! # fn main() {}
//! ```
//!
//! The WIT of the component does not mention `loop:core`: the linker adds the imports of this crate to its own.

mod bindings;

pub mod log;
pub mod metrics;
pub mod trace;

#[cfg(feature = "blobstore")]
pub mod blobstore;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "dns")]
pub mod dns;
#[cfg(feature = "fsx")]
pub mod fsx;
#[cfg(feature = "grpc")]
pub mod grpc;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "keyvalue")]
pub mod keyvalue;

#[cfg(feature = "websocket")]
pub mod websocket;

pub mod cancel;
pub mod process;
pub mod random;
pub mod time;
pub mod wait;

pub use wit_bindgen;
