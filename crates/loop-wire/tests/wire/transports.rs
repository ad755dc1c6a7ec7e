//! The contract of `loop_wire::transport`, held by every transport: the same cases over each of them.

use std::any::Any;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::ConnectOptions;
use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use loop_wire::envelope::{Connection, Role, Settings};
use loop_wire::frame::{self, Path};
use loop_wire::transport::{
    Connect, Listen, Stream, http2, nats, quic, shm, stdio, tcp, tls, unix,
};
use loop_wire::{Call, Client, Code, Handler, Meta, Protocol, Server, Target, plain};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::wire::certificates;
use crate::wire::simulator::said;
use loop_test::NatsServer;

/// Both ends of a transport, and what keeps them alive.
struct Ends {
    connector: Box<dyn Connect>,
    listener: Box<dyn Listen>,
    alive: Box<dyn Any + Send>,
}

struct Connector(Box<dyn Connect>);
struct Listener(Box<dyn Listen>);

impl Connect for Connector {
    fn connect(&self) -> BoxFuture<'_, io::Result<Stream>> {
        self.0.connect()
    }
}

impl Listen for Listener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>> {
        self.0.accept()
    }
}

impl Ends {
    fn new(connector: impl Connect, listener: impl Listen, alive: impl Any + Send) -> Self {
        Self {
            connector: Box::new(connector),
            listener: Box::new(listener),
            alive: Box::new(alive),
        }
    }

    /// Two ends of one stream. Some transports tell the listener only when something was written.
    async fn pair(mut self) -> (Stream, Stream, Box<dyn Any + Send>) {
        let connect = async {
            let mut stream = self.connector.connect().await.unwrap();
            stream.writer.write_all(b"!").await.unwrap();
            stream.writer.flush().await.unwrap();
            stream
        };
        let accept = async {
            let mut stream = self.listener.accept().await.unwrap();
            assert_eq!(stream.reader.read_u8().await.unwrap(), b'!');
            stream
        };
        let (near, far) = tokio::join!(connect, accept);
        (
            near,
            far,
            Box::new((self.alive, Connector(self.connector), self.listener)),
        )
    }
}

/// A listener that has one stream.
struct Once(Option<Stream>);

impl Listen for Once {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>> {
        let stream = self.0.take();
        Box::pin(async {
            match stream {
                Some(stream) => Ok(stream),
                None => std::future::pending().await,
            }
        })
    }
}

async fn unix_ends() -> Ends {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = unix::Listener::bind(&path).unwrap();
    Ends::new(unix::Connector::new(path), listener, folder)
}

async fn shm_ends() -> Ends {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = shm::Listener::bind(&path).unwrap();
    Ends::new(shm::Connector::new(path), listener, folder)
}

async fn tcp_ends() -> Ends {
    let listener = tcp::Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address().unwrap();
    Ends::new(tcp::Connector::new(address.to_string()), listener, ())
}

async fn http2_ends() -> Ends {
    let listener = http2::Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address().to_string();
    Ends::new(http2::Connector::new(address), listener, ())
}

async fn nats_ends() -> Ends {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let server = &NatsServer::shared().address;
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    let subject = format!("test.transports.{}.{number}", std::process::id());
    let listener = nats::Listener::bind(server, &subject, ConnectOptions::new());
    let listener = listener.await.unwrap();
    let connector = nats::Connector::new(server, subject, ConnectOptions::new());
    Ends::new(connector, listener, ())
}

async fn tls_ends() -> Ends {
    let (server, client, _) = certificates::mutual();
    let listener = tls::Listener::bind("127.0.0.1:0", server).await.unwrap();
    let address = listener.address().to_string();
    let connector = tls::Connector::new(address, certificates::NAME, client).unwrap();
    Ends::new(connector, listener, ())
}

async fn quic_ends() -> Ends {
    let (server, client) = certificates::quic_endpoints();
    let address = server.local_addr().unwrap();
    let connector = quic::Connector::new(client.clone(), address, certificates::NAME);
    Ends::new(connector, quic::Listener::new(server), client)
}

async fn stdio_pipes_ends() -> Ends {
    let (far_reader, near_writer) = io::pipe().unwrap();
    let (near_reader, far_writer) = io::pipe().unwrap();
    let near = stdio::from_descriptors(near_reader.into(), near_writer.into()).unwrap();
    let far = stdio::from_descriptors(far_reader.into(), far_writer.into()).unwrap();
    Ends::new(stdio::Connector::new(near), Once(Some(far)), ())
}

async fn stdio_pair_ends() -> Ends {
    let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    let stream = |socket: std::os::unix::net::UnixStream| {
        let again = socket.try_clone().unwrap();
        stdio::from_descriptors(socket.into(), again.into()).unwrap()
    };
    Ends::new(
        stdio::Connector::new(stream(near)),
        Once(Some(stream(far))),
        (),
    )
}

