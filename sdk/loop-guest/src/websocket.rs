//! WebSockets: connections over which both sides send messages, by `loop:netx/websocket`. With the feature `websocket`.
//!
//! A client:
//!
//! ```no_run
//! use loop_guest::websocket::{Connection, Event, Message};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let connection = Connection::open("wss://example.com/feed")?;
//! connection.send("prices")?;
//! while let Event::Message(Message::Text(text)) = connection.next(None)? {
//!     println!("{text}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A server that tells everybody what anybody says:
//!
//! ```no_run
//! use loop_guest::websocket::{Handler, Message, Peers, serve};
//!
//! #[derive(Default)]
//! struct Room;
//!
//! impl Handler for Room {
//!     fn received(&mut self, peers: &Peers, _: u64, message: Message) {
//!         let _ = peers.send_all(&message);
//!     }
//! }
//!
//! serve!(Room);
//! # fn main() {}
//! ```
//!
//! It may be a server of HTTP as well, with the router of `loop_guest::http`: requests that do not ask for a WebSocket are the router's, in the same
//! instance.
//!
//! With the feature `async`, a client also connects, sends and waits beside other work: functions whose names end in `_async`, by
//! `loop:netx/websocket-async`. They wait where the component was called by an `async` function, and in a [`Handler`] it is not: what waits there traps.
//!
//! Connecting needs the URL under `net.http`, and serving the address under `net.listen`. A message has at most 1 MiB. `wit/netx` says the rest: limits,
//! and how connections end.

#[doc(hidden)]
pub mod bindings;
mod client;
#[cfg(feature = "async")]
mod concurrent;
mod server;

#[doc(hidden)]
pub mod exported {
    //! What [`serve!`](crate::websocket::serve) names.

    pub use crate::websocket::bindings;
    pub use crate::websocket::bindings::exports::loop_::netx::websocket_handler::{
        Accepted, Guest,
    };
    pub use crate::websocket::bindings::loop_::netx::websocket::Connection;
    pub use crate::websocket::server::Served;
}

pub use crate::serve_websocket as serve;
pub use crate::websocket::bindings::exports::loop_::netx::websocket_handler::{Refused, Request};
pub use crate::websocket::bindings::loop_::netx::websocket::{
    Closing, ConnectError, Event, Message, SendError, WaitError,
};
pub use crate::websocket::client::{Connect, Connection, first};
pub use crate::websocket::server::{Handler, Peers, wake};
