//! One stream over messages that may be lost: numbers that tell, credit that limits, and beats that say who is alive.
//!
//! This is the state machine alone. It takes messages and the time, and returns messages and what they mean; it knows no
//! server, no subject and no task. `docs/wire.md` has the bytes.
//!
//! A message that is lost is not sent again: the stream ends with an error, as a connection does that breaks.

use std::time::{Duration, Instant};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use crate::leb;

/// The version of the mapping.
pub const VERSION: u8 = 1;

/// What one side takes of the other's data before it was read. A few times what is on the way between two regions of a
/// network in the time of a call.
pub const WINDOW_BYTES: u64 = 512 * 1024;

/// What a message with data costs beside the data, so that many small ones fill the window as well. It is what a message
/// takes in the memory of a client.
pub const MESSAGE_COST: u64 = 512;

/// The data in the message that opens a stream: a usual call whole. Servers hold these for streams that they have not
/// accepted yet.
pub const OPEN_DATA_MAX: usize = 16 * 1024;

/// The data of one message at most: what NATS advises, and far below the limit that its servers have by default (1 MiB).
pub const DATA_BYTES_MAX: usize = 64 * 1024;

/// The bytes in front of the data at most: the kind, the number, the version and the window.
pub const HEAD_BYTES_MAX: usize = 32;

/// So long the message that accepts a stream waits for data that can travel with it: a quick answer is one message.
pub const ACCEPT_TIME: Duration = Duration::from_millis(1);

/// A side that has sent nothing for so long says that it is alive.
pub const BEAT_TIME: Duration = Duration::from_secs(2);

/// A side that has said nothing for so long is gone: five beats, or a stream that nobody accepts.
pub const SILENCE_TIME_MAX: Duration = Duration::from_secs(10);

/// The message that says that its receiver's stream is not known. It has no number.
pub const GONE: &[u8] = &[kind::GONE];

mod kind {
    pub(super) const OPEN: u8 = 1;
    pub(super) const ACCEPT: u8 = 2;
    pub(super) const DATA: u8 = 3;
    pub(super) const CREDIT: u8 = 4;
    pub(super) const END: u8 = 5;
    pub(super) const BREAK: u8 = 6;
    pub(super) const STOP: u8 = 7;
    pub(super) const BEAT: u8 = 8;
    pub(super) const GONE: u8 = 9;
    pub(super) const CLOSE: u8 = 10;
}

/// One side of a stream.
#[derive(Debug)]
pub struct Link {
    /// The messages that were sent.
    sent: u64,
    /// The messages that were received.
    received: u64,
    /// What the peer still takes. Nothing before it has accepted.
    credit: u64,
    /// What the opening message cost, until the peer has said what it takes.
    unpaid: u64,
    accepted: bool,
    /// What the peer may still send.
    window: u64,
    /// What was read and the peer was not told of.
    read: u64,
    /// Whether the peer sends no more data.
    ended: bool,
    last_sent: Instant,
    last_received: Instant,
}

/// What a message means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Data came; perhaps none, where the peer has just accepted the stream.
    Data(Bytes),
    /// The peer takes more.
    Credit,
    /// No more data comes, in good order.
    End,
    /// No more data comes, and not in good order.
    Break,
    /// The peer reads nothing more.
    Stop,
    /// Both: no more data comes, in good order, and the peer reads nothing more.
    Close,
    /// The peer is alive.
    Beat,
}

/// Why a stream is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Messages are missing, or came in another order.
    #[error("message {expected} of the peer was lost: number {number} came")]
    Lost {
        /// Which should have come.
        expected: u64,
        /// Which came.
        number: u64,
    },
    /// A message is none of this mapping.
    #[error("the peer sent what is no message of a stream")]
    Malformed,
    /// The peer speaks another version.
    #[error("the peer speaks version {version} of the mapping, and this is {VERSION}")]
    Version {
        /// Which it speaks.
        version: u8,
    },
    /// The peer sent more than it may.
    #[error("the peer sent more than it was allowed (WINDOW_BYTES)")]
    Overrun,
    /// The peer does not know the stream, or no longer.
    #[error("the peer does not know the stream")]
    Gone,
    /// The peer said nothing for too long.
    #[error("the peer said nothing for {} s (SILENCE_TIME_MAX)", SILENCE_TIME_MAX.as_secs())]
    Silent,
}

