//! WIT types to bytes and back.
//!
//! A [`Plan`] is made from interfaces as `wit-parser` has them, and numbers their functions. With it, values become
//! bytes and bytes become values:
//!
//! ```
//! use loop_codec::{Plan, Value};
//!
//! let mut resolve = wit_parser::Resolve::new();
//! let package = resolve.push_source("kv.wit", "
//!     package acme:store;
//!     interface kv { get: func(key: string) -> option<list<u8>>; }
//! ")?;
//! let kv = resolve.packages[package].interfaces["kv"];
//! let plan = Plan::new(&resolve, [("acme:store/kv", kv)])?;
//!
//! let get = plan.find("acme:store/kv", "get").unwrap();
//! let bytes = plan.encode_params(get, &[Value::String("a".into())])?;
//! assert_eq!(bytes, [1, b'a']);
//! assert_eq!(plan.decode_result(get, &[0])?, Some(Value::Case(0, None)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The bytes are those of wRPC's values, so they can be sent to whoever speaks that. They may come from anybody: a
//! [`Fault`] says what is wrong with them, and nothing is allocated for what they only claim.
//!
//! Functions with types that cannot cross are refused when the plan is made, each by name: futures, streams of other things
//! than bytes, and resources that none of the interfaces defines. Of a `stream<u8>` the bytes of a call say only that
//! there is one; [`Plan::stream_in_params`] says at which path wRPC has its own bytes.
//!
//! This crate opens nothing, sends nothing and runs nothing. It knows no transport and no engine.

pub mod adapter;
mod check;
mod cursor;
mod decode;
mod encode;
mod fault;
mod plan;
#[cfg(feature = "random")]
pub mod random;
mod value;
mod varint;

pub use encode::EncodeError;
pub use fault::{Fault, FaultKind, Place};
pub use plan::{
    CASES_MAX, FLAGS_MAX, FUNCTIONS_MAX, Function, HANDLE_BYTES_MAX, Plan, PlanError, Refusal,
    Resource, Shape, TYPE_DEPTH_MAX, TYPES_MAX, Ty, VALUE_BYTES_MAX, Why,
};
pub use value::Value;

/// The longest message, in bytes: the arguments of one call, or its result. A message is held in memory as a whole, more
/// than once on its way; what is larger is for streams, or for several calls.
pub const MESSAGE_BYTES_MAX: u32 = 64 << 20;

/// How many values are built from one message. Each takes some forty bytes of memory where the message may have one, so
/// this holds what a message costs its reader below 100 MiB. Strings and `list<u8>` are one value each.
pub const VALUES_MAX: usize = 1 << 20;
