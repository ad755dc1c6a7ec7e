//! Shared memory with a peer that means harm: what it may send, and what it may write while the stream is open.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use loop_wire::transport::shm::ring::{HEAD_BYTES, RING_BYTES, RING_WORDS};
use loop_wire::transport::{Connect, Listen, Stream, shm};
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Longer than anything here takes; a case that waits so long hangs.
const LONG: Duration = Duration::from_secs(20);

const HELLO: &[u8] = b"loop-shm\x01";
const MEMORY_BYTES: u64 = RING_BYTES_ALL * 2;
const RING_BYTES_ALL: u64 = RING_WORDS as u64 * 8;

/// Where the words of the ring to the connector stand; those of the other ring stand `RING_BYTES_ALL` before.
const WRITTEN: u64 = RING_BYTES_ALL;
const READ: u64 = RING_BYTES_ALL + 128;
const DATA: u64 = RING_BYTES_ALL + HEAD_BYTES as u64;

const GOOD: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW);

fn memory(size: u64, seals: SealFlags) -> File {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = rustix::fs::memfd_create("hostile", flags).unwrap();
    rustix::fs::ftruncate(&file, size).unwrap();
    rustix::fs::fcntl_add_seals(&file, seals).unwrap();
    file.into()
}

fn send(socket: &UnixStream, said: &[u8], descriptors: &[OwnedFd]) {
    let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&descriptors)));
    let said = [IoSlice::new(said)];
    rustix::net::sendmsg(socket, &said, &mut control, SendFlags::NOSIGNAL).unwrap();
}

/// A listener that means harm, which answers one connection with `said` and descriptors.
async fn listener(
    said: &'static [u8],
    descriptors: Vec<OwnedFd>,
) -> (io::Result<Stream>, UnixStream) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let answering = tokio::task::spawn_blocking(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut hello = [0; HELLO.len()];
        socket.read_exact(&mut hello).unwrap();
        assert_eq!(hello, HELLO);
        send(&socket, said, &descriptors);
        socket
    });
    let connected = timeout(LONG, shm::Connector::new(path).connect())
        .await
        .unwrap();
    (connected, answering.await.unwrap())
}

/// What the connector says to a listener that sends these.
async fn refused(said: &'static [u8], descriptors: Vec<OwnedFd>) -> String {
    let (connected, _socket) = listener(said, descriptors).await;
    let error = connected.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    error.to_string()
}

#[tokio::test]
async fn what_is_no_memory_of_the_right_form_is_refused() {
    let good = || OwnedFd::from(memory(MEMORY_BYTES, GOOD));
    let socket = || OwnedFd::from(UnixStream::pair().unwrap().0);
    let file = || OwnedFd::from(tempfile::tempfile().unwrap());
    let memory = |size, seals| OwnedFd::from(memory(size, seals));
    let mut findings = Vec::new();
    let cases = [
        ("no descriptors", HELLO, vec![]),
        ("one descriptor", HELLO, vec![good()]),
        ("three", HELLO, vec![good(), socket(), socket()]),
        ("eight", HELLO, (0..8).map(|_| socket()).collect::<Vec<_>>()),
        ("another order", HELLO, vec![socket(), good()]),
        ("a file on a disk", HELLO, vec![file(), socket()]),
        (
            "truncated before it was sealed",
            HELLO,
            vec![memory(4096, GOOD), socket()],
        ),
        ("empty", HELLO, vec![memory(0, GOOD), socket()]),
        (
            "a byte too large",
            HELLO,
            vec![memory(MEMORY_BYTES + 1, GOOD), socket()],
        ),
        (
            "not sealed",
            HELLO,
            vec![memory(MEMORY_BYTES, SealFlags::empty()), socket()],
        ),
        (
            "may shrink",
            HELLO,
            vec![memory(MEMORY_BYTES, SealFlags::GROW), socket()],
        ),
        ("memory instead of a socket", HELLO, vec![good(), good()]),
        (
            "a socket of the network",
            HELLO,
            vec![
                good(),
                std::net::TcpListener::bind("127.0.0.1:0").unwrap().into(),
            ],
        ),
        ("another version", b"loop-shm\x02", vec![good(), socket()]),
        ("half of a hello", b"loop", vec![good(), socket()]),
    ];
    for (name, said, descriptors) in cases {
        let error = refused(said, descriptors).await;
        findings.push(format!("{name}: {error}"));
    }
    insta::assert_snapshot!(findings.join("\n"));
}

#[tokio::test]
async fn memory_that_cannot_be_written_is_refused() {
    let sealed = memory(MEMORY_BYTES, GOOD | SealFlags::WRITE);
    let socket = UnixStream::pair().unwrap().0;
    let (connected, _socket) = listener(HELLO, vec![sealed.into(), socket.into()]).await;
    assert_eq!(
        connected.unwrap_err().kind(),
        io::ErrorKind::PermissionDenied
    );
}

