//! A ring of bytes in memory that two processes share: one writes, the other reads.
//!
//! This is the state machine alone. It is given the words of the ring, and knows no mapping, no socket and no task. All
//! access is by relaxed, acquiring or releasing atomics of whole words, so it needs no unsafe code.
//!
//! The peer can write anything anywhere at any time. What this side needs to be safe it keeps for itself: its own position,
//! and the peer's as it was last seen. A word of the peer is loaded once, checked, and used only as it was checked. Data
//! that changes while it is copied is the peer's own loss.

use std::io::IoSlice;
use std::sync::atomic::{AtomicU64, Ordering, fence};

/// The bytes that a ring holds at most. What a unix socket holds by default (208 KiB), as a power of two: one large message
/// of the envelope (160 KiB) fits, and the rings of a stream take half a mebibyte.
pub const RING_BYTES: usize = 256 * 1024;

/// Bytes in front of the data, a page. The words that the two sides write stand in cache lines of their own.
pub const HEAD_BYTES: usize = 4096;

/// The words of a ring.
pub const RING_WORDS: usize = (HEAD_BYTES + RING_BYTES) / WORD;

const WORD: usize = size_of::<AtomicU64>();
const HEAD_WORDS: usize = HEAD_BYTES / WORD;

/// The word with the number of bytes that were ever written, and with how writing ended.
const WRITTEN: usize = 0;
/// The word with the number of bytes that were ever read, and with whether reading ended.
const READ: usize = 16;
/// The word that is not 0 while the reader sleeps until something is written.
const READER_SLEEPS: usize = 32;
/// The word that is not 0 while the writer sleeps until there is room.
const WRITER_SLEEPS: usize = 48;

/// No more comes: in good order (`WRITTEN`), or nothing more is read (`READ`).
const ENDED: u64 = 1 << 63;
/// No more comes, and not in good order.
const BROKEN: u64 = 1 << 62;
/// The rest is the number of bytes. At ten GiB a second it lasts for ten years.
const POSITION: u64 = BROKEN - 1;

/// What was written is published in pieces, so that the reader begins before all of a large message is there.
const PIECE_BYTES_MAX: usize = RING_BYTES / 4;

/// A writer that sleeps is woken when half of the ring is free, and not for every byte.
const ROOM_BYTES: u64 = RING_BYTES as u64 / 2;

/// The words of a ring.
#[derive(Clone, Copy, Debug)]
pub struct Ring<'a>(&'a [AtomicU64; RING_WORDS]);

/// What a peer did that no peer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the peer says that it is at byte {claimed} of the ring, and it can only be from {least} to {most}"
)]
pub struct RingError {
    /// Where it says that it is.
    pub claimed: u64,
    /// Where it was when it was last looked at.
    pub least: u64,
    /// Where it can be at most.
    pub most: u64,
}

/// What a writer finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// So many bytes were taken.
    Bytes(usize),
    /// There is no room.
    Full,
    /// Nobody reads any more.
    Stopped,
}

/// What a reader finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// So many bytes can be taken.
    Bytes(usize),
    /// There is nothing to take yet.
    None,
    /// Nothing more comes.
    Ended,
    /// The writer broke off.
    Broken,
}

/// The side that writes.
#[derive(Debug, Default)]
pub struct Producer {
    /// How much was ever written. The ring's word follows it, and is never read back.
    position: u64,
    /// How much the peer had read when it was last looked at.
    read: u64,
}

/// The side that reads.
#[derive(Debug, Default)]
pub struct Consumer {
    /// How much was ever read. The ring's word follows it, and is never read back.
    position: u64,
    /// How much the peer had written when it was last looked at.
    written: u64,
}

impl<'a> Ring<'a> {
    /// The ring in these words; `None` if there are not [`RING_WORDS`] of them.
    pub fn new(words: &'a [AtomicU64]) -> Option<Self> {
        Some(Self(words.try_into().ok()?))
    }