macro_rules! hold {
    ($($transport:ident: $ends:ident),* $(,)?) => { $(
        mod $transport {
            use super::*;

            #[tokio::test]
            async fn bytes_arrive_in_order_in_both_directions() {
                super::order($ends().await).await;
            }

            #[tokio::test]
            async fn a_reader_that_does_not_read_stops_the_writer() {
                super::back_pressure($ends().await).await;
            }

            #[tokio::test]
            async fn one_direction_ends_and_the_other_goes_on() {
                super::half_close($ends().await).await;
            }

            #[tokio::test]
            async fn a_peer_that_goes_away_is_noticed() {
                super::peer_gone($ends().await).await;
            }

            #[tokio::test]
            async fn calls_are_answered_in_both_protocols() {
                for protocol in PROTOCOLS {
                    super::calls($ends().await, protocol).await;
                }
            }

            #[tokio::test]
            async fn many_large_calls_are_answered_at_once() {
                super::crowd($ends().await).await;
            }

            #[tokio::test]
            async fn a_call_that_is_dropped_is_cancelled() {
                super::cancel($ends().await).await;
            }

            #[tokio::test]
            async fn a_caller_may_go_away_at_any_byte() {
                for protocol in PROTOCOLS {
                    for cut in 0..question(protocol).len() {
                        super::caller_gone($ends().await, protocol, cut).await;
                    }
                }
            }

            #[tokio::test]
            async fn a_callee_may_go_away_at_any_byte() {
                for protocol in PROTOCOLS {
                    for cut in 0..=answer(protocol).len() {
                        super::callee_gone($ends().await, protocol, cut).await;
                    }
                }
            }
        }
    )* };
}

hold! {
    over_unix: unix_ends,
    over_shm: shm_ends,
    over_tcp: tcp_ends,
    over_tls: tls_ends,
    over_http2: http2_ends,
    over_nats: nats_ends,
    over_quic: quic_ends,
    over_stdio_pipes: stdio_pipes_ends,
    over_stdio_pair: stdio_pair_ends,
}

const PROTOCOLS: [Protocol; 2] = [Protocol::Plain, Protocol::Envelope];

/// Longer than anything here takes; a case that waits so long hangs.
const LONG: Duration = Duration::from_secs(20);

fn pattern(from: usize, count: usize) -> Vec<u8> {
    (from..from + count)
        .map(|at| u8::try_from(at * at % 251).unwrap())
        .collect()
}

async fn order(ends: Ends) {
    const BYTES: usize = 3_000_000;
    let (near, far, _alive) = ends.pair().await;
    let speak = async |mut stream: Stream| {
        let write = async {
            let mut sent = 0;
            while sent < BYTES {
                let count = (sent % 7919 + 1).min(BYTES - sent);
                stream
                    .writer
                    .write_all(&pattern(sent, count))
                    .await
                    .unwrap();
                sent += count;
            }
            stream.writer.shutdown().await.unwrap();
        };
        let read = async {
            let mut all = Vec::new();
            stream.reader.read_to_end(&mut all).await.unwrap();
            assert!(all == pattern(0, BYTES), "{} bytes came", all.len());
        };
        tokio::join!(write, read);
    };
    timeout(LONG, async { tokio::join!(speak(near), speak(far)) })
        .await
        .unwrap();
}

async fn back_pressure(ends: Ends) {
    const MUCH: usize = 64 * 1024 * 1024;
    let (mut near, mut far, _alive) = ends.pair().await;
    let piece = vec![7; 64 * 1024];
    let mut sent = 0;
    // A writer that took nothing for so long waits for the reader.
    while let Ok(written) = timeout(Duration::from_millis(200), near.writer.write(&piece)).await {
        sent += written.unwrap();
        assert!(sent < MUCH, "it takes without end");
    }
    let write = async {
        near.writer.write_all(&piece).await.unwrap();
        near.writer.shutdown().await.unwrap();
    };
    let mut all = Vec::new();
    let read = far.reader.read_to_end(&mut all);
    let ((), read) = timeout(LONG, async { tokio::join!(write, read) })
        .await
        .unwrap();
    assert_eq!(read.unwrap(), sent + piece.len());
}

async fn half_close(ends: Ends) {
    let (mut near, mut far, _alive) = ends.pair().await;
    near.writer.write_all(b"question").await.unwrap();
    near.writer.shutdown().await.unwrap();
    let mut all = Vec::new();
    timeout(LONG, far.reader.read_to_end(&mut all))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(all, b"question");
    far.writer.write_all(b"answer").await.unwrap();
    far.writer.shutdown().await.unwrap();
    all.clear();
    timeout(LONG, near.reader.read_to_end(&mut all))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(all, b"answer");
}