#[tokio::test]
async fn a_listener_that_hangs_up_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let closing = tokio::task::spawn_blocking(move || drop(listener.accept().unwrap()));
    timeout(LONG, shm::Connector::new(path).connect())
        .await
        .unwrap()
        .unwrap_err();
    closing.await.unwrap();
}

/// A stream whose other end is the test itself: the memory as a file, and the two sockets.
struct Hostile {
    stream: Stream,
    memory: File,
    to_connector: UnixStream,
    to_listener: UnixStream,
}

impl Hostile {
    /// A connector's stream, with a listener that means harm.
    async fn listener() -> Self {
        let memory = memory(MEMORY_BYTES, GOOD);
        let (ours, theirs) = UnixStream::pair().unwrap();
        let descriptors = vec![memory.try_clone().unwrap().into(), theirs.into()];
        let (connected, to_listener) = listener(HELLO, descriptors).await;
        Self {
            stream: connected.unwrap(),
            memory,
            to_connector: ours,
            to_listener,
        }
    }

    /// Writes a word, and wakes the connector's reader and its writer.
    fn write(&self, at: u64, word: u64) {
        self.memory.write_all_at(&word.to_ne_bytes(), at).unwrap();
        let _ = (&self.to_connector).write(&[0]);
        let _ = (&self.to_listener).write(&[0]);
    }

    async fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; 64];
        let read = timeout(LONG, self.stream.reader.read(&mut bytes)).await;
        bytes.truncate(read.unwrap()?);
        Ok(bytes)
    }

    /// How reading fails.
    async fn broken(&mut self) -> String {
        let error = self.read().await.unwrap_err();
        format!("{:?}: {error}", error.kind())
    }
}

#[tokio::test]
async fn a_writer_whose_position_is_out_of_range_ends_the_stream() {
    let ring = RING_BYTES as u64;
    for position in [ring + 1, ring * 2, u64::MAX >> 2, (1 << 63) | (ring + 1)] {
        let mut hostile = Hostile::listener().await;
        hostile.write(WRITTEN, position);
        let claimed = position & (u64::MAX >> 2);
        let error = hostile.broken().await;
        let expected = format!(
            "InvalidData: the peer says that it is at byte {claimed} of the ring, and it can only be from 0 to {ring}"
        );
        assert_eq!(error, expected);
        // It stays so: nothing of the ring is believed again.
        hostile.write(WRITTEN, u64::MAX >> 2);
        hostile.broken().await;
    }
}

#[tokio::test]
async fn a_writer_whose_position_runs_backwards_ends_the_stream() {
    let mut hostile = Hostile::listener().await;
    hostile.memory.write_all_at(b"value", DATA).unwrap();
    hostile.write(WRITTEN, 5);
    assert_eq!(hostile.read().await.unwrap(), b"value");
    hostile.write(WRITTEN, 4);
    let most = 5 + RING_BYTES;
    let expected = format!(
        "InvalidData: the peer says that it is at byte 4 of the ring, and it can only be from 5 to {most}"
    );
    assert_eq!(hostile.broken().await, expected);
}

#[tokio::test]
async fn a_reader_whose_position_is_out_of_range_ends_the_stream() {
    // It says that it has read what was never written; or less than it had read before.
    for positions in [&[6][..], &[5, 4]] {
        let hostile = Hostile::listener().await;
        let read = READ - RING_BYTES_ALL;
        let mut writer = hostile.stream.writer;
        writer.write_all(b"value").await.unwrap();
        let mut failed = None;
        for position in positions {
            hostile
                .memory
                .write_all_at(&u64::to_ne_bytes(*position), read)
                .unwrap();
            failed = writer.write(b"!").await.err();
        }
        assert_eq!(failed.unwrap().kind(), io::ErrorKind::InvalidData);
    }
}

#[tokio::test]
async fn a_peer_that_rings_without_reason_is_no_matter() {
    let mut hostile = Hostile::listener().await;
    hostile.to_connector.set_nonblocking(true).unwrap();
    while (&hostile.to_connector).write(&[7; 100]).is_ok() {}
    let waiting = timeout(Duration::from_millis(100), hostile.stream.reader.read_u8());
    waiting.await.unwrap_err();
    hostile.memory.write_all_at(b"value", DATA).unwrap();
    hostile.write(WRITTEN, 5);
    assert_eq!(hostile.read().await.unwrap(), b"value");
}

#[tokio::test]
async fn a_peer_that_takes_no_byte_over_its_socket_holds_up_nobody() {
    let hostile = Hostile::listener().await;
    let mut writer = hostile.stream.writer;
    // It always says that it sleeps, and never reads what wakes it.
    let sleeps = 256;
    let read = READ - RING_BYTES_ALL;
    for count in 1..10_000_u64 {
        hostile
            .memory
            .write_all_at(&1_u64.to_ne_bytes(), sleeps)
            .unwrap();
        timeout(LONG, writer.write_all(b"!"))
            .await
            .unwrap()
            .unwrap();
        hostile
            .memory
            .write_all_at(&count.to_ne_bytes(), read)
            .unwrap();
    }
}

