//! Clients and servers of HTTP, over `wasi:http`. With the feature `http`.
//!
//! Messages are those of the crate [`http`](https://docs.rs/http), with a [`Body`] that is read like a file: its bytes need not be there yet, and are
//! never kept. A client:
//!
//! ```no_run
//! use std::time::Duration;
//! use loop_guest::http::{Client, Error};
//!
//! # fn main() -> Result<(), Error> {
//! let client = Client::new().response_timeout(Duration::from_secs(5));
//! let page = client.get("https://example.com/")?.into_body().text(1 << 20)?;
//! # Ok(())
//! # }
//! ```
//!
//! The host asks the component's grants (`net.http`) for each request. It does not follow redirects: they are answers like any other. Nothing is
//! decompressed. Connections are kept and used again by the host.
//!
//! A server is a [`Router`], whose handlers answer with whatever becomes a response ([`IntoResponse`]), errors of the component's own too:
//!
//! ```no_run
//! use loop_guest::http::{Body, IntoResponse, Params, Request, Response, Router, StatusCode, serve};
//!
//! enum NoteError {
//!     Missing(String),
//! }
//!
//! impl IntoResponse for NoteError {
//!     fn into_response(self) -> Response {
//!         match self {
//!             Self::Missing(name) => (StatusCode::NOT_FOUND, format!("no note {name}\n")).into_response(),
//!         }
//!     }
//! }
//!
//! fn note(_: Request, params: &Params) -> Result<String, NoteError> {
//!     match params.get("name") {
//!         "first" => Ok("the first note\n".to_owned()),
//!         other => Err(NoteError::Missing(other.to_owned())),
//!     }
//! }
//!
//! fn router() -> Router {
//!     Router::new()
//!         .get("/", |_, _| "hello\n")
//!         .get("/notes/{name}", note)
//! }
//!
//! serve!(router);
//! # fn main() {}
//! ```

mod body;
mod client;
mod error;
mod fields;
mod incoming;
mod reply;
mod router;
mod server;
mod transfer;

pub use body::Body;
pub use client::{Client, get, post, send};
pub use error::Error;
pub use reply::{IntoResponse, fail, html};
pub use router::{Params, PatternError, Router, query};

pub use ::http::uri::Scheme;
pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

pub use crate::serve_http as serve;

/// A request, to be sent or to be answered. One to be answered has a URI without a host: the host that was asked for is its header `host`, and the
/// [`Scheme`] stands among its extensions. One to be sent is the other way round: its header `host` is made of its URI.
pub type Request = ::http::Request<Body>;

/// A response.
pub type Response = ::http::Response<Body>;

/// What [`serve!`] expands to.
#[doc(hidden)]
pub mod exported {
    pub use wasip2;

    pub use crate::http::server::answer;
}
