//! The floor: two blocking processes that send the same number of bytes to and fro, over what the transport stands on. For
//! shared memory where both are awake it is the ring itself, else the unix socket; for TLS it is TCP.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};

use crate::nats::{self, NatsServer, Requests};
use crate::ours;
use crate::peer::{Peer, Placement, Role, say};
use crate::rings::Rings;
use crate::transport::Transport;

/// A process that echoes, and a descriptor that leads to it.
pub(crate) struct Floor {
    pipe: Pipe,
    bytes: Vec<u8>,
    _peer: Peer,
    _nats: Option<NatsServer>,
}

enum Pipe {
    Unix(UnixStream),
    Tcp(TcpStream),
    /// One datagram for each ping: what QUIC does, less what QUIC adds.
    Udp(UdpSocket),
    Rings(Rings),
    /// A request and its reply, by NATS's own client.
    Nats(Requests),
}

impl Floor {
    pub(crate) fn start(
        transport: Transport,
        placement: Placement,
        size: usize,
    ) -> anyhow::Result<Self> {
        let nats = (transport == Transport::Nats)
            .then(NatsServer::start)
            .transpose()?;
        let size_or_server = match &nats {
            Some(server) => server.address.clone(),
            None => size.to_string(),
        };
        let peer = Peer::start("echo", transport, placement, &size_or_server)?;
        let pipe = match transport {
            Transport::Shm if placement == Placement::Awake => Pipe::Rings(Rings::new(placement)),
            Transport::Nats => Pipe::Nats(Requests::new(ours::runtime()?, &size_or_server)?),
            Transport::Unix | Transport::Shm => Pipe::Unix(UnixStream::connect(&peer.address)?),
            Transport::Tcp | Transport::Http2 | Transport::Tls => {
                let stream = TcpStream::connect(&peer.address)?;
                stream.set_nodelay(true)?;
                Pipe::Tcp(stream)
            }
            Transport::Quic => {
                let socket = UdpSocket::bind("127.0.0.1:0")?;
                socket.connect(&peer.address)?;
                Pipe::Udp(socket)
            }
        };
        placement.take(Role::Caller)?;
        Ok(Self {
            pipe,
            bytes: vec![7; size],
            _peer: peer,
            _nats: nats,
        })
    }

    pub(crate) fn ping_pong(&mut self) -> anyhow::Result<()> {
        match &mut self.pipe {
            Pipe::Unix(stream) => {
                stream.write_all(&self.bytes)?;
                stream.read_exact(&mut self.bytes)?;
            }
            Pipe::Tcp(stream) => {
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
pub(crate) fn echo(transport: Transport, size_or_server: &str) -> anyhow::Result<()> {
    if transport == Transport::Nats {
        return nats::echo(&ours::runtime()?, size_or_server);
    }
    let size = size_or_server.parse()?;
    match transport {
        Transport::Unix | Transport::Shm => {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("socket");
            let listener = UnixListener::bind(&path)?;
            say(&path.to_string_lossy())?;
            echo_stream(listener.accept()?.0, size)
        }
        Transport::Tcp | Transport::Http2 | Transport::Tls => {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            say(&listener.local_addr()?.to_string())?;
            let (stream, _) = listener.accept()?;
            stream.set_nodelay(true)?;
            echo_stream(stream, size)
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

fn echo_stream(mut stream: impl Read + Write, size: usize) -> anyhow::Result<()> {
    let mut bytes = vec![0; size];
    while stream.read_exact(&mut bytes).is_ok() {
        stream.write_all(&bytes)?;
    }
    Ok(())
}
