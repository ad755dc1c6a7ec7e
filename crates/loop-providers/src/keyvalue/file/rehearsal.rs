//! A file that is opened without being changed: what redb writes to it, to mend what a crash left half done, stays in memory.
//!
//! So a file is known to be whole, or to be damaged, before anything is written to it.

use std::collections::HashMap;
use std::io;
use std::ops::{Bound, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

/// The most bytes that are kept: 256 MiB. redb writes which pages are free, two bits for each 4 KiB, so that is enough for a file of
/// some terabytes.
const BYTES_MAX: usize = 256 << 20;

/// What is kept as one.
const BLOCK_BYTES: usize = 4096;

type Block = [u8; BLOCK_BYTES];

/// A file, and what would have been written to it. It is locked as the file is.
#[derive(Debug)]
pub(crate) struct Rehearsal {
    file: FileBackend,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    length: u64,
    /// How much of the file counts, where no block was written: what comes after it is zero.
    kept: u64,
    /// By their numbers.
    blocks: HashMap<u64, Box<Block>>,
}

impl Rehearsal {
    pub(crate) fn new(file: FileBackend) -> io::Result<Self> {
        let length = file.len()?;
        Ok(Self {
            file,
            written: Mutex::new(Written {
                length,
                kept: length,
                blocks: HashMap::new(),
            }),
        })
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Written {
    fn block(&self, file: &FileBackend, number: u64) -> io::Result<Box<Block>> {
        if let Some(block) = self.blocks.get(&number) {
            return Ok(block.clone());
        }
        let mut block = Box::new([0; BLOCK_BYTES]);
        let begin = number * BLOCK_BYTES as u64;
        let there = self.kept.saturating_sub(begin).min(BLOCK_BYTES as u64);
        let there = usize::try_from(there).map_err(io::Error::other)?;
        if let Some(part) = block.get_mut(..there) {
            file.read(begin, part)?;
        }
        Ok(block)
    }
}

/// The blocks of a part of the file, with the range of each that belongs to it.
fn parts(offset: u64, end: u64) -> impl Iterator<Item = (u64, Range<usize>)> {
    const SIZE: u64 = BLOCK_BYTES as u64;
    let within = |at: u64, number: u64| {
        let at = at.saturating_sub(number * SIZE).min(SIZE);
        usize::try_from(at).unwrap_or(BLOCK_BYTES)
    };
    let numbers = offset / SIZE..end.div_ceil(SIZE);
    numbers.map(move |number| (number, within(offset, number)..within(end, number)))
}

impl StorageBackend for Rehearsal {
    fn len(&self) -> io::Result<u64> {
        Ok(self.written().length)
    }

    fn read(&self, offset: u64, mut out: &mut [u8]) -> io::Result<()> {
        let written = self.written();
        let end = offset.saturating_add(out.len() as u64);
        if end > written.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (number, range) in parts(offset, end) {
            let block = written.block(&self.file, number)?;
            let (part, rest) = out.split_at_mut(range.len());
            part.copy_from_slice(block.get(range).unwrap_or_default());
            out = rest;
        }
        Ok(())
    }

    fn write(&self, offset: u64, mut data: &[u8]) -> io::Result<()> {
        let mut written = self.written();
        let end = offset.saturating_add(data.len() as u64);
        written.length = written.length.max(end);
        for (number, range) in parts(offset, end) {
            let mut block = written.block(&self.file, number)?;
            let (part, rest) = data.split_at(range.len());
            if let Some(place) = block.get_mut(range) {
                place.copy_from_slice(part);
            }
            data = rest;
            written.blocks.insert(number, block);
            if written.blocks.len() * BLOCK_BYTES > BYTES_MAX {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut written = self.written();
        if length < written.length {
            let whole = length / BLOCK_BYTES as u64;
            let mut last = written.block(&self.file, whole)?;
            let rest = usize::try_from(length % BLOCK_BYTES as u64).unwrap_or(0);
            last.get_mut(rest..).unwrap_or_default().fill(0);
            written.blocks.retain(|number, _| *number < whole);
            written.blocks.insert(whole, last);
            written.kept = written.kept.min(length);
        }
        written.length = length;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
}
