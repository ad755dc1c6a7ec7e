//! Plain wRPC against the Bytecode Alliance's own crates, as client and as server, over TCP, unix sockets and QUIC.

use std::pin::Pin;
use std::sync::Arc;

use crate::wire::certificates;
use bytes::Bytes;
use futures::stream::select_all;
use futures::{Stream, StreamExt as _};
use loop_wire::call::{CallError, Code};
use loop_wire::frame::{Frame, Path};
use loop_wire::transport::{Connect, Listen, quic as quic_transport, tcp, unix};
use loop_wire::{Call, Client, Handler, Meta, Protocol, Server, Target};
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use wrpc_transport::Invoke;
use wrpc_transport::frame::ConnHandler;

mod bindings {
    wit_bindgen_wrpc::generate!({
        inline: r"
            package test:wire;

            interface texts {
                join: func(parts: list<string>) -> string;
                forget: func(text: string);
                fail: func() -> string;
                fail-silently: func();
                echo: func(bytes: stream<u8>) -> stream<u8>;
            }

            world both {
                import texts;
                export texts;
            }
        ",
        generate_all,
    });
}

use bindings::test::wire::texts;

const INSTANCE: &str = "test:wire/texts";

type ByteStream = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

// ---- upstream as the client, ours as the server -----------------------------------------------------

struct Texts;

impl Handler for Texts {
    async fn call(&self, mut call: Call) {
        assert_eq!(call.target.instance(), INSTANCE);
        match call.target.function() {
            "join" => {
                let params = call.params.collect(1000).await.unwrap();
                assert_eq!(&params[..], b"\x02\x03one\x03two");
                call.reply(b"\x06onetwo".as_slice().into()).await.unwrap();
            }
            "forget" => {
                assert_eq!(&call.params.collect(1000).await.unwrap()[..], b"\x04text");
                call.reply(Bytes::new()).await.unwrap();
            }
            "fail" | "fail-silently" => {}
            // A stream is answered with itself: its frames pass through as they are.
            "echo" => {
                while let Some(frame) = call.params.next().await.unwrap() {
                    call.results.send(&frame.path, frame.data).await.unwrap();
                }
                call.results.finish().await.unwrap();
            }
            other => panic!("nobody calls {other}"),
        }
    }
}

/// Has our server serve, and upstream's client call everything.
async fn upstream_calls<C: Invoke<Context = ()>>(listener: impl Listen, client: &C) {
    let server = Server::new(Texts);
    let serving = tokio::spawn(async move { server.serve(listener).await });

    let joined = texts::join(client, (), &["one", "two"]).await.unwrap();
    assert_eq!(joined, "onetwo");
    texts::forget(client, (), "text").await.unwrap();
    texts::fail(client, ()).await.unwrap_err();
    let bytes: ByteStream = Box::pin(futures::stream::iter([
        Bytes::from_static(b"piece by "),
        Bytes::from(vec![7; 300_000]),
    ]));
    let (echoed, io) = texts::echo(client, (), bytes).await.unwrap();
    // What was ready at once travelled with the values.
    let send = async {
        if let Some(io) = io {
            io.await.unwrap();
        }
    };
    let (echoed, ()) = tokio::join!(echoed.collect::<Vec<_>>(), send);
    assert_eq!(echoed.concat().len(), 300_009);
    serving.abort();
}

#[tokio::test]
async fn upstream_calls_us_over_tcp() {
    let listener = tcp::Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address().unwrap();
    upstream_calls(listener, &wrpc_transport::tcp::Client::from(address)).await;
}

#[tokio::test]
async fn upstream_calls_us_over_unix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = unix::Listener::bind(&path).unwrap();
    upstream_calls(listener, &wrpc_transport::unix::Client::from(path)).await;
}

#[tokio::test]
async fn upstream_calls_us_over_quic() {
    let (server, client) = certificates::quic_endpoints();
    let address = server.local_addr().unwrap();
    let listener = quic_transport::Listener::new(server);
    let connection = client
        .connect(address, certificates::NAME)
        .unwrap()
        .await
        .unwrap();
    upstream_calls(listener, &wrpc_quic::Client::from(connection)).await;
}

// ---- ours as the client, upstream as the server ------------------------------------------------------

#[derive(Clone, Copy)]
struct UpstreamTexts;

impl bindings::exports::test::wire::texts::Handler<()> for UpstreamTexts {
    async fn join(&self, (): (), parts: Vec<String>) -> anyhow::Result<String> {
        Ok(parts.concat())
    }

    async fn forget(&self, (): (), text: String) -> anyhow::Result<()> {
        assert_eq!(text, "text");
        Ok(())
    }

    async fn fail(&self, (): ()) -> anyhow::Result<String> {
        anyhow::bail!("it fails")
    }

    async fn fail_silently(&self, (): ()) -> anyhow::Result<()> {
        anyhow::bail!("it fails")
    }

    async fn echo(&self, (): (), bytes: ByteStream) -> anyhow::Result<ByteStream> {
        Ok(bytes)
    }
}

/// Has upstream's server answer what `accept` gives it, until the set is dropped.
async fn upstream_serves<I, O, H, F>(
    server: wrpc_transport::Server<(), I, O, H>,
    mut accept: impl FnMut() -> F + Send + 'static,
) -> JoinSet<()>
where
    I: tokio::io::AsyncBufRead + Send + Sync + Unpin + 'static,
    O: AsyncWrite + Send + Sync + Unpin + 'static,
    H: ConnHandler<I, O> + Send + Sync + 'static,
    F: Future<Output = (I, O)> + Send,
{
    let server = Arc::new(server);
    let mut tasks = JoinSet::new();
    let invocations = bindings::serve(server.as_ref(), UpstreamTexts)
        .await
        .unwrap();
    let mut invocations = select_all(invocations.into_iter().map(|(_, _, stream)| stream));
    tasks.spawn(async move {
        loop {
            let (reader, writer) = accept().await;
            server.accept((), writer, reader).await.unwrap();
        }
    });
    tasks.spawn(async move {
        while let Some(invocation) = invocations.next().await {
            let answer = invocation.unwrap();
            tokio::spawn(async move {
                // What fails on purpose fails here too.
                let _ = answer.await;
            });
        }
    });
    tasks
}

