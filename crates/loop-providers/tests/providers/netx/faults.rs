//! Peers that do what they must not: of a component that connects, and of one that is connected to.

use std::time::Duration;

use loop_host::AppSpec;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::netx::peer::{Peer, Then};
use crate::netx::serving::{Served, upgrade};
use crate::support::{LONG, Told, host, load, run};

/// The most bytes of a message.
const MAX: usize = 1 << 20;

/// A frame as it is on the wire, with the bit that says whether it is masked. The mask is zeros, which changes nothing.
fn frame(first: u8, masked: bool, announced: u64, payload: &[u8]) -> Vec<u8> {
    let mask = if masked { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match (u8::try_from(announced), u16::try_from(announced)) {
        (Ok(length @ 0..126), _) => bytes.push(mask | length),
        (_, Ok(length)) => {
            bytes.push(mask | 0x7e);
            bytes.extend(length.to_be_bytes());
        }
        _ => {
            bytes.push(mask | 0x7f);
            bytes.extend(announced.to_be_bytes());
        }
    }
    if masked {
        bytes.extend([0; 4]);
    }
    bytes.extend(payload);
    bytes
}

/// What the other side sends, and with which code the connection is ended for it.
fn broken(masked: bool) -> Vec<(&'static str, Vec<u8>, Then, u16)> {
    let whole = |first, payload: &[u8]| frame(first, masked, payload.len() as u64, payload);
    let large = [
        whole(0x02, &vec![0; MAX / 2]),
        whole(0x00, &vec![0; MAX / 2]),
        whole(0x80, b"x"),
    ];
    vec![
        (
            "4 GiB announced",
            frame(0x82, masked, 4 << 30, &[]),
            Then::Hold,
            1009,
        ),
        (
            "all that can be",
            frame(0x82, masked, u64::MAX >> 1, &[]),
            Then::Hold,
            1009,
        ),
        (
            "1 MiB and a byte",
            frame(0x82, masked, MAX as u64 + 1, &[]),
            Then::Hold,
            1009,
        ),
        ("the same in pieces", large.concat(), Then::Hold, 1009),
        ("bad UTF-8", whole(0x81, &[0xc3, 0x28]), Then::Hold, 1007),
        (
            "UTF-8 that is cut",
            whole(0x81, &[b'x', 0xc3]),
            Then::Hold,
            1007,
        ),
        (
            "a bit that is reserved",
            whole(0xc1, b"x"),
            Then::Hold,
            1002,
        ),
        (
            "a code that is reserved",
            whole(0x83, b"x"),
            Then::Hold,
            1002,
        ),
        ("a piece of nothing", whole(0x80, b"x"), Then::Hold, 1002),
        (
            "a large ping",
            frame(0x89, masked, 126, &[0; 126]),
            Then::Hold,
            1002,
        ),
        (
            "the other's mask",
            frame(0x81, !masked, 1, b"x"),
            Then::Hold,
            1002,
        ),
        (
            "an end in the middle of a frame",
            frame(0x82, masked, 10, b"abc"),
            Then::Close,
            1006,
        ),
        (
            "an end in the middle of a message",
            whole(0x02, b"abc"),
            Then::Close,
            1006,
        ),
        ("an end without a word", Vec::new(), Then::Close, 1006),
    ]
}

/// Pings without end, almost, and then a word.
fn pings(masked: bool) -> Vec<u8> {
    let mut bytes = frame(0x89, masked, 125, &[7; 125]).repeat(20_000);
    bytes.extend(frame(0x81, masked, 5, b"after"));
    bytes.extend(frame(0x88, masked, 2, &1000_u16.to_be_bytes()));
    bytes
}

/// What `ws-watch` prints of a peer.
async fn watch(peer: &Peer) -> String {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    let grants = format!(r#"net.http = ["ws://{}"]"#, peer.address);
    let component = load(&host, &loop_test::guest("ws-watch"), folder.path(), &grants);
    let url = format!("ws://{}/", peer.address);
    run(&host, AppSpec::single(component), &[&url]).await
}

#[tokio::test]
async fn of_who_connects() {
    for (what, bytes, then, code) in broken(false) {
        let said = watch(&Peer::sending(bytes, then).await).await;
        let expected = format!("connected\nclosed {code} ");
        assert!(said.starts_with(&expected), "{what}: {said}");
    }
}

#[tokio::test]
async fn pings_to_who_connects() {
    let said = watch(&Peer::sending(pings(false), Then::Hold).await).await;
    assert_eq!(said, "connected\ntext after\nclosed 1000 \nexit 0");
}

/// Servers that do not do what a handshake is.
#[tokio::test]
async fn no_handshake() {
    let accepted = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let endless = format!("HTTP/1.1 101 x\r\n{}", "a: b\r\n".repeat(100_000));
    let elsewhere = "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n";
    for (what, answer, then, expected) in [
        ("silence", "", Then::Hold, "TimedOut"),
        ("half an answer", "HTTP/1.1 101", Then::Hold, "TimedOut"),
        ("an end", "", Then::Close, "Protocol("),
        ("no HTTP", "220 mail\r\n\r\n", Then::Hold, "Protocol("),
        ("the answer to another", accepted, Then::Hold, "Protocol("),
        ("an endless answer", &endless, Then::Hold, "Protocol("),
        (
            "a way back to itself",
            elsewhere,
            Then::Hold,
            "Refused(302)",
        ),
    ] {
        let said = watch(&Peer::answering(answer.into(), then).await).await;
        let expected = format!("not connected: ConnectError::{expected}");
        assert!(said.starts_with(&expected), "{what}: {said}");
    }
}

/// A client that sends these bytes on an open connection, and what comes back: the code of the frame that closes it, if there is one.
async fn client(served: &Served, bytes: &[u8], then: Then) -> Option<u16> {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(upgrade("/").as_bytes()).await.unwrap();
    // The answer and the greeting come first: see `ws-serve`.
    let mut came = Vec::new();
    while !came.ends_with(b"welcome to /") {
        came.push(stream.read_u8().await.unwrap());
    }
    let _ = stream.write_all(bytes).await;
    if then == Then::Close {
        return None;
    }
    came.clear();
    let read = tokio::time::timeout(LONG, stream.read_to_end(&mut came)).await;
    let begin = bytes.get(..bytes.len().min(16));
    assert!(read.is_ok(), "it stays open: {begin:?}, {came:?}");
    let at = came.windows(2).position(|two| two[0] == 0x88)?;
    Some(u16::from_be_bytes(
        came.get(at + 2..at + 4)?.try_into().unwrap(),
    ))
}

#[tokio::test]
async fn of_who_is_connected_to() {
    let served = Served::start("").await;
    let mut witness = served.connect("/").await;
    for (what, bytes, then, code) in broken(true) {
        let got = client(&served, &bytes, then).await;
        let expected = (then == Then::Hold).then_some(code);
        assert_eq!(got, expected, "{what}");
        served.prints(&format!("closed {code} ")).await;
    }
    witness.says("still here").await;
    assert_eq!(witness.hears().await, "still here");
}

#[tokio::test]
async fn pings_to_who_is_connected_to() {
    let served = Served::start("").await;
    let mut witness = served.connect("/").await;
    let pings = pings(true);
    let (pings, asked) = tokio::join!(client(&served, &pings, Then::Hold), async {
        for number in 0..50 {
            witness.says(&number.to_string()).await;
            assert_eq!(witness.hears().await, number.to_string());
        }
    });
    assert_eq!((pings, asked), (Some(1000), ()));
}

/// Requests that are no handshake, or that nobody reads the answer of.
#[tokio::test]
async fn requests() {
    let served = Served::start("").await;
    let good = upgrade("/");
    let witness = served.connect("/").await;
    for (what, request, expected) in [
        (
            "no version",
            good.replace("sec-websocket-version: 13\r\n", ""),
            "426",
        ),
        ("another version", good.replace("13\r\n", "8\r\n"), "426"),
        ("no key", good.replace("sec-websocket-key", "x-key"), "400"),
        ("a key that is none", good.replace("dGhl", "dG*l"), "400"),
        ("another method", good.replace("GET", "POST"), "400"),
        ("HTTP/1.0", good.replace("HTTP/1.1", "HTTP/1.0"), "400"),
        (
            "another protocol",
            good.replace("upgrade: websocket", "upgrade: gopher"),
            "200",
        ),
        ("what the component refuses", upgrade("/no"), "451"),
        ("what it accepts wrongly", upgrade("/bad-protocol"), "500"),
    ] {
        let request = request.replace("connection: upgrade", "connection: close, upgrade");
        let answer = served.ask(&request).await;
        let status = answer.split(' ').nth(1).unwrap();
        assert_eq!(status, expected, "{what}: {answer}");
    }
    drop(witness);
}

/// A client that goes away while the component is busy for it takes nothing from the others.
#[tokio::test]
async fn clients_that_go_away() {
    let served = Served::start("").await;
    let mut witness = served.connect("/").await;
    for request in [
        upgrade("/"),
        "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
    ] {
        for _ in 0..5 {
            let mut stream = TcpStream::connect(served.address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    witness.says("still here").await;
    assert_eq!(witness.hears().await, "still here");
}
