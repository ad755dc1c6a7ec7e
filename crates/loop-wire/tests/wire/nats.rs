//! NATS: listeners that share calls, servers that go away, and messages that are lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_nats::ConnectOptions;
use bytes::Bytes;
use futures::StreamExt as _;
use loop_wire::envelope::Resource;
use loop_wire::transport::nats::link::{self, BEAT_TIME, Event, Link, LinkError, SILENCE_TIME_MAX};
use loop_wire::transport::{Connect, Listen, nats};
use loop_wire::{Call, CallError, Client, Code, Handler, Meta, Protocol, Retry, Server, Target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio::time::timeout;

use loop_test::NatsServer;

/// Longer than anything here takes; a case that waits so long hangs.
const LONG: Duration = Duration::from_secs(20);

/// Echoes and counts, or waits for ever.
#[derive(Clone, Default)]
struct Echo {
    calls: Arc<AtomicUsize>,
    waits: Arc<Notify>,
}

impl Handler for Echo {
    async fn call(&self, mut call: Call) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if call.target.function() == "wait" {
            self.waits.notify_one();
            std::future::pending::<()>().await;
        }
        let params = call.params.collect(usize::MAX).await.unwrap();
        call.reply(params).await.unwrap();
    }
}

impl Echo {
    /// Answers at a subject for as long as the runtime lives.
    async fn listen(&self, server: &NatsServer, subject: &str) {
        let options = ConnectOptions::new();
        let listener = nats::Listener::bind(&server.address, subject, options);
        let listener = listener.await.unwrap();
        let server = Server::new(self.clone());
        tokio::spawn(async move { server.serve(listener).await });
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

fn connector(server: &NatsServer, subject: &str) -> nats::Connector {
    nats::Connector::new(&server.address, subject, ConnectOptions::new())
}

async fn call(client: &Client, function: &str, params: Bytes) -> Result<Bytes, CallError> {
    let target = Target::new("test:wire/echo", function).unwrap();
    let meta = Meta::default();
    timeout(LONG, client.call(&target, &meta, params))
        .await
        .unwrap()
}

#[tokio::test]
async fn two_servers_in_one_group_share_the_calls() {
    let server = NatsServer::start();
    let (one, other) = (Echo::default(), Echo::default());
    one.listen(&server, "test.shared").await;
    other.listen(&server, "test.shared").await;
    for protocol in [Protocol::Envelope, Protocol::Plain] {
        let client = Client::new(protocol, connector(&server, "test.shared"));
        let before = (one.calls(), other.calls());
        let calls = (0..64_u8).map(|number| {
            let client = client.clone();
            async move {
                let params = Bytes::from(vec![number; 1000]);
                assert_eq!(call(&client, "echo", params.clone()).await, Ok(params));
            }
        });
        futures::future::join_all(calls).await;
        let shares = (one.calls() - before.0, other.calls() - before.1);
        assert_eq!(shares.0 + shares.1, 64, "each call is answered once");
        // That one of them gets none of 64 by chance happens once in 2^63 runs.
        assert!(shares.0 > 0 && shares.1 > 0, "{shares:?}");
    }
}

#[tokio::test]
async fn calls_that_stick_go_to_one_server() {
    let server = NatsServer::start();
    let (one, other) = (Echo::default(), Echo::default());
    one.listen(&server, "test.sticky").await;
    other.listen(&server, "test.sticky").await;
    let client = Client::new(
        Protocol::Envelope,
        connector(&server, "test.sticky").sticky(),
    );
    for _ in 0..20 {
        call(&client, "echo", Bytes::new()).await.unwrap();
    }
    assert!(
        [(20, 0), (0, 20)].contains(&(one.calls(), other.calls())),
        "{} and {}",
        one.calls(),
        other.calls()
    );
}

#[tokio::test]
async fn a_resource_is_dropped_only_where_calls_stick() {
    let server = NatsServer::start();
    let resource = Resource {
        target: Target::new("test:wire/echo", "thing").unwrap(),
        handle: Bytes::from_static(b"handle"),
    };
    let spread = Client::new(Protocol::Envelope, connector(&server, "test.drop"));
    let refused = spread.drop_resource(&resource).unwrap_err();
    assert_eq!(refused.code, Code::Unsupported);
    let stuck = Client::new(Protocol::Envelope, connector(&server, "test.drop").sticky());
    stuck.drop_resource(&resource).unwrap();
}

#[tokio::test]
async fn where_nobody_listens_another_try_is_safe() {
    let server = NatsServer::start();
    let client = Client::new(Protocol::Envelope, connector(&server, "test.nobody"));
    let error = call(&client, "echo", Bytes::new()).await.unwrap_err();
    assert_eq!((error.code, error.retry), (Code::Unreachable, Retry::Safe));
    insta::assert_snapshot!(error.message, @"the peer cannot be reached: nobody listens at `test.nobody`");
}

#[tokio::test]
async fn without_a_server_nobody_is_reached() {
    let address = NatsServer::start().address.clone();
    let connector = nats::Connector::new(address, "test.gone", ConnectOptions::new());
    let client = Client::new(Protocol::Envelope, connector);
    let error = call(&client, "echo", Bytes::new()).await.unwrap_err();
    assert_eq!((error.code, error.retry), (Code::Unreachable, Retry::Safe));
}

#[test]
fn a_listener_that_is_killed_fails_its_calls() {
    let server = NatsServer::start();
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    };
    // Its sockets are closed and it says nothing more, as when a process is killed.
    let (killed, lives) = (runtime(), runtime());
    let echo = Echo::default();
    killed.block_on(echo.listen(&server, "test.killed"));
    lives.block_on(async {
        let client = Client::new(Protocol::Envelope, connector(&server, "test.killed"));
        let waiting = call(&client, "wait", Bytes::new());
        let killing = async {
            echo.waits.notified().await;
            killed.shutdown_background();
        };
        let (failed, ()) = tokio::join!(waiting, killing);
        let error = failed.unwrap_err();
        assert_eq!((error.code, error.retry), (Code::Gone, Retry::Unknown));
        insta::assert_snapshot!(error.message, @"the peer went away: nobody receives any more");
    });
}

#[tokio::test]
async fn a_nats_server_that_is_killed_fails_calls_and_its_return_is_noticed() {
    let server = NatsServer::start();
    let address = server.address.clone();
    let echo = Echo::default();
    echo.listen(&server, "test.returns").await;
    let client = Client::new(Protocol::Envelope, connector(&server, "test.returns"));
    let waiting = call(&client, "wait", Bytes::new());
    let killing = async {
        echo.waits.notified().await;
        drop(server);
    };
    let (failed, ()) = tokio::join!(waiting, killing);
    let error = failed.unwrap_err();
    assert_eq!((error.code, error.retry), (Code::Gone, Retry::Unknown));
    insta::assert_snapshot!(error.message, @"the peer went away: the connection to the NATS server was lost");
    let error = call(&client, "echo", Bytes::new()).await.unwrap_err();
    assert_eq!((error.code, error.retry), (Code::Unreachable, Retry::Safe));

    let _server = NatsServer::start_with(&address, "");
    let answered = async {
        // The listener needs a moment to come back.
        while call(&client, "echo", Bytes::new()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, answered).await.unwrap();
}

#[tokio::test]
async fn messages_are_no_larger_than_the_server_takes() {
    let server = NatsServer::start_with("127.0.0.1:-1", "max_payload: 2048");
    let echo = Echo::default();
    echo.listen(&server, "test.small").await;
    let client = Client::new(Protocol::Envelope, connector(&server, "test.small"));
    let params = Bytes::from(vec![7; 300_000]);
    assert_eq!(call(&client, "echo", params.clone()).await, Ok(params));

    let server = NatsServer::start_with("127.0.0.1:-1", "max_payload: 512");
    let refused = connector(&server, "test.small").connect().await;
    insta::assert_snapshot!(refused.unwrap_err(), @"the server takes 512 bytes in a message, and 1024 are needed");
}

#[tokio::test]
async fn a_stranger_who_speaks_something_else_is_no_matter() {
    let server = NatsServer::start();
    let options = ConnectOptions::new();
    let listener = nats::Listener::bind(&server.address, "test.stranger", options);
    let mut listener = listener.await.unwrap();
    let stranger = async_nats::connect(&server.address).await.unwrap();
    for said in [&b""[..], b"hello", &[1], &[1, 0, 9], &[3, 0], &[1, 1, 1, 0]] {
        stranger
            .publish("test.stranger", Bytes::copy_from_slice(said))
            .await
            .unwrap();
        let answer = stranger.request("test.stranger", Bytes::copy_from_slice(said));
        let answer = timeout(LONG, answer).await.unwrap().unwrap();
        assert_eq!(answer.payload, link::GONE);
    }
    let connector = connector(&server, "test.stranger");
    let mut near = connector.connect().await.unwrap();
    let write = near.writer.write_all(b"!");
    let (written, accepted) = tokio::join!(write, listener.accept());
    written.unwrap();
    assert_eq!(accepted.unwrap().reader.read_u8().await.unwrap(), b'!');
}

/// A side that has said and heard all forgets the stream, while the other may still have to read.
#[tokio::test]
async fn what_came_is_read_after_the_peer_has_forgotten_the_stream() {
    const PIECES: usize = 3;
    let server = NatsServer::start();
    let peer = async_nats::connect(&server.address).await.unwrap();
    let mut opened = peer.subscribe("test.forgets").await.unwrap();
    let mut near = connector(&server, "test.forgets").connect().await.unwrap();
    near.writer.write_all(b"!").await.unwrap();
    near.writer.shutdown().await.unwrap();

    let opening = timeout(LONG, opened.next()).await.unwrap().unwrap();
    let to = opening.reply.unwrap();
    let inbox = peer.new_inbox();
    let mut heard = peer.subscribe(inbox.clone()).await.unwrap();
    let now = Instant::now();
    let (mut far, _) = Link::opened(opening.payload, now).unwrap();
    let mut said = vec![far.accept(b"", now)];
    said.extend((0..PIECES).map(|_| far.send(b"piece", now)));
    said.push(far.end(true, now));
    for message in said {
        let reply = inbox.clone();
        let told = peer.publish_with_reply(to.clone(), reply, message);
        told.await.unwrap();
    }
    let end = timeout(LONG, heard.next()).await.unwrap().unwrap();
    assert_eq!(far.receive(end.payload, now), Ok(Event::End));
    let gone = Bytes::from_static(link::GONE);
    peer.publish(to, gone).await.unwrap();
    peer.flush().await.unwrap();
    // Time in which it arrives. Where that takes longer, nothing is shown.
    tokio::time::sleep(Duration::from_millis(100)).await;

    let mut read = Vec::new();
    near.reader.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, b"piece".repeat(PIECES));
}

/// Two sides, and what they say until both have agreed.
fn pair(now: Instant) -> (Link, Link) {
    let (mut near, opening) = Link::open(b"first", now);
    let (mut far, first) = Link::opened(opening, now).unwrap();
    assert_eq!(first, "first");
    let answer = Event::Data(Bytes::from_static(b"answer"));
    assert_eq!(near.receive(far.accept(b"answer", now), now), Ok(answer));
    (near, far)
}

#[test]
fn a_message_that_is_lost_ends_the_stream() {
    let now = Instant::now();
    let (mut near, mut far) = pair(now);
    let messages: Vec<Bytes> = (0..3_u8).map(|byte| near.send(&[byte], now)).collect();
    let data = Event::Data(Bytes::from_static(&[0]));
    assert_eq!(far.receive(messages[0].clone(), now), Ok(data));
    let lost = LinkError::Lost {
        expected: 2,
        number: 3,
    };
    assert_eq!(far.receive(messages[2].clone(), now), Err(lost));
    // One that comes twice is as wrong.
    let (mut near, mut far) = pair(now);
    let twice = near.send(b"twice", now);
    far.receive(twice.clone(), now).unwrap();
    let lost = LinkError::Lost {
        expected: 2,
        number: 1,
    };
    assert_eq!(far.receive(twice, now), Err(lost));
    // The last one is missed at the next beat.
    let (mut near, mut far) = pair(now);
    let _lost = near.end(true, now);
    let later = now + BEAT_TIME;
    let beat = near.tick(later).unwrap().unwrap();
    assert!(matches!(
        far.receive(beat, later),
        Err(LinkError::Lost { .. })
    ));
}

#[test]
fn a_side_that_says_nothing_is_gone() {
    let now = Instant::now();
    let (mut near, mut far) = pair(now);
    assert_eq!(near.timeout(), now + BEAT_TIME);
    let beat = near.tick(now + BEAT_TIME).unwrap().unwrap();
    assert_eq!(far.receive(beat, now + BEAT_TIME), Ok(Event::Beat));
    let late = now + SILENCE_TIME_MAX;
    assert_eq!(near.tick(late), Err(LinkError::Silent));
    assert!(far.tick(late).unwrap().is_some());
    // One that was never accepted says nothing meanwhile.
    let (mut alone, _) = Link::open(b"", now);
    assert_eq!(alone.timeout(), late);
    assert_eq!(alone.tick(late), Err(LinkError::Silent));
}

#[test]
fn a_side_sends_no_more_than_the_other_takes() {
    let now = Instant::now();
    let (mut near, mut far) = pair(now);
    let mut sent = Vec::new();
    while near.room() > 0 {
        let data = vec![7; near.room()];
        sent.push(data.len());
        far.receive(near.send(&data, now), now).unwrap();
    }
    assert_eq!(
        sent.iter().sum::<usize>() + 5 + (sent.len() + 1) * 512,
        512 * 1024
    );
    // It sends all the same.
    assert_eq!(
        far.receive(near.send(b"!", now), now),
        Err(LinkError::Overrun)
    );
    // What was read is given back, once it is half of the window.
    let (mut near, mut far) = pair(now);
    let mut credits = 0;
    for _ in 0..100 {
        let data = vec![7; near.room()];
        far.receive(near.send(&data, now), now).unwrap();
        if let Some(credit) = far.read(&data, now) {
            assert_eq!(near.receive(credit, now), Ok(Event::Credit));
            credits += 1;
        }
    }
    assert!((20..30).contains(&credits), "{credits}");
}

#[test]
fn what_is_no_message_is_refused() {
    let now = Instant::now();
    let refused = |message: &'static [u8]| {
        let (mut near, _) = pair(now);
        near.receive(Bytes::from_static(message), now).unwrap_err()
    };
    for message in [
        &b""[..],
        b"\x03",
        b"\x00\x01",
        b"\x01\x01",
        b"\x02\x01\x80\x01",
        b"\x04\x01",
        b"\x03\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80",
    ] {
        assert_eq!(refused(message), LinkError::Malformed, "{message:?}");
    }
    assert_eq!(refused(link::GONE), LinkError::Gone);
    assert_eq!(
        refused(b"\x04\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        LinkError::Overrun
    );
    let opened = |message: &'static [u8]| {
        Link::opened(Bytes::from_static(message), now)
            .map(drop)
            .unwrap_err()
    };
    assert_eq!(
        opened(b"\x01\x00\x02\x00"),
        LinkError::Version { version: 2 }
    );
    assert_eq!(opened(b"\x03\x00"), LinkError::Malformed);
    let mut large = vec![1, 0, 1, 0];
    large.resize(4 + link::OPEN_DATA_MAX + 1, 7);
    let large = Link::opened(large.into(), now);
    assert_eq!(large.map(drop).unwrap_err(), LinkError::Overrun);
    // Before it has accepted, a peer has nothing else to say.
    let (mut alone, _) = Link::open(b"", now);
    let data = alone.receive(Bytes::from_static(b"\x03\x00data"), now);
    assert_eq!(data, Err(LinkError::Malformed));
}
