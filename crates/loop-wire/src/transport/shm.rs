//! Shared memory: two rings of bytes between processes of one Linux machine, one for each direction.
//!
//! A call takes no system call while both sides are awake; a side that sleeps is woken through a socket. `docs/wire.md` has
//! the handshake and the layout. Who the peer is, is known as over a unix socket.
//!
//! The peer is not trusted: see [`ring`] for what it can write, and [`Connector`] for what it can send.

mod half;
mod memory;
pub mod ring;

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use rustix::net::sockopt::{socket_domain, socket_type};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketType,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::transport::accept::{Accepted, Handshake, Sender};
use crate::transport::shm::half::{Reader, Side, Writer};
use crate::transport::shm::memory::{Direction, Memory};
use crate::transport::unix::SocketFile;
use crate::transport::{Connect, Listen, Stream, unix};

/// What both sides say first: a name, and the version of the layout.
const HELLO: [u8; 9] = *b"loop-shm\x01";

/// How long a peer may take to shake hands. It is on this machine, and may have to be scheduled.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

/// The descriptors that a listener sends: the memory, and a socket for the direction to the connector.
const DESCRIPTORS: usize = 2;

/// Connects to a socket at a path, and takes the memory that the listener sends.
///
/// What it sends is looked at before it is used: exactly two descriptors, memory of the right size that is sealed so that it
/// can neither shrink nor grow, and a unix socket. Anything else ends the connection with an error.
#[derive(Clone, Debug)]
pub struct Connector {
    path: PathBuf,
}

impl Connector {
    /// Will connect to the socket at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl Connect for Connector {
    fn connect(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async { timeout(HANDSHAKE_TIME_MAX, connect(&self.path)).await? })
    }
}

/// Listens at a path, and removes its socket when it is dropped. Each stream takes half a mebibyte of memory, as it is used.
#[derive(Debug)]
pub struct Listener {
    accepted: Accepted,
    /// Not with what accepts: that ends when the runtime gets to it.
    _file: SocketFile,
}

impl Listener {
    /// Makes a socket at `path`. Who may connect is up to the permissions of the folder that it stands in.
    ///
    /// A socket that a process left there when it ended is replaced; one that somebody listens at is not. It must be called
    /// in a tokio runtime.
    ///
    /// # Errors
    ///
    /// If something else stands at the path, somebody listens there, or the system refuses.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        let (listener, file) = unix::Listener::bind(path)?.into_parts();
        Ok(Self {
            accepted: Accepted::of(listener, Offer),
            _file: file,
        })
    }
}

impl Listen for Listener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>> {
        self.accepted.accept()
    }
}

/// Offers memory to who connects.
struct Offer;

impl Handshake<UnixStream> for Offer {
    async fn shake(&self, socket: UnixStream, sender: Sender) {
        if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIME_MAX, offer(socket)).await {
            let _ = sender.send(Ok(stream)).await;
        }
    }
}

async fn connect(path: &Path) -> io::Result<Stream> {
    let mut socket = UnixStream::connect(path).await?;
    socket.write_all(&HELLO).await?;
    let receive = || receive(&socket);
    let (memory, back) = socket.async_io(Interest::READABLE, receive).await?;
    let memory = Memory::open(&memory)?;
    if !is_unix_stream(&back) {
        return Err(refused("a descriptor is no unix socket"));
    }
    let back = std::os::unix::net::UnixStream::from(back);
    let peer = unix::peer(&socket);
    let side = Side::new(memory);
    let reader = Reader::new(Arc::clone(&side), Direction::ToConnector, registered(back)?);
    let writer = Writer::new(side, Direction::ToListener, socket);
    Ok(Stream::new(reader, writer).from_peer(peer))
}

async fn offer(mut socket: UnixStream) -> io::Result<Stream> {
    let mut hello = [0; HELLO.len()];
    socket.read_exact(&mut hello).await?;
    if hello != HELLO {
        return Err(refused("it speaks another protocol"));
    }
    let (memory, file) = Memory::create()?;
    let (back, theirs) = std::os::unix::net::UnixStream::pair()?;
    let descriptors = [file.as_fd(), theirs.as_fd()];
    let send = || {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let said = [IoSlice::new(&HELLO)];
        Ok(rustix::net::sendmsg(&socket, &said, &mut control, flags)?)
    };
    // It is the first that is sent, so the socket has room for all of it.
    socket.async_io(Interest::WRITABLE, send).await?;
    let peer = unix::peer(&socket);
    let side = Side::new(memory);
    let reader = Reader::new(Arc::clone(&side), Direction::ToListener, socket);
    let writer = Writer::new(side, Direction::ToConnector, registered(back)?);
    Ok(Stream::new(reader, writer).from_peer(peer))
}

fn registered(socket: std::os::unix::net::UnixStream) -> io::Result<UnixStream> {
    socket.set_nonblocking(true)?;
    UnixStream::from_std(socket)
}

/// Receives what a listener sends, which comes in one piece.
fn receive(socket: &UnixStream) -> io::Result<(OwnedFd, OwnedFd)> {
    let mut hello = [0; HELLO.len()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let mut into = [IoSliceMut::new(&mut hello)];
    let received = rustix::net::recvmsg(socket, &mut into, &mut control, flags)?;
    let mut descriptors = Vec::with_capacity(DESCRIPTORS);
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    if received.bytes == 0 {
        return Err(refused("it hung up"));
    }
    if received.bytes != HELLO.len() || hello != HELLO {
        return Err(refused("it speaks another protocol"));
    }
    let count = descriptors.len();
    if received.flags.contains(ReturnFlags::CTRUNC) || count > DESCRIPTORS {
        return Err(refused("it sent more descriptors than two"));
    }
    let descriptors = <[OwnedFd; DESCRIPTORS]>::try_from(descriptors);
    let [memory, back] = descriptors.map_err(|_| {
        let why = format!("it sent {count} descriptors and not two");
        refused(&why)
    })?;
    Ok((memory, back))
}

fn is_unix_stream(socket: &OwnedFd) -> bool {
    socket_domain(socket) == Ok(AddressFamily::UNIX)
        && socket_type(socket) == Ok(SocketType::STREAM)
}

fn refused(why: &str) -> io::Error {
    let message = format!("the peer at the other end does not share memory as it should: {why}");
    io::Error::new(io::ErrorKind::InvalidData, message)
}
