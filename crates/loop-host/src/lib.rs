//! Runs WebAssembly components under grants.
//!
//! A [`Host`] loads [`Component`]s and links them, as an [`AppSpec`] says, to an [`App`], which runs a
//! command, calls a function, serves HTTP or is [exposed](App::expose) to other processes:
//!
//! ```no_run
//! use loop_host::{AppSpec, ComponentSpec, Host, LoadOptions, Stdio};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let host = Host::builder().cache("/home/me/.cache/my-host").build()?;
//! let component = host.load_file("hello.wasm".as_ref(), LoadOptions::default())?;
//! let mut spec = AppSpec::single(ComponentSpec::new(component));
//! spec.stdio = Stdio::inherit();
//! let exit = host.link(spec)?.run(&["world".to_owned()]).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Interfaces of one's own are added with a [`Provider`]; `examples/embed` shows a whole host. A provider connects to servers by [`net`], and
//! takes over connections that begin as HTTP by [`upgrade`]. What components
//! ask for is decided by `loop_core::policy` at one place, the [`gate`], and told to an [`Observer`].
//!
//! What a component imports is served by the host, by another component, or by a peer over the wire ([`RouteSpec`]); the component
//! cannot tell. Bytes between processes are `loop-wire`'s, and what they mean is `loop-codec`'s.
//!
//! This crate grants nothing by itself, prints nothing and reads no environment. Where components come from is
//! for `loop-build`, and what is told to a person for `loop-cli`.

mod answer;
mod app;
mod cache;
mod chain;
mod command;
mod component;
pub mod core;
mod engine;
mod error;
mod expose;
pub mod gate;
mod host;
mod instances;
mod invoke;
pub mod limits;
pub mod link_report;
mod linked;
pub mod net;
mod observer;
mod provider;
mod route;
mod serve;
mod server;
pub mod shape;
mod state;
mod stdio;
mod ticker;
pub mod upgrade;
pub mod values;
mod wasi;

pub use app::{App, AppSpec, ComponentSpec, Exit, NativeSpec, RemoteSpec, ResolverRef, RouteSpec};
pub use component::Component;
pub use engine::{Allocation, Compiler, STACK_BYTES_MAX};
pub use error::{CallError, HostError, LinkError, LoadError, ServeError};
pub use expose::Exposed;
pub use host::{Host, HostBuilder, LoadOptions};
pub use instances::Mode as Instances;
pub use invoke::Function;
pub use observer::{Event, Observer, Silent};
pub use provider::{AppContext, Folder, InstanceContext, Provider, ProviderError, Serves};
pub use server::Server;
pub use shape::COMPONENT_BYTES_MAX;
pub use state::State;
pub use stdio::{Buffer, Input, Output, Stdio};
pub use wasi::{Resolver, SystemResolver};

/// The engine, for providers that are made with its `bindgen!`.
pub use wasmtime;
