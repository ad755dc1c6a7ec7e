//! Connections of others: the handshake, and the calls of `websocket-handler`.
//!
//! Each connection has a task of its own from the request on. A call of the component is never cut off because the other side went away: that
//! would end the instance, and with it the connections of all others.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use bytes::Bytes;
use futures::channel::oneshot;
use futures::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::header::{SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION};
use http::{Response, StatusCode};
use loop_core::name::InterfaceName;
use loop_host::upgrade::{Callee, Upgrade, Upgrades, WeakCallee};
use loop_host::{CallError, State};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::Role;
use wasmtime::Store;
use wasmtime::component::InstancePre;

use crate::netx::Netx;
use crate::netx::bindings::exports::loop_::netx::websocket_handler::{Accepted, Refused, Request};
use crate::netx::bindings::loop_::netx::websocket::{Closing, Message};
use crate::netx::bindings::{WebsocketServerAsync, WebsocketServerAsyncIndices};
use crate::netx::websocket::drive::{self, Deliver, ended};
use crate::netx::websocket::open::is_token;
use crate::netx::websocket::{AWAY, Connection, Socket};

/// The code for a component that failed.
const FAILED: u16 = 1011;

/// The code for a component that has too much to do.
const BUSY: u16 = 1013;

/// Which instance it is: a component that failed gets another one, which knows nothing of the connections of the one before.
pub(crate) type InstanceId = Weak<()>;

/// Takes connections over for one component.
#[derive(Debug, Default)]
pub(crate) struct Server(OnceLock<Handler>);

#[async_trait]
impl Upgrades for Server {
    fn protocol(&self) -> &'static str {
        "websocket"
    }

    fn handler(&self) -> Option<InterfaceName> {
        "loop:netx/websocket-handler@0.1.0".parse().ok()
    }

    fn prepare(&self, pre: &InstancePre<State>) -> wasmtime::Result<()> {
        let indices = WebsocketServerAsyncIndices::new(pre)?;
        self.0.get_or_init(|| Handler(Arc::new(indices)));
        Ok(())
    }

    async fn upgrade(&self, upgrade: Upgrade) -> Response<Bytes> {
        let (answer, answered) = oneshot::channel();
        if let Some(handler) = self.0.get() {
            tokio::spawn(serve(handler.clone(), upgrade, answer));
        }
        let answered = answered.await;
        answered.unwrap_or_else(|_| failed(StatusCode::INTERNAL_SERVER_ERROR))
    }
}

/// What is called of a component.
#[derive(Clone)]
struct Handler(Arc<WebsocketServerAsyncIndices>);

impl Handler {
    /// Calls the component's instance, if it is still the one that is meant. The observer is told of failures.
    async fn call<R: Send + 'static>(
        &self,
        callee: &Callee,
        meant: Option<InstanceId>,
        body: impl for<'a> FnOnce(
            &'a mut Store<State>,
            Arc<WebsocketServerAsync>,
        ) -> BoxFuture<'a, wasmtime::Result<R>>
        + Send
        + 'static,
    ) -> Result<Option<R>, CallError> {
        if meant
            .as_ref()
            .is_some_and(|meant| meant.strong_count() == 0)
        {
            return Ok(None);
        }
        let indices = Arc::clone(&self.0);
        callee
            .call(move |store, instance| {
                Box::pin(async move {
                    let network = store.data_mut().of::<Netx>();
                    let alive = Arc::downgrade(&network.alive);
                    if meant.is_some_and(|meant| !meant.ptr_eq(&alive)) {
                        return Ok(None);
                    }
                    let known = network.handler.clone();
                    let handler = if let Some(handler) = known {
                        handler
                    } else {
                        let handler = Arc::new(indices.load(&mut *store, instance)?);
                        let network = store.data_mut().of::<Netx>();
                        Arc::clone(network.handler.insert(handler))
                    };
                    body(store, handler).await.map(Some)
                })
            })
            .await
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handler")
    }
}

/// A component that was connected to, as its own functions know it.
#[derive(Clone, Debug)]
pub(crate) struct Serving {
    handler: Handler,
    callee: WeakCallee,
    instance: InstanceId,
}

impl Serving {
    /// Calls `woken`, if the app lives, and the instance.
    pub(crate) async fn wake(self) {
        let Some(callee) = self.callee.upgrade() else {
            return;
        };
        let call = self
            .handler
            .call(&callee, Some(self.instance), |store, handler| {
                Box::pin(async move {
                    let guest = handler.loop_netx_websocket_handler();
                    guest.call_woken(store).await
                })
            });
        // The observer was told, and the connections are closed with the instance.
        let _ = call.await;
    }
}