#[tokio::test]
async fn what_a_peer_wrote_before_it_died_is_read() {
    let mut hostile = Hostile::listener().await;
    hostile.memory.write_all_at(b"last", DATA).unwrap();
    hostile.write(WRITTEN, 4);
    // As when a process is killed: it says nothing, and its descriptors are closed.
    drop((hostile.to_connector, hostile.to_listener));
    let mut bytes = [0; 64];
    let read = timeout(LONG, hostile.stream.reader.read(&mut bytes)).await;
    assert_eq!(bytes[..read.unwrap().unwrap()], *b"last");
    let dead = timeout(LONG, hostile.stream.reader.read(&mut bytes)).await;
    assert_eq!(
        dead.unwrap().unwrap_err().kind(),
        io::ErrorKind::ConnectionReset
    );
    let piece = vec![7; 65_536];
    let mut failed = None;
    while failed.is_none() {
        let writing = hostile.stream.writer.write(&piece);
        failed = timeout(LONG, writing).await.unwrap().err();
    }
    assert_eq!(failed.unwrap().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_connector_that_means_harm_ends_its_own_stream_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let mut listener = shm::Listener::bind(&path).unwrap();
    // One says nothing, one speaks another protocol, and one hangs up: the next is accepted all the same.
    let silent = UnixStream::connect(&path).unwrap();
    UnixStream::connect(&path)
        .unwrap()
        .write_all(b"\x00\x04echo")
        .unwrap();
    drop(UnixStream::connect(&path).unwrap());

    let mut socket = UnixStream::connect(&path).unwrap();
    socket.write_all(HELLO).unwrap();
    let mut accepted = timeout(LONG, listener.accept()).await.unwrap().unwrap();
    assert_eq!(
        accepted.peer.process.unwrap().id,
        Some(i32::try_from(std::process::id()).unwrap())
    );
    let mut hello = [0; HELLO.len()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut into = [IoSliceMut::new(&mut hello)];
    rustix::net::recvmsg(&socket, &mut into, &mut control, RecvFlags::empty()).unwrap();
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    let memory = File::from(descriptors.swap_remove(0));
    // Its seals hold: it can take nothing away.
    memory.set_len(0).unwrap_err();
    memory.set_len(MEMORY_BYTES * 2).unwrap_err();
    // It says that it wrote more than fits.
    memory
        .write_all_at(&u64::MAX.to_ne_bytes(), WRITTEN - RING_BYTES_ALL)
        .unwrap();
    socket.write_all(&[0]).unwrap();
    let failed = timeout(LONG, accepted.reader.read_u8()).await.unwrap();
    assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::InvalidData);

    let connecting = shm::Connector::new(&path);
    let (connected, accepted) = tokio::join!(connecting.connect(), listener.accept());
    connected.unwrap().writer.write_all(b"!").await.unwrap();
    assert_eq!(accepted.unwrap().reader.read_u8().await.unwrap(), b'!');
    drop(silent);
}

#[tokio::test]
async fn holes_in_the_memory_are_zeros_and_no_signal() {
    let mut hostile = Hostile::listener().await;
    hostile.memory.write_all_at(b"value", DATA).unwrap();
    hostile.write(WRITTEN, 5);
    assert_eq!(hostile.read().await.unwrap(), b"value");
    let flags = rustix::fs::FallocateFlags::PUNCH_HOLE | rustix::fs::FallocateFlags::KEEP_SIZE;
    rustix::fs::fallocate(&hostile.memory, flags, 0, MEMORY_BYTES).unwrap();
    hostile.write(READ, 0);
    assert!(hostile.broken().await.contains("at byte 0 of the ring"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sides_that_watch_for_each_other_miss_nothing() {
    const ROUNDS: u32 = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let mut listener = shm::Listener::bind(&path).unwrap();
    let connector = shm::Connector::new(&path);
    let (connected, accepted) = tokio::join!(connector.connect(), listener.accept());
    let (mut near, mut far) = (connected.unwrap(), accepted.unwrap());
    let echo = tokio::spawn(async move {
        for _ in 0..ROUNDS {
            let number = far.reader.read_u32().await?;
            far.writer.write_u32(number).await?;
            far.writer.flush().await?;
        }
        io::Result::Ok(())
    });
    let ask = async {
        for number in 0..ROUNDS {
            near.writer.write_u32(number).await?;
            near.writer.flush().await?;
            assert_eq!(near.reader.read_u32().await?, number);
        }
        io::Result::Ok(())
    };
    timeout(LONG, ask).await.unwrap().unwrap();
    echo.await.unwrap().unwrap();
}
