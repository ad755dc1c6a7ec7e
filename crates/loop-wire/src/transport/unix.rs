//! Unix sockets: the quickest way between processes of one machine, and each side knows who the other is.

use std::io;
use std::path::{Path, PathBuf};

use futures::future::BoxFuture;
use tokio::net::{UnixListener, UnixStream};

use crate::transport::{Connect, Listen, Peer, Process, Stream, is_of_one_peer};

/// Connects to a socket at a path.
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
        Box::pin(async { Ok(stream(UnixStream::connect(&self.path).await?)) })
    }
}

/// Listens at a path, and removes its socket when it is dropped.
#[derive(Debug)]
pub struct Listener {
    listener: UnixListener,
    #[cfg_attr(
        not(feature = "shm"),
        expect(dead_code, reason = "held until it is dropped")
    )]
    file: SocketFile,
}

impl Listener {
    /// Makes a socket at `path`. Who may connect is up to the permissions of the folder that it stands in.
    ///
    /// A socket that a process left there when it ended is replaced; one that somebody listens at is not.
    ///
    /// # Errors
    ///
    /// If something else stands at the path, somebody listens there, or the system refuses.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let bound = UnixListener::bind(path);
        let listener = match bound {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_left_behind(path) => {
                std::fs::remove_file(path)?;
                UnixListener::bind(path)?
            }
            bound => bound?,
        };
        Ok(Self {
            listener,
            file: SocketFile(path.to_owned()),
        })
    }

    /// What accepts, and what removes the socket when it is dropped.
    #[cfg(feature = "shm")]
    pub(super) fn into_parts(self) -> (UnixListener, SocketFile) {
        (self.listener, self.file)
    }
}

impl Listen for Listener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async {
            loop {
                match self.listener.accept().await {
                    Ok((accepted, _)) => return Ok(stream(accepted)),
                    Err(error) if is_of_one_peer(&error) => {}
                    Err(error) => return Err(error),
                }
            }
        })
    }
}

/// The path of a socket that was made, which is removed when this is dropped.
#[derive(Debug)]
pub(super) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(feature = "shm")]
impl crate::transport::accept::Source for UnixListener {
    type Connection = UnixStream;

    async fn next(&mut self) -> io::Result<UnixStream> {
        Ok(self.accept().await?.0)
    }
}

/// Makes a stream of a socket that is connected, such as one of a pair.
pub fn stream(socket: UnixStream) -> Stream {
    let peer = peer(&socket);
    let (reader, writer) = socket.into_split();
    Stream::new(reader, writer).from_peer(peer)
}

/// Who is at the other end.
pub(super) fn peer(socket: &UnixStream) -> Peer {
    let process = socket.peer_cred().ok().map(|peer| Process {
        user: peer.uid(),
        group: peer.gid(),
        id: peer.pid(),
    });
    Peer {
        process,
        ..Peer::default()
    }
}

/// Whether a socket stands at the path, and nobody listens at it.
fn is_left_behind(path: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(path)
        .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}