    fn data(self) -> &'a [AtomicU64] {
        self.0.get(HEAD_WORDS..).unwrap_or_default()
    }

    /// Says that this side, the reader, is about to sleep. It must look at the ring once more before it does.
    pub fn reader_sleeps(self) {
        sleeps(&self.0[READER_SLEEPS]);
    }

    /// Says that this side, the reader, is awake and will look.
    pub fn reader_wakes(self) {
        self.0[READER_SLEEPS].store(0, Ordering::Relaxed);
    }

    /// Says that this side, the writer, is about to sleep. It must look at the ring once more before it does.
    pub fn writer_sleeps(self) {
        sleeps(&self.0[WRITER_SLEEPS]);
    }

    /// Says that this side, the writer, is awake and will look.
    pub fn writer_wakes(self) {
        self.0[WRITER_SLEEPS].store(0, Ordering::Relaxed);
    }

    /// Whether the reader is to be woken after something was written; it says so once.
    pub fn takes_reader(self) -> bool {
        takes(&self.0[READER_SLEEPS])
    }
}

fn sleeps(word: &AtomicU64) {
    word.store(1, Ordering::Relaxed);
    // Either the peer sees this word after it moved its position, or this side sees the position that it moved.
    fence(Ordering::SeqCst);
}

fn takes(word: &AtomicU64) -> bool {
    fence(Ordering::SeqCst);
    word.load(Ordering::Relaxed) != 0 && word.swap(0, Ordering::Relaxed) != 0
}

/// The peer's position, if it can be there.
fn checked(word: u64, least: u64, most: u64) -> Result<u64, RingError> {
    let claimed = word & POSITION;
    if (least..=most).contains(&claimed) {
        Ok(claimed)
    } else {
        Err(RingError {
            claimed,
            least,
            most,
        })
    }
}

impl Producer {
    /// Writes what there is room for, of all the slices as if they were one.
    ///
    /// # Errors
    ///
    /// If the peer's position is one that it cannot have. The ring is of no further use then.
    pub fn write(&mut self, ring: Ring<'_>, slices: &[IoSlice<'_>]) -> Result<Written, RingError> {
        let word = ring.0[READ].load(Ordering::Acquire);
        self.read = checked(word, self.read, self.position)?;
        if word & ENDED != 0 {
            return Ok(Written::Stopped);
        }
        let unread = offset(self.position - self.read);
        // Invariant: `checked` has it between what was read before and what was written, and no more than a ring is ever
        // written beyond what was read.
        let mut room = RING_BYTES.saturating_sub(unread).min(PIECE_BYTES_MAX);
        let before = self.position;
        for slice in slices {
            let (taken, _) = slice.split_at(slice.len().min(room));
            let at = offset(self.position % RING_BYTES as u64);
            let (first, second) = taken.split_at(taken.len().min(RING_BYTES - at));
            copy_in(ring.data(), at, first);
            copy_in(ring.data(), 0, second);
            self.position += taken.len() as u64;
            room -= taken.len();
        }
        let count = offset(self.position - before);
        if count == 0 && slices.iter().any(|slice| !slice.is_empty()) {
            return Ok(Written::Full);
        }
        ring.0[WRITTEN].store(self.position, Ordering::Release);
        Ok(Written::Bytes(count))
    }

    /// Whether [`write`](Self::write) would take something, or has news.
    pub fn is_ready(&self, ring: Ring<'_>) -> bool {
        let word = ring.0[READ].load(Ordering::Acquire);
        // Also where the position is wrong: writing says so.
        word & ENDED != 0 || (word & POSITION) != self.position.wrapping_sub(RING_BYTES as u64)
    }

    /// Says that nothing more comes: in good order, or not.
    pub fn end(&self, ring: Ring<'_>, in_good_order: bool) {
        let how = if in_good_order { ENDED } else { BROKEN };
        ring.0[WRITTEN].store(self.position | how, Ordering::Release);
    }
}

impl Consumer {
    /// Looks at what is there.
    ///
    /// # Errors
    ///
    /// If the peer's position is one that it cannot have. The ring is of no further use then.
    pub fn look(&mut self, ring: Ring<'_>) -> Result<Unread, RingError> {
        let word = ring.0[WRITTEN].load(Ordering::Acquire);
        let most = self.position + RING_BYTES as u64;
        self.written = checked(word, self.written, most)?;
        Ok(match offset(self.written - self.position) {
            0 if word & ENDED != 0 => Unread::Ended,
            0 if word & BROKEN != 0 => Unread::Broken,
            0 => Unread::None,
            count => Unread::Bytes(count),
        })
    }

