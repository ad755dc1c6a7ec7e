//! `loop:netx/websocket-async`: connections beside what else the instance does.

use wasmtime::component::{Accessor, Resource};

use crate::netx::bindings::loop_::netx::websocket::{
    ConnectError, Event, Message, Options, SendError, WaitError,
};
use crate::netx::bindings::loop_::netx::websocket_async::{Host, HostWithStore};
use crate::netx::websocket::{Connection, frame, next};
use crate::netx::{Functions, NetworkView, within};

impl Host for NetworkView<'_> {}

impl<T: 'static> HostWithStore<T> for Functions {
    async fn connect(
        store: &Accessor<T, Self>,
        url: String,
        options: Options,
    ) -> wasmtime::Result<Result<Resource<Connection>, ConnectError>> {
        let opening = match store.with(|mut view| view.get().opening()) {
            Ok(opening) => opening,
            Err(error) => return Ok(Err(error)),
        };
        match opening.open(&url, options).await {
            Ok(connection) => store.with(|mut view| Ok(Ok(view.get().table.push(connection)?))),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn send(
        store: &Accessor<T, Self>,
        connection: Resource<Connection>,
        message: Message,
    ) -> wasmtime::Result<Result<(), SendError>> {
        let socket = store.with(|mut view| view.get().socket(&connection))?;
        let sent = socket.queue.push_when_it_fits(frame(message)).await;
        Ok(sent.map_err(SendError::from))
    }

    async fn flush(
        store: &Accessor<T, Self>,
        connection: Resource<Connection>,
        limit: Option<u64>,
    ) -> wasmtime::Result<Result<(), WaitError>> {
        let socket = store.with(|mut view| view.get().socket(&connection))?;
        let sent = within(limit, socket.queue.flushed()).await;
        Ok(sent.ok_or(WaitError::TimedOut))
    }

    async fn next(
        store: &Accessor<T, Self>,
        connection: Resource<Connection>,
        limit: Option<u64>,
    ) -> wasmtime::Result<Result<Event, WaitError>> {
        let socket = store.with(|mut view| view.get().socket(&connection))?;
        Ok(next(&socket, limit).await)
    }
}
