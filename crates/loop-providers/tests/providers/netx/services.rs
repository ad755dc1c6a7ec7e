//! A server of gRPC by tonic, as the suite wants it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Buf as _, BufMut as _, Bytes};
use futures::future::{BoxFuture, pending};
use futures::stream::{BoxStream, iter};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::server::{Grpc, StreamingService};
use tonic::{Code, Request, Response, Status, Streaming};

/// A server, until it is dropped.
pub(crate) struct Services {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Services {
    pub(crate) async fn start() -> Self {
        Self::serving(None).await
    }

    /// One that speaks TLS.
    pub(crate) async fn secure(config: ServerConfig) -> Self {
        Self::serving(Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn serving(acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream).await,
                        Some(acceptor) => {
                            // Who does not trust it goes away.
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, task }
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = service_fn(|request: http::Request<hyper::body::Incoming>| async {
        let path = request.uri().path().to_owned();
        let method = path.strip_prefix("/suite.Suite/").unwrap_or_default();
        let method = Method(method.to_owned());
        let mut grpc = Grpc::new(Raw).max_decoding_message_size(8 << 20);
        Ok::<_, Infallible>(grpc.streaming(method, request).await)
    });
    // The other side may break it off.
    let _ = http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// A method of `suite.Suite`, by its name.
struct Method(String);

type Answer = BoxStream<'static, Result<Bytes, Status>>;

impl StreamingService<Bytes> for Method {
    type Response = Bytes;
    type ResponseStream = Answer;
    type Future = BoxFuture<'static, Result<Response<Answer>, Status>>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        answer(self.0.clone(), request).boxed()
    }
}

async fn answer(
    method: String,
    request: Request<Streaming<Bytes>>,
) -> Result<Response<Answer>, Status> {
    let mut beside = MetadataMap::new();
    let (sent, _, mut messages) = request.into_parts();
    if let Some(word) = sent.get("x-word") {
        beside.insert("x-word", word.clone());
    }
    if let Some(bytes) = sent.get_bin("x-bytes-bin") {
        beside.insert_bin("x-bytes-bin", bytes.clone());
    }
    let answer: Answer = match &*method {
        "Chat" => messages.boxed(),
        "Silent" => pending().await,
        "Fail" => {
            messages.message().await?;
            let mut metadata = MetadataMap::new();
            metadata.insert("x-why", "moved".parse().unwrap());
            return Err(Status::with_details_and_metadata(
                Code::NotFound,
                "no größe %",
                Bytes::from_static(&[1, 2, 255]),
                metadata,
            ));
        }
        "Break" => {
            messages.message().await?;
            let part = Ok(Bytes::from_static(b"a part"));
            iter([part, Err(Status::data_loss("the rest is gone"))]).boxed()
        }
        "Join" => {
            let all: Vec<Bytes> = Pin::new(&mut messages).try_collect().await?;
            iter([Ok(all.join(&b","[..]).into())]).boxed()
        }
        "One" | "Count" | "Large" => {
            let message = messages.message().await?.unwrap_or_default();
            let number = || String::from_utf8_lossy(&message).parse::<usize>().unwrap();
            match &*method {
                "One" => {
                    let mut last = MetadataMap::new();
                    last.insert("x-last", "said".parse().unwrap());
                    // What tonic sends after the messages is a status.
                    let end = Status::with_metadata(Code::Ok, "", last);
                    iter([Ok(message), Err(end)]).boxed()
                }
                "Large" => iter([Ok(vec![7; number()].into())]).boxed(),
                _ => iter(1..=number()).map(|n| Ok(n.to_string().into())).boxed(),
            }
        }
        _ => return Err(Status::unimplemented("there is no such method")),
    };
    let mut response = Response::new(answer);
    *response.metadata_mut() = beside;
    Ok(response)
}

/// Messages as they are.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
