//! Apps of real components, run by a host as an embedder has it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod cache;
mod commands;
mod flow;
mod folders;
mod http;
mod http_sdk;
mod invoke;
mod limits;
mod links;
mod provider;
mod routes;
mod support;
mod wire;