/// Serves one connection, from the request to its end.
async fn serve(handler: Handler, upgrade: Upgrade, answer: oneshot::Sender<Response<Bytes>>) {
    let Upgrade {
        head,
        peer,
        callee,
        connection,
        mut place,
        ..
    } = upgrade;
    let head = http::Request::from_parts(head, ());
    let mut response = match create_response_with_body(&head, Bytes::new) {
        Ok(response) => response,
        Err(error) => {
            let _ = answer.send(no_handshake(&error));
            return;
        }
    };
    let request = Request {
        target: head.uri().to_string(),
        protocols: offered(head.headers()),
        headers: (head.headers().iter())
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
        peer: peer.to_string(),
    };
    let socket = Socket::new(None);
    let (protocol, instance) = match opened(&handler, &callee, &socket, request).await {
        Ok(accepted) => accepted,
        Err(refused) => {
            socket.queue.end();
            let _ = answer.send(refused);
            return;
        }
    };
    if let Some(protocol) = protocol {
        response
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    // If the client is gone, there will be no connection.
    let _ = answer.send(response);
    let closing = match connection.finish().await {
        Ok(stream) => {
            let config = Some(drive::config());
            let stream = WebSocketStream::from_raw_socket(stream, Role::Server, config).await;
            let calls = Calls {
                handler: &handler,
                callee: &callee,
                instance: &instance,
                id: socket.id,
            };
            drive::drive(stream, &socket.queue, calls, place.stopping()).await
        }
        Err(_) => drive::broken(),
    };
    socket.queue.end();
    let id = socket.id;
    let call = handler.call(&callee, Some(instance), move |store, handler| {
        Box::pin(async move {
            let guest = handler.loop_netx_websocket_handler();
            guest.call_closed(store, id, &closing).await
        })
    });
    let _ = call.await;
}

/// Asks the component whether it accepts a connection: with which subprotocol, and in which instance.
async fn opened(
    handler: &Handler,
    callee: &Callee,
    socket: &Arc<Socket>,
    request: Request,
) -> Result<(Option<HeaderValue>, InstanceId), Response<Bytes>> {
    let serving = (handler.clone(), callee.downgrade());
    let own = Arc::clone(socket);
    let call = handler.call(callee, None, |store, handler| {
        Box::pin(async move {
            let (network, table) = store.data_mut().of_with_table::<Netx>();
            let instance = Arc::downgrade(&network.alive);
            network.serving.get_or_insert_with(|| Serving {
                handler: serving.0,
                callee: serving.1,
                instance: instance.clone(),
            });
            let socket = Arc::clone(&own);
            // An error would end the instance, and with it the connections that it has.
            let Ok(connection) = table.push(Connection { socket }) else {
                return Ok(Err(Refused {
                    status: 503,
                    text: "the component has too many connections
"
                    .to_owned(),
                }));
            };
            let guest = handler.loop_netx_websocket_handler();
            let protocol = match guest.call_opened(&mut *store, connection, &request).await? {
                Ok(Accepted { protocol }) => protocol,
                Err(refused) => return Ok(Err(refused)),
            };
            if let Some(protocol) = &protocol {
                wasmtime::ensure!(
                    request.protocols.contains(protocol),
                    "it accepted the subprotocol `{}`, which was not offered",
                    protocol.chars().take(64).collect::<String>(),
                );
                let _ = own.protocol.set(protocol.clone());
            }
            Ok(Ok((protocol, instance)))
        })
    });
    match call.await {
        Ok(Some(Ok((protocol, instance)))) => {
            let protocol = protocol.and_then(|name| HeaderValue::try_from(name).ok());
            Ok((protocol, instance))
        }
        Ok(Some(Err(refused))) => Err(refusal(refused)),
        Err(CallError::Busy { .. }) => Err(failed(StatusCode::SERVICE_UNAVAILABLE)),
        Err(CallError::Deadline { .. }) => Err(failed(StatusCode::GATEWAY_TIMEOUT)),
        Ok(None) | Err(_) => Err(failed(StatusCode::INTERNAL_SERVER_ERROR)),
    }
}

/// Delivers messages in calls of `received`.
struct Calls<'a> {
    handler: &'a Handler,
    callee: &'a Callee,
    instance: &'a InstanceId,
    id: u64,
}

impl Deliver for Calls<'_> {
    /// Waits for the call, whatever happens meanwhile.
    async fn deliver(
        &mut self,
        message: Message,
        _: impl Future<Output = ()> + Send,
    ) -> Result<(), Closing> {
        let (id, instance) = (self.id, self.instance.clone());
        let call = self
            .handler
            .call(self.callee, Some(instance), move |store, handler| {
                Box::pin(async move {
                    let guest = handler.loop_netx_websocket_handler();
                    guest.call_received(store, id, &message).await
                })
            });
        match call.await {
            Ok(Some(())) => Ok(()),
            Ok(None) => Err(ended(AWAY, "")),
            Err(CallError::Busy { .. }) => Err(ended(BUSY, "the server is busy")),
            Err(_) => Err(ended(FAILED, "the server failed")),
        }
    }
}

/// The subprotocols that a request offers.
fn offered(headers: &HeaderMap) -> Vec<String> {
    let lists = headers.get_all(SEC_WEBSOCKET_PROTOCOL).into_iter();
    lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .filter(|name| is_token(name))
        .map(str::to_owned)
        .collect()
}

/// The answer to what is no handshake of RFC 6455.
fn no_handshake(error: &Error) -> Response<Bytes> {
    let version = matches!(
        error,
        Error::Protocol(ProtocolError::MissingSecWebSocketVersionHeader)
    );
    if !version {
        return plain(StatusCode::BAD_REQUEST, format!("{error}\n"));
    }
    let text = "the version of WebSockets that is spoken here is 13\n";
    let mut response = plain(StatusCode::UPGRADE_REQUIRED, text.to_owned());
    let headers = response.headers_mut();
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}

/// The answer of a component that does not want a connection.
fn refusal(refused: Refused) -> Response<Bytes> {
    let status = Some(refused.status).filter(|status| (400..600).contains(status));
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    plain(status.unwrap_or(StatusCode::FORBIDDEN), refused.text)
}

/// The answer for a component that gave none. What failed is told to the observer, not to the client.
fn failed(status: StatusCode) -> Response<Bytes> {
    let text = match status {
        StatusCode::SERVICE_UNAVAILABLE => "the component is busy\n",
        StatusCode::GATEWAY_TIMEOUT => "the component took too long\n",
        _ => "the component failed\n",
    };
    plain(status, text.to_owned())
}

fn plain(status: StatusCode, text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}