impl Link {
    /// The side that opens a stream, with the first data, of which there are at most [`OPEN_DATA_MAX`] bytes; and the
    /// message that does it.
    pub fn open(data: &[u8], now: Instant) -> (Self, Bytes) {
        let mut link = Self::new(now);
        link.unpaid = cost(data);
        let mut message = link.message(kind::OPEN, data.len(), now);
        message.put_u8(VERSION);
        leb::write(WINDOW_BYTES, &mut message);
        message.extend_from_slice(data);
        (link, message.freeze())
    }

    /// The side that is to [accept](Self::accept) the stream that a message opens, and the data in it.
    ///
    /// # Errors
    ///
    /// If the message opens no stream.
    pub fn opened(mut message: Bytes, now: Instant) -> Result<(Self, Bytes), LinkError> {
        let mut link = Self::new(now);
        if link.head(&mut message)? != kind::OPEN {
            return Err(LinkError::Malformed);
        }
        let version = message.try_get_u8().map_err(|_| LinkError::Malformed)?;
        if version != VERSION {
            return Err(LinkError::Version { version });
        }
        link.credit = number(&mut message)?;
        if message.len() > OPEN_DATA_MAX {
            return Err(LinkError::Overrun);
        }
        link.window -= cost(&message);
        Ok((link, message))
    }

    /// The message that accepts the stream, with the first data, of which there is at most [`room`](Self::room). It comes
    /// before all others of this side.
    pub fn accept(&mut self, data: &[u8], now: Instant) -> Bytes {
        self.accepted = true;
        self.credit = self.credit.saturating_sub(cost(data));
        let mut message = self.message(kind::ACCEPT, data.len(), now);
        leb::write(WINDOW_BYTES, &mut message);
        message.extend_from_slice(data);
        message.freeze()
    }

    fn new(now: Instant) -> Self {
        Self {
            sent: 0,
            received: 0,
            credit: 0,
            unpaid: 0,
            accepted: false,
            window: WINDOW_BYTES,
            read: 0,
            ended: false,
            last_sent: now,
            last_received: now,
        }
    }

    /// Whether the peer has accepted the stream.
    pub fn is_accepted(&self) -> bool {
        self.accepted
    }

    /// Takes a message of the peer.
    ///
    /// # Errors
    ///
    /// If the stream is over because of it. It is of no further use then.
    pub fn receive(&mut self, mut message: Bytes, now: Instant) -> Result<Event, LinkError> {
        let kind = self.head(&mut message)?;
        self.last_received = now;
        if (kind == kind::ACCEPT) == self.accepted {
            // It accepts twice, or says something before it has accepted.
            return Err(LinkError::Malformed);
        }
        let event = match kind {
            kind::ACCEPT => {
                self.accepted = true;
                self.credit = number(&mut message)?.saturating_sub(self.unpaid);
                self.take(message)?
            }
            kind::DATA if !self.ended => self.take(message)?,
            kind::CREDIT => {
                let more = number(&mut message)?;
                let credit = self.credit.checked_add(more);
                self.credit = credit.ok_or(LinkError::Overrun)?;
                Event::Credit
            }
            kind::END | kind::BREAK if !self.ended => {
                self.ended = true;
                if kind == kind::END {
                    Event::End
                } else {
                    Event::Break
                }
            }
            kind::STOP => Event::Stop,
            kind::CLOSE if !self.ended => {
                self.ended = true;
                Event::Close
            }
            kind::BEAT => Event::Beat,
            _ => return Err(LinkError::Malformed),
        };
        // What stands behind the fields is from a later version, and ignored.
        Ok(event)
    }