/// Has our client call everything.
async fn we_call(connector: impl Connect) {
    let client = Client::new(Protocol::Plain, connector);
    let call = async |function: &str, params: &'static [u8]| {
        let target = Target::new(INSTANCE, function).unwrap();
        client.call(&target, &Meta::default(), params.into()).await
    };
    let joined = call("join", b"\x02\x03one\x03two").await;
    assert_eq!(joined, Ok(b"\x06onetwo".as_slice().into()));
    assert_eq!(call("forget", b"\x04text").await, Ok(Bytes::new()));
    // Upstream has no word for a failure: a stream that ends early is all there is.
    let failed: Result<Bytes, CallError> = call("fail", b"").await;
    assert!(
        matches!(&failed, Ok(results) if results.is_empty()) || is_gone(&failed),
        "{failed:?}"
    );

    let target = Target::new(INSTANCE, "echo").unwrap();
    let (mut outgoing, mut incoming) = client.start(&target, &Meta::default()).await.unwrap();
    let (values, first) = (Path::root(), Path::new(&[0]).unwrap());
    let send = async {
        outgoing
            .send(&values, b"\0".as_slice().into())
            .await
            .unwrap();
        outgoing
            .send(&first, b"\x05piece".as_slice().into())
            .await
            .unwrap();
        outgoing
            .send(&first, b"\x00".as_slice().into())
            .await
            .unwrap();
        outgoing.finish().await.unwrap();
    };
    let receive = async {
        let mut echoed = Vec::new();
        let mut root = Vec::new();
        while let Some(Frame { path, data }) = incoming.next().await.unwrap() {
            let stream = if path.is_root() {
                &mut root
            } else {
                &mut echoed
            };
            stream.extend_from_slice(&data);
        }
        (root, echoed)
    };
    let ((), (root, echoed)) = tokio::join!(send, receive);
    assert_eq!(root, b"\0");
    assert_eq!(echoed, b"\x05piece\x00");
}

fn is_gone(result: &Result<Bytes, CallError>) -> bool {
    matches!(result, Err(error) if error.code == Code::Gone)
}

fn halves(
    (reader, writer): (
        impl AsyncRead + Send + Sync + Unpin,
        impl AsyncWrite + Send + Sync + Unpin,
    ),
) -> (
    impl tokio::io::AsyncBufRead + Send + Sync + Unpin,
    impl AsyncWrite + Send + Sync + Unpin,
) {
    (BufReader::new(reader), writer)
}

#[tokio::test]
async fn we_call_upstream_over_tcp() {
    let listener = Arc::new(tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = listener.local_addr().unwrap();
    let _tasks = upstream_serves(wrpc_transport::Server::default(), move || {
        let listener = Arc::clone(&listener);
        async move { halves(listener.accept().await.unwrap().0.into_split()) }
    })
    .await;
    we_call(tcp::Connector::new(address.to_string())).await;
}

#[tokio::test]
async fn we_call_upstream_over_unix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = Arc::new(tokio::net::UnixListener::bind(&path).unwrap());
    let _tasks = upstream_serves(wrpc_transport::Server::default(), move || {
        let listener = Arc::clone(&listener);
        async move { halves(listener.accept().await.unwrap().0.into_split()) }
    })
    .await;
    we_call(unix::Connector::new(path)).await;
}

#[tokio::test]
async fn we_call_upstream_over_quic() {
    let (server, client) = certificates::quic_endpoints();
    let address = server.local_addr().unwrap();
    let connection = Arc::new(OnceCell::new());
    let _tasks = upstream_serves(wrpc_quic::Server::new(), move || {
        let (server, connection) = (server.clone(), Arc::clone(&connection));
        async move {
            let connect = async || server.accept().await.unwrap().await.unwrap();
            let connection = connection.get_or_init(connect).await;
            let (writer, reader) = connection.accept_bi().await.unwrap();
            (BufReader::new(reader), writer)
        }
    })
    .await;
    let connector = quic_transport::Connector::new(client, address, certificates::NAME);
    we_call(connector).await;
}

// ---- both ours ------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_failure_without_results_is_seen_by_the_caller() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = unix::Listener::bind(&path).unwrap();
    let server = Server::new(Texts);
    let serving = tokio::spawn(async move { server.serve(listener).await });

    // Ours, and upstream's, which takes a failed server of its own for one that answered.
    let client = Client::new(Protocol::Plain, unix::Connector::new(&path));
    let target = Target::new(INSTANCE, "fail-silently").unwrap();
    let failed = client.call(&target, &Meta::default(), Bytes::new()).await;
    assert!(is_gone(&failed), "{failed:?}");
    serving.abort();
}

#[tokio::test]
async fn what_plain_cannot_carry_is_refused() {
    let client = Client::new(Protocol::Plain, unix::Connector::new("nowhere"));
    let target = Target::new(INSTANCE, "join").unwrap();
    let meta = Meta {
        caller: Some("me".into()),
        ..Meta::default()
    };
    let refused = client.call(&target, &meta, Bytes::new()).await.unwrap_err();
    assert_eq!(refused.code, Code::Unsupported);
    let unreachable = client
        .call(&target, &Meta::default(), Bytes::new())
        .await
        .unwrap_err();
    assert_eq!(unreachable.code, Code::Unreachable);
}
