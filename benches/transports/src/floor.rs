//! The floor: two blocking processes that send the same number of bytes to and fro, over what the transport stands on. For
//! shared memory where both are awake it is the ring itself, else the unix socket.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Instant;

use rustls::{ClientConnection, ServerConnection, StreamOwned};

use crate::callee::runtime;
use crate::certificate;
use crate::nats::{self, Requests};
use crate::peer::{Peer, Role, SOCKET, say};
use crate::plan::{Placement, Transport};
use crate::rings::Rings;
use crate::stamps::nanoseconds;

/// A process that echoes, and a descriptor that leads to it.
pub(crate) struct Floor {
    pipe: Pipe,
    bytes: Vec<u8>,
    _peer: Peer,
}

enum Pipe {
    Unix(UnixStream),
    Tcp(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    /// One datagram for each ping: what QUIC does, less what QUIC adds.
    Udp(UdpSocket),
    Rings(Rings),
    /// A request and its reply, by NATS's own client.
    Nats(Requests),
}

impl Floor {
    /// So many bytes, over what the transport stands on. `nats` is where a server of NATS is.
    pub(crate) fn start(
        command: &[OsString],
        transport: Transport,
        placement: Placement,
        size: usize,
        nats: &str,
    ) -> anyhow::Result<Self> {
        let extra = match transport {
            Transport::Nats => nats.to_owned(),
            _ => size.to_string(),
        };
        let peer = Peer::start(command, "echo", transport, placement, &extra)?;
        let tcp = || -> anyhow::Result<TcpStream> {
            let stream = TcpStream::connect(&peer.address)?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        let pipe = match transport {
            Transport::Shm if placement == Placement::Awake => Pipe::Rings(Rings::new(placement)),
            Transport::Unix | Transport::Shm => Pipe::Unix(UnixStream::connect(&peer.address)?),
            Transport::Tcp | Transport::Http2 => Pipe::Tcp(tcp()?),
            Transport::Tls => {
                let config = certificate::trust(peer.folder())?;
                let connection = ClientConnection::new(config, certificate::NAME.try_into()?)?;
                Pipe::Tls(Box::new(StreamOwned::new(connection, tcp()?)))
            }
            Transport::Quic => {
                let socket = UdpSocket::bind("127.0.0.1:0")?;
                socket.connect(&peer.address)?;
                Pipe::Udp(socket)
            }
            Transport::Nats => Pipe::Nats(Requests::new(runtime()?, nats)?),
        };
        placement.take(Role::Caller)?;
        Ok(Self {
            pipe,
            bytes: vec![7; size],
            _peer: peer,
        })
    }

    /// How long each of so many took, in nanoseconds.
    pub(crate) fn round(&mut self, times: u32) -> anyhow::Result<Vec<u64>> {
        let mut taken = Vec::new();
        for _ in 0..times {
            let began = Instant::now();
            self.ping_pong()?;
            taken.push(nanoseconds(began));
        }
        Ok(taken)
    }

    fn ping_pong(&mut self) -> anyhow::Result<()> {
        match &mut self.pipe {
            Pipe::Unix(stream) => {
                stream.write_all(&self.bytes)?;
                stream.read_exact(&mut self.bytes)?;
            }
            Pipe::Tcp(stream) => {
                stream.write_all(&self.bytes)?;
                stream.read_exact(&mut self.bytes)?;
            }
            Pipe::Tls(stream) => {
                stream.write_all(&self.bytes)?;
                stream.read_exact(&mut self.bytes)?;
            }
            Pipe::Rings(rings) => rings.ping_pong(&mut self.bytes)?,
            Pipe::Nats(requests) => requests.ping_pong(&self.bytes)?,
            Pipe::Udp(socket) => {
                for datagram in self.bytes.chunks_mut(DATAGRAM_BYTES) {
                    socket.send(datagram)?;
                    socket.recv(datagram)?;
                }
            }
        }
        Ok(())
    }
}

/// What fits in a packet of a network.
const DATAGRAM_BYTES: usize = 1200;

/// The other process: sends back what comes, so many bytes at a time, or through a server.
pub(crate) fn echo(transport: Transport, folder: &Path, extra: &str) -> anyhow::Result<()> {
    if transport == Transport::Nats {
        return nats::echo(&runtime()?, extra);
    }
    let size = extra.parse()?;
    match transport {
        Transport::Unix | Transport::Shm => {
            let path = folder.join(SOCKET);
            let listener = UnixListener::bind(&path)?;
            say(&path.to_string_lossy())?;
            echo_stream(listener.accept()?.0, size)
        }
        Transport::Tcp | Transport::Http2 => echo_stream(accepted()?, size),
        Transport::Tls => {
            let config = certificate::make(folder)?;
            let connection = ServerConnection::new(config)?;
            echo_stream(StreamOwned::new(connection, accepted()?), size)
        }
        Transport::Quic | Transport::Nats => {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            say(&socket.local_addr()?.to_string())?;
            let mut bytes = [0; DATAGRAM_BYTES];
            loop {
                let (count, from) = socket.recv_from(&mut bytes)?;
                socket.send_to(bytes.get(..count).unwrap_or_default(), from)?;
            }
        }
    }
}

/// The one connection that comes.
fn accepted() -> anyhow::Result<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    say(&listener.local_addr()?.to_string())?;
    let (stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn echo_stream(mut stream: impl Read + Write, size: usize) -> anyhow::Result<()> {
    let mut bytes = vec![0; size];
    while stream.read_exact(&mut bytes).is_ok() {
        stream.write_all(&bytes)?;
    }
    Ok(())
}