async fn peer_gone(ends: Ends) {
    let (near, mut far, _alive) = ends.pair().await;
    drop(near);
    let mut all = Vec::new();
    // It is an end or an error, and which one is up to the transport.
    let _ = timeout(LONG, far.reader.read_to_end(&mut all))
        .await
        .unwrap();
    assert_eq!(all, b"");
    let writing = async {
        while far.writer.write_all(&[0; 4096]).await.is_ok() {
            if far.writer.flush().await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, writing).await.unwrap();
}

/// Echoes, or waits for ever; tells when a call is made and when it is over.
struct Echo(mpsc::UnboundedSender<String>);

struct Over(mpsc::UnboundedSender<String>);

impl Drop for Over {
    fn drop(&mut self) {
        let _ = self.0.send("over".to_owned());
    }
}

impl Handler for Echo {
    async fn call(&self, mut call: Call) {
        let _over = Over(self.0.clone());
        self.0.send(call.target.function().to_owned()).unwrap();
        if call.target.function() == "wait" {
            std::future::pending::<()>().await;
        }
        if let Ok(params) = call.params.collect(usize::MAX).await {
            let _ = call.reply(params).await;
        }
    }
}

fn target(function: &str) -> Target {
    Target::new("test:wire/echo", function).unwrap()
}

async fn calls(ends: Ends, protocol: Protocol) {
    let (sender, _events) = unbounded();
    let server = Server::new(Echo(sender));
    let serving = tokio::spawn(async move { server.serve(Listener(ends.listener)).await });
    let client = Client::new(protocol, Connector(ends.connector));
    // A transport that has one stream has one plain call.
    let sizes = if protocol == Protocol::Plain {
        &[200_000][..]
    } else {
        &[0, 1, 64, 200_000]
    };
    let (target, meta) = (target("echo"), Meta::default());
    for size in sizes {
        let params = Bytes::from(pattern(*size, *size));
        let called = client.call(&target, &meta, params.clone());
        let called = timeout(LONG, called).await.unwrap();
        assert_eq!(called, Ok(params), "{size} bytes");
    }
    serving.abort();
}

/// Both directions are full at once, again and again: whoever stops reading until it has written has to begin again.
async fn crowd(ends: Ends) {
    let (sender, _events) = unbounded();
    let server = Server::new(Echo(sender));
    let serving = tokio::spawn(async move { server.serve(Listener(ends.listener)).await });
    let client = Client::new(Protocol::Envelope, Connector(ends.connector));
    let (target, meta) = (target("echo"), Meta::default());
    let params = Bytes::from(pattern(0, 1 << 20));
    let calls = (0..64).map(|_| client.call(&target, &meta, params.clone()));
    let called = timeout(LONG, futures::future::join_all(calls)).await;
    for answer in called.unwrap() {
        assert!(answer.unwrap() == params);
    }
    serving.abort();
}

async fn cancel(ends: Ends) {
    let (sender, mut events) = unbounded();
    let server = Server::new(Echo(sender));
    let serving = tokio::spawn(async move { server.serve(Listener(ends.listener)).await });
    let client = Client::new(Protocol::Envelope, Connector(ends.connector));
    let caller = client.clone();
    let call = tokio::spawn(async move {
        caller
            .call(&target("wait"), &Meta::default(), Bytes::new())
            .await
    });
    assert_eq!(events.recv().await.unwrap(), "wait");
    call.abort();
    assert_eq!(timeout(LONG, events.recv()).await.unwrap().unwrap(), "over");
    // The others go on.
    let params = Bytes::from_static(b"alive");
    let called = client
        .call(&target("echo"), &Meta::default(), params.clone())
        .await;
    assert_eq!(called, Ok(params));
    serving.abort();
}

/// All that a caller says of one call.
fn question(protocol: Protocol) -> Vec<u8> {
    if protocol == Protocol::Plain {
        let mut bytes = Vec::new();
        plain::encode_head(&target("echo"), &mut bytes);
        frame::encode_head(&Path::root(), 5, &mut bytes);
        bytes.extend_from_slice(b"value");
        return bytes;
    }
    let now = std::time::Instant::now();
    let mut caller = Connection::new(Role::Caller, &Settings::default(), now);
    let value = Bytes::from_static(b"value");
    caller
        .open(&target("echo"), &Meta::default(), value, true, now)
        .unwrap();
    said(&caller, usize::MAX)
}

/// All that a callee says to it.
fn answer(protocol: Protocol) -> Vec<u8> {
    if protocol == Protocol::Plain {
        let mut bytes = Vec::new();
        frame::encode_head(&Path::root(), 5, &mut bytes);
        bytes.extend_from_slice(b"value");
        return bytes;
    }
    let now = std::time::Instant::now();
    let mut callee = Connection::new(Role::Callee, &Settings::default(), now);
    callee
        .receive(&mut BytesMut::from(&question(protocol)[..]), now)
        .unwrap();
    while let Some(event) = callee.next_event() {
        if let loop_wire::envelope::Event::Opened { call, .. } = event {
            callee
                .send_last(call, &Path::root(), Bytes::from_static(b"value"))
                .unwrap();
        }
    }
    said(&callee, usize::MAX)
}

async fn caller_gone(mut ends: Ends, protocol: Protocol, cut: usize) {
    let (sender, mut events) = unbounded();
    let server = Server::new(Echo(sender));
    let bytes = question(protocol);
    let mut near = ends.connector.connect().await.unwrap();
    near.writer.write_all(&bytes[..cut]).await.unwrap();
    near.writer.flush().await.unwrap();
    drop(near);
    // Where nothing was written, some listeners are never told.
    if let Ok(stream) = timeout(Duration::from_millis(50), ends.listener.accept()).await {
        timeout(LONG, server.attach(stream.unwrap())).await.unwrap();
    }
    // In the envelope nothing is called before the message is whole; a plain call begins with its head.
    if protocol == Protocol::Envelope {
        assert!(events.try_recv().is_err(), "cut at {cut}");
    }
}

async fn callee_gone(mut ends: Ends, protocol: Protocol, cut: usize) {
    let bytes = answer(protocol);
    let whole = cut == bytes.len();
    let question_len = question(protocol).len();
    let client = Client::new(protocol, Connector(ends.connector));
    let answering = async move {
        let mut far = ends.listener.accept().await.unwrap();
        let mut asked = vec![0; question_len];
        far.reader.read_exact(&mut asked).await.unwrap();
        far.writer.write_all(&bytes[..cut]).await.unwrap();
        if whole && protocol == Protocol::Plain {
            far.writer.shutdown().await.unwrap();
        }
        far.writer.flush().await.unwrap();
        drop(far);
        ends.listener
    };
    let value = Bytes::from_static(b"value");
    let target = target("echo");
    let meta = Meta::default();
    let calling = timeout(LONG, client.call(&target, &meta, value.clone()));
    let (called, _listener) = tokio::join!(calling, answering);
    match called.unwrap() {
        Ok(results) if whole => assert_eq!(results, value),
        // A plain answer that is cut before its first byte is one without results.
        Ok(results) => assert!(protocol == Protocol::Plain && cut == 0 && results.is_empty()),
        Err(error) => assert!(error.code == Code::Gone, "{cut}: {error:?}"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test sends a handful of events"
)]
fn unbounded() -> (
    mpsc::UnboundedSender<String>,
    mpsc::UnboundedReceiver<String>,
) {
    mpsc::unbounded_channel()
}

#[tokio::test]
async fn a_caller_without_a_certificate_is_refused_and_one_with_it_is_known() {
    let (server, client, stranger) = certificates::mutual();
    let mut listener = tls::Listener::bind("127.0.0.1:0", server).await.unwrap();
    let address = listener.address().to_string();
    let connect = async |config| {
        let connector = tls::Connector::new(address.clone(), certificates::NAME, config).unwrap();
        let mut stream = connector.connect().await?;
        // In TLS 1.3 the caller learns with its first reading that it was refused.
        stream.writer.write_all(b"!").await?;
        stream.writer.flush().await?;
        stream.reader.read_u8().await
    };
    connect(stranger).await.unwrap_err();
    let accept = async {
        let mut stream = listener.accept().await.unwrap();
        assert!(stream.peer.certificate.is_some());
        stream.writer.write_all(b"!").await.unwrap();
        stream.writer.flush().await.unwrap();
        stream
    };
    let (connected, _stream) = tokio::join!(connect(client), accept);
    assert_eq!(connected.unwrap(), b'!');
}

#[tokio::test]
async fn a_terminal_or_a_file_is_no_standard_stream() {
    let file = || std::fs::File::open("/dev/null").unwrap();
    let refused = stdio::from_descriptors(file().into(), file().into()).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_child_is_spoken_to_over_its_standard_streams() {
    for kind in [stdio::Kind::Pipes, stdio::Kind::SocketPair] {
        // `cat` sends back what it is told, on descriptors that it knows nothing of.
        let (mut child, mut stream) =
            stdio::spawn(tokio::process::Command::new("cat"), kind).unwrap();
        stream
            .writer
            .write_all(b"to the child and back")
            .await
            .unwrap();
        stream.writer.shutdown().await.unwrap();
        let mut all = Vec::new();
        timeout(LONG, stream.reader.read_to_end(&mut all))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(all, b"to the child and back", "{kind:?}");
        assert!(
            timeout(LONG, child.wait())
                .await
                .unwrap()
                .unwrap()
                .success()
        );
    }
}
