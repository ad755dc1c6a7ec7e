//! Calls between processes: wRPC, an envelope for what it lacks, and the transports that carry them.
//!
//! A [`Client`] calls functions of a peer, and a [`Server`] has a [`Handler`] answer them, whatever the transport: see
//! [`transport`]. A call is a pair of byte streams, [`Outgoing`] and [`Incoming`], and for values without streams within
//! them it is bytes in, bytes out:
//!
//! ```no_run
//! use loop_wire::transport::Keys;
//! use loop_wire::{Client, Meta, Target};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::at(&"loop+unix:///run/store.sock".parse()?, &Keys::default())?;
//! let get = Target::new("acme:store/kv@1.0.0", "get")?;
//! let value = client.call(&get, &Meta::default(), b"\x03key".as_slice().into()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The other side listens at the same address:
//!
//! ```no_run
//! use loop_wire::transport::{Keys, Listener};
//! use loop_wire::{Call, Handler, Server};
//!
//! struct Store;
//!
//! impl Handler for Store {
//!     async fn call(&self, mut call: Call) {
//!         if let Ok(params) = call.params.collect(64 * 1024).await {
//!             let _ = call.reply(params).await;
//!         }
//!     }
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = Listener::at(&"loop+unix:///run/store.sock".parse()?, &Keys::default()).await?;
//! Server::new(Store).serve(listener).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The protocols are state machines that take bytes and return bytes: [`frame`], [`plain`] and [`envelope`]. They know no
//! socket, no clock and no task; what does stands around them, in [`transport`], [`Client`] and [`Server`]. `docs/wire.md`
//! has the bytes, and decision 10 the reasons.
//!
//! This crate knows no provider, no WIT package by name and no codec: parameters and results are bytes here, and
//! `loop-codec` makes them. It decides nothing about who may call what: it says who the peer is, and whoever serves decides.

pub mod address;
pub mod call;
mod client;
pub mod envelope;
pub mod frame;
mod leb;
pub mod plain;
mod server;
mod session;
pub mod transport;

pub use address::Address;
pub use call::{CallError, Code, Incoming, Meta, Outgoing, Retry, Target, TraceContext};
pub use client::{Client, Protocol};
pub use server::{Call, Dispatch, HEAD_TIME_MAX, Handler, STREAMS_MAX, Server};

/// Bytes of the values of one call at most, where they are collected. Twice what a component may send in the body of one
/// HTTP message by default; an owner who needs more asks for the streams.
pub const VALUE_BYTES_MAX: usize = 128 * 1024 * 1024;
