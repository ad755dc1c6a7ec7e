//! Apps of real components, run by a host as an embedder has it.

mod cache;
mod commands;
mod folders;
mod http;
mod invoke;
mod limits;
mod links;
mod provider;
mod routes;
mod support;
