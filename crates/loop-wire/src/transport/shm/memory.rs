//! Memory that two processes share: a sealed memfd, mapped. All unsafe code of this crate is here.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::AtomicU64;

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{MemfdFlags, SealFlags};

use crate::transport::shm::ring::{RING_WORDS, Ring};

/// The words of the memory: a ring for each direction.
const WORDS: usize = 2 * RING_WORDS;

/// The bytes of the memory.
pub(super) const MEMORY_BYTES: usize = WORDS * size_of::<AtomicU64>();

/// What a file must be sealed against: one that shrinks would end, by a signal, a process that touches what is gone.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW);

/// The file system of a memfd whose pages are of the usual size. Others may have no page left when one is touched.
const TMPFS_MAGIC: i64 = 0x0102_1994;

/// A direction of a stream, named by where its bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    ToListener,
    ToConnector,
}

/// Memory that is mapped for as long as this lives. Invariant: it has `WORDS` words.
pub(super) struct Memory(MmapRaw);

impl Memory {
    /// Makes memory, and a file of it for the peer.
    pub(super) fn create() -> io::Result<(Self, OwnedFd)> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = rustix::fs::memfd_create("loop-shm", flags)?;
        rustix::fs::ftruncate(&file, MEMORY_BYTES as u64)?;
        rustix::fs::fcntl_add_seals(&file, SEALS | SealFlags::SEAL)?;
        Ok((Self::map(&file)?, file))
    }

    /// Maps the file of a peer. It is looked at first: its seals are what keeps the mapping whole.
    ///
    /// # Errors
    ///
    /// If it is no memfd, of another size, or not sealed.
    pub(super) fn open(file: &OwnedFd) -> io::Result<Self> {
        let seals = rustix::fs::fcntl_get_seals(file).map_err(|_| refused("it is no memory"))?;
        if !seals.contains(SEALS) {
            return Err(refused("it is not sealed"));
        }
        // It is looked at after its seals: its size can change no more.
        if rustix::fs::fstatfs(file)?.f_type != TMPFS_MAGIC {
            return Err(refused("its pages are not of the usual size"));
        }
        let size = rustix::fs::fstat(file)?.st_size;
        if usize::try_from(size) != Ok(MEMORY_BYTES) {
            let why = format!("it has {size} bytes and not {MEMORY_BYTES}");
            return Err(refused(&why));
        }
        Self::map(file)
    }

    fn map(file: impl AsFd) -> io::Result<Self> {
        let mapped = MmapOptions::new().len(MEMORY_BYTES).map_raw(&file.as_fd());
        mapped.map(Self)
    }

    /// The ring of a direction.
    pub(super) fn ring(&self, direction: Direction) -> Ring<'_> {
        let (to_listener, to_connector) = self.words().split_at(RING_WORDS);
        let words = match direction {
            Direction::ToListener => to_listener,
            Direction::ToConnector => to_connector,
        };
        Ring::new(words).unwrap_or_else(|| unreachable!("each is half of the memory"))
    }

    fn words(&self) -> &[AtomicU64] {
        #[expect(clippy::cast_ptr_alignment, reason = "a mapping begins at a page")]
        let first = self.0.as_mut_ptr().cast::<AtomicU64>();
        // SAFETY:
        // - `map` is the only maker: the mapping has `MEMORY_BYTES`, which are `WORDS` words, begins at a page, so it is
        //   aligned, and is read and written.
        // - The mapping lives as long as `self`, and so does what is borrowed here.
        // - Every page of it exists: the file had that size when it was mapped, and is sealed against shrinking, which no
        //   process can undo. `create` seals it, and `open` looks at the seals before the size.
        // - Any bytes are an `AtomicU64`. Other processes write them, and this one touches them by atomics alone: no other
        //   reference to the mapping is made.
        #[expect(
            unsafe_code,
            reason = "the words of a mapping that others write have no safe type"
        )]
        unsafe {
            std::slice::from_raw_parts(first, WORDS)
        }
    }
}

fn refused(why: &str) -> io::Error {
    let message = format!("the memory that the peer sent is refused: {why}");
    io::Error::new(io::ErrorKind::InvalidData, message)
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Memory").finish_non_exhaustive()
    }
}
