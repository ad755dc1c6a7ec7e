//! What a component does with the connections of others.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::to_nanos;
use crate::websocket::bindings::exports::loop_::netx::websocket_handler::Accepted;
use crate::websocket::bindings::loop_::netx::websocket as raw;
use crate::websocket::{Closing, Connection, Message, Refused, Request, SendError};

/// Exports `loop:netx/websocket-handler`. Its parameter is a type that is a [`Handler`](crate::websocket::Handler) and has a default, which the
/// instance begins with.
#[macro_export]
macro_rules! serve_websocket {
    ($handler:ty) => {
        const _: () = {
            ::std::thread_local! {
                static SERVED: ::std::cell::RefCell<$crate::websocket::exported::Served<$handler>> =
                    ::std::default::Default::default();
            }

            // The handler is named from in here: whatever else has a name here must not be called as it is.
            struct WebSocketExports;

            impl $crate::websocket::exported::Guest for WebSocketExports {
                fn opened(
                    connection: $crate::websocket::exported::Connection,
                    request: $crate::websocket::Request,
                ) -> ::std::result::Result<
                    $crate::websocket::exported::Accepted,
                    $crate::websocket::Refused,
                > {
                    SERVED.with_borrow_mut(|served| served.opened(connection, &request))
                }

                fn received(id: u64, message: $crate::websocket::Message) {
                    SERVED.with_borrow_mut(|served| served.received(id, message));
                }

                fn closed(id: u64, closing: $crate::websocket::Closing) {
                    SERVED.with_borrow_mut(|served| served.closed(id, &closing));
                }

                fn woken() {
                    SERVED.with_borrow_mut(|served| served.woken());
                }
            }

            $crate::websocket::exported::bindings::export!(
                WebSocketExports with_types_in $crate::websocket::exported::bindings
            );
        };
    };
}

/// What happens on connections of others. One function is called at a time, and all in the one instance that the component has. A connection is
/// named by its number, with which [`Peers`] finds it.
pub trait Handler {
    /// Somebody wants to connect, and already is among the peers: what is sent here is delivered first. Gives the subprotocol, one of those
    /// that the request offers, if it is to be one.
    ///
    /// # Errors
    /// The connection is refused.
    fn opened(
        &mut self,
        peers: &Peers,
        id: u64,
        request: &Request,
    ) -> Result<Option<String>, Refused> {
        let _ = (peers, id, request);
        Ok(None)
    }

    /// A message came. The other side is held up until the return.
    fn received(&mut self, peers: &Peers, id: u64, message: Message);

    /// A connection has ended, whoever ended it, and is no longer among the peers.
    fn closed(&mut self, peers: &Peers, id: u64, closing: &Closing) {
        let _ = (peers, id, closing);
    }

    /// The time asked for by [`wake`] is over.
    fn woken(&mut self, peers: &Peers) {
        let _ = peers;
    }
}

/// Has [`Handler::woken`] called once, after this time, a day at most. What was asked before is forgotten.
pub fn wake(after: Duration) {
    raw::wake(to_nanos(after));
}

/// Those who are connected.
#[derive(Debug, Default)]
pub struct Peers(BTreeMap<u64, Connection>);

impl Peers {
    /// One of them.
    pub fn get(&self, id: u64) -> Option<&Connection> {
        self.0.get(&id)
    }

    /// All of them, by their numbers, the longest connected first.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Connection)> {
        self.0.iter().map(|(id, connection)| (*id, connection))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sends a message to one of them. Does not block.
    ///
    /// # Errors
    /// Why it was not sent; [`SendError::Closed`] also if there is no such peer.
    pub fn send(&self, id: u64, message: impl Into<Message>) -> Result<(), SendError> {
        self.get(id).ok_or(SendError::Closed)?.send(message)
    }

    /// Sends a message to all of them: see [`Peers::send_to`].
    ///
    /// # Errors
    /// [`SendError::TooLarge`], and nobody gets it.
    pub fn send_all(&self, message: &Message) -> Result<(), SendError> {
        self.send_to(self.0.keys().copied(), message)
    }

    /// Sends a message to some of them. Does not block. Who reads too slowly is disconnected, with code 1008, and who is going away is
    /// left out.
    ///
    /// # Errors
    /// [`SendError::TooLarge`], and nobody gets it.
    pub fn send_to(
        &self,
        ids: impl IntoIterator<Item = u64>,
        message: &Message,
    ) -> Result<(), SendError> {
        for connection in ids.into_iter().filter_map(|id| self.get(id)) {
            match connection.send_ref(message) {
                Ok(()) | Err(SendError::Closed) => {}
                Err(SendError::Full) => connection.close(1008, "it reads too slowly"),
                Err(SendError::TooLarge) => return Err(SendError::TooLarge),
            }
        }
        Ok(())
    }
}

/// A handler with its connections.
#[derive(Debug, Default)]
pub struct Served<H> {
    handler: H,
    peers: Peers,
}

impl<H: Handler> Served<H> {
    /// Asks the handler, and keeps the connection if it is accepted.
    pub fn opened(
        &mut self,
        connection: raw::Connection,
        request: &Request,
    ) -> Result<Accepted, Refused> {
        let connection = Connection(connection);
        let id = connection.id();
        self.peers.0.insert(id, connection);
        let opened = self.handler.opened(&self.peers, id, request);
        if opened.is_err() {
            self.peers.0.remove(&id);
        }
        opened.map(|protocol| Accepted { protocol })
    }

    /// Passes a message on.
    pub fn received(&mut self, id: u64, message: Message) {
        self.handler.received(&self.peers, id, message);
    }

    /// Forgets a connection.
    pub fn closed(&mut self, id: u64, closing: &Closing) {
        self.peers.0.remove(&id);
        self.handler.closed(&self.peers, id, closing);
    }

    /// Passes it on.
    pub fn woken(&mut self) {
        self.handler.woken(&self.peers);
    }
}