    /// Takes what was there when it was [looked](Self::look) at and fits, and says how much.
    pub fn take(&mut self, ring: Ring<'_>, out: &mut [u8]) -> usize {
        let unread = offset(self.written - self.position);
        let (out, _) = out.split_at_mut(out.len().min(unread));
        let count = out.len();
        let at = offset(self.position % RING_BYTES as u64);
        let (first, second) = out.split_at_mut(count.min(RING_BYTES - at));
        copy_out(ring.data(), at, first);
        copy_out(ring.data(), 0, second);
        self.position += count as u64;
        ring.0[READ].store(self.position, Ordering::Release);
        count
    }

    /// Whether a [look](Self::look) has news, once all was taken.
    pub fn is_ready(&self, ring: Ring<'_>) -> bool {
        ring.0[WRITTEN].load(Ordering::Acquire) != self.position
    }

    /// Whether the writer is to be woken, as it sleeps and there is much room; it says so once.
    pub fn takes_writer(&self, ring: Ring<'_>) -> bool {
        let unread = self.written - self.position;
        unread <= ROOM_BYTES && takes(&ring.0[WRITER_SLEEPS])
    }

    /// Says that nothing more is read.
    pub fn stop(&self, ring: Ring<'_>) {
        ring.0[READ].store(self.position | ENDED, Ordering::Release);
    }
}

/// A number of bytes within a ring.
fn offset(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(RING_BYTES)
}

/// Copies bytes to where they stand in the data. Only the writer writes there, so a word of which it changes a part is as
/// it left it, and the reader takes no byte of it that is still to be written.
fn copy_in(data: &[AtomicU64], at: usize, bytes: &[u8]) {
    let mut words = data.get(at / WORD..).unwrap_or_default().iter();
    let part = at % WORD;
    let (head, rest) = bytes.split_at(bytes.len().min((WORD - part) % WORD));
    if !head.is_empty() {
        change(words.next(), part, head);
    }
    let whole = rest.chunks_exact(WORD);
    let tail = whole.remainder();
    for (bytes, word) in whole.zip(words.by_ref()) {
        let bytes = bytes.try_into().unwrap_or_default();
        word.store(u64::from_ne_bytes(bytes), Ordering::Relaxed);
    }
    if !tail.is_empty() {
        change(words.next(), 0, tail);
    }
}

/// Changes the bytes of a word that begin at `part`.
fn change(word: Option<&AtomicU64>, part: usize, bytes: &[u8]) {
    let Some(word) = word else { return };
    let mut whole = word.load(Ordering::Relaxed).to_ne_bytes();
    for (to, from) in whole.iter_mut().skip(part).zip(bytes) {
        *to = *from;
    }
    word.store(u64::from_ne_bytes(whole), Ordering::Relaxed);
}

/// Copies bytes from where they stand in the data.
fn copy_out(data: &[AtomicU64], at: usize, out: &mut [u8]) {
    let mut words = data.get(at / WORD..).unwrap_or_default().iter();
    let part = at % WORD;
    let (head, rest) = out.split_at_mut(out.len().min((WORD - part) % WORD));
    if !head.is_empty() {
        take(words.next(), part, head);
    }
    let mut whole = rest.chunks_exact_mut(WORD);
    for (bytes, word) in whole.by_ref().zip(words.by_ref()) {
        bytes.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
    }
    let tail = whole.into_remainder();
    if !tail.is_empty() {
        take(words.next(), 0, tail);
    }
}

/// Takes the bytes of a word that begin at `part`.
fn take(word: Option<&AtomicU64>, part: usize, out: &mut [u8]) {
    let Some(word) = word else { return };
    let whole = word.load(Ordering::Relaxed).to_ne_bytes();
    for (to, from) in out.iter_mut().zip(whole.iter().skip(part)) {
        *to = *from;
    }
}