    fn take(&mut self, data: Bytes) -> Result<Event, LinkError> {
        let left = self.window.checked_sub(cost(&data));
        self.window = left.ok_or(LinkError::Overrun)?;
        Ok(Event::Data(data))
    }

    /// Takes the kind and the number of a message.
    fn head(&mut self, message: &mut Bytes) -> Result<u8, LinkError> {
        let kind = message.try_get_u8().map_err(|_| LinkError::Malformed)?;
        if kind == kind::GONE {
            return Err(LinkError::Gone);
        }
        let (number, expected) = (number(message)?, self.received);
        if number != expected {
            return Err(LinkError::Lost { expected, number });
        }
        self.received += 1;
        Ok(kind)
    }

    fn message(&mut self, kind: u8, data: usize, now: Instant) -> BytesMut {
        let mut message = BytesMut::with_capacity(HEAD_BYTES_MAX + data);
        message.put_u8(kind);
        leb::write(self.sent, &mut message);
        self.sent += 1;
        self.last_sent = now;
        message
    }

    /// How much data the next message can have.
    pub fn room(&self) -> usize {
        let room = self.credit.saturating_sub(MESSAGE_COST);
        usize::try_from(room).map_or(DATA_BYTES_MAX, |room| room.min(DATA_BYTES_MAX))
    }

    /// The message that sends data, of which there is at most [`room`](Self::room).
    pub fn send(&mut self, data: &[u8], now: Instant) -> Bytes {
        self.credit = self.credit.saturating_sub(cost(data));
        let mut message = self.message(kind::DATA, data.len(), now);
        message.extend_from_slice(data);
        message.freeze()
    }

    /// Says that data was read; the message that tells the peer, if it is time.
    pub fn read(&mut self, data: &[u8], now: Instant) -> Option<Bytes> {
        self.read += cost(data);
        if self.read < WINDOW_BYTES / 2 || self.ended {
            return None;
        }
        let read = std::mem::take(&mut self.read);
        self.window += read;
        let mut message = self.message(kind::CREDIT, 0, now);
        leb::write(read, &mut message);
        Some(message.freeze())
    }

    /// The message that says that no more data comes.
    pub fn end(&mut self, in_good_order: bool, now: Instant) -> Bytes {
        let kind = if in_good_order {
            kind::END
        } else {
            kind::BREAK
        };
        self.message(kind, 0, now).freeze()
    }

    /// The message that says that nothing more is read.
    pub fn stop(&mut self, now: Instant) -> Bytes {
        self.message(kind::STOP, 0, now).freeze()
    }

    /// The message that says both: no more data comes, in good order, and nothing more is read.
    pub fn close(&mut self, now: Instant) -> Bytes {
        self.message(kind::CLOSE, 0, now).freeze()
    }

    /// When to [`tick`](Self::tick).
    pub fn timeout(&self) -> Instant {
        let silent = self.last_received + SILENCE_TIME_MAX;
        if self.accepted {
            silent.min(self.last_sent + BEAT_TIME)
        } else {
            silent
        }
    }

    /// Looks at the time; the message that says that this side is alive, if it is time.
    ///
    /// # Errors
    ///
    /// If the peer has said nothing for too long.
    pub fn tick(&mut self, now: Instant) -> Result<Option<Bytes>, LinkError> {
        if now >= self.last_received + SILENCE_TIME_MAX {
            return Err(LinkError::Silent);
        }
        let beats = self.accepted && now >= self.last_sent + BEAT_TIME;
        Ok(beats.then(|| self.message(kind::BEAT, 0, now).freeze()))
    }
}

fn cost(data: &[u8]) -> u64 {
    MESSAGE_COST + data.len() as u64
}

fn number(message: &mut Bytes) -> Result<u64, LinkError> {
    match leb::read_u64(message) {
        Ok(Some((number, size))) => {
            message.advance(size);
            Ok(number)
        }
        Ok(None) | Err(_) => Err(LinkError::Malformed),
    }
}
