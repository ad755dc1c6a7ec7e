//! The end of a pipe from which the host reads what a program writes.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Mutex;

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;

use crate::process::lock;

/// The most that is read at once, in bytes: what a pipe holds.
pub(crate) const CHUNK_BYTES_MAX: usize = 65_536;

/// One output of a program.
#[derive(Debug)]
pub(crate) struct Output {
    pipe: AsyncFd<OwnedFd>,
    left: Mutex<Left>,
}

/// How much there is to be read.
#[derive(Clone, Copy, Debug)]
enum Left {
    /// The program may write more.
    Open,
    /// The program ended, and so many bytes are left of what it wrote. What it started may hold the pipe open and write on; that is
    /// nobody's any more.
    Bytes(u64),
}

impl Output {
    /// Takes over a pipe. Within a runtime only.
    ///
    /// # Errors
    /// The runtime cannot watch it.
    pub(crate) fn new(pipe: OwnedFd) -> std::io::Result<Self> {
        Ok(Self {
            pipe: watched(pipe)?,
            left: Mutex::new(Left::Open),
        })
    }

    /// Takes notice that the program ended.
    pub(crate) fn ended(&self) {
        let mut left = lock(&self.left);
        if let Left::Open = *left {
            *left =
                Left::Bytes(rustix::io::ioctl_fionread(self.pipe.get_ref()).unwrap_or_default());
        }
    }

    /// What is there now, at least a byte of it.
    pub(crate) fn read(&self) -> Option<Vec<u8>> {
        let mut left = lock(&self.left);
        let most = match *left {
            Left::Open => CHUNK_BYTES_MAX,
            Left::Bytes(bytes) => {
                usize::try_from(bytes).map_or(CHUNK_BYTES_MAX, |bytes| bytes.min(CHUNK_BYTES_MAX))
            }
        };
        if most == 0 {
            return None;
        }
        let mut bytes = Vec::with_capacity(most);
        let read = loop {
            match rustix::io::read(self.pipe.get_ref(), spare_capacity(&mut bytes)) {
                Err(Errno::INTR) => {}
                read => break read,
            }
        };
        match read {
            Ok(count) if count > 0 => {
                if let Left::Bytes(left) = &mut *left {
                    *left = left.saturating_sub(count as u64);
                }
                Some(bytes)
            }
            Err(Errno::AGAIN) => None,
            // Nobody holds the other end any more.
            Ok(_) | Err(_) => {
                *left = Left::Bytes(0);
                None
            }
        }
    }

    /// Whether nothing more will come.
    pub(crate) fn is_over(&self) -> bool {
        matches!(*lock(&self.left), Left::Bytes(0))
    }

    /// Waits until there may be something to read. For ever where there will be nothing.
    pub(crate) async fn readable(&self) {
        let is_open = matches!(*lock(&self.left), Left::Open);
        match self.pipe.readable().await {
            Ok(mut guard) if is_open => {
                if !ready(self.pipe.get_ref(), PollFlags::IN) {
                    guard.clear_ready();
                }
            }
            _ => std::future::pending().await,
        }
    }
}

/// Has the runtime watch a descriptor, of which nothing blocks any more.
#[expect(
    deprecated,
    reason = "what is wrong with it is wrong for types that close or change their descriptor, and its successor is unsafe"
)]
pub(crate) fn watched(pipe: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    set_nonblocking(&pipe)?;
    AsyncFd::new(pipe)
}

/// Has reading and writing of a descriptor fail where it would wait.
pub(crate) fn set_nonblocking(fd: impl AsFd) -> std::io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    Ok(rustix::fs::fcntl_setfl(&fd, flags | OFlags::NONBLOCK)?)
}

/// Whether the system says so of a descriptor, now. Errors and ends count: who reads or writes then is told of them.
pub(crate) fn ready(fd: impl AsFd, what: PollFlags) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(fd.as_fd(), what)];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    matches!(poll(&mut fds, Some(&at_once)), Ok(1))
}
