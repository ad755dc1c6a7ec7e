//! The envelope: many calls on one byte stream, with what plain wRPC lacks.
//!
//! Each call has its own flow control, and may carry a deadline, a position in a trace and the name of its caller. It can
//! be cancelled, and fails with an error that says whether to try again. `docs/wire.md` has every byte.
//!
//! [`Connection`] is one side of it: bytes and the time go in, events and bytes come out. It knows no socket and no clock.

mod code;
mod connection;
mod decode;
mod encode;
mod error;
mod message;
mod outbox;

use std::time::Duration;

pub use connection::{CallId, Connection, Event, OpenError, Read, Role, Settings};
pub use error::ProtocolError;
pub use message::{HANDLE_BYTES_MAX, Resource};
pub use outbox::Outbox;

/// What each side sends first: a magic word that no plain call begins with, and the version.
pub const PREFACE: [u8; 5] = *b"loop\x01";

/// The bytes of data in one message at most. A list of 64 KiB fits with its head, and a message holds up the calls beside
/// it for less than 100 us on a socket of this machine.
pub const DATA_BYTES_MAX: usize = 128 * 1024;

/// The bytes of a message after its head at most: data, and 32 KiB for the names, the meta and the path before it.
pub const BODY_BYTES_MAX: usize = DATA_BYTES_MAX + 32 * 1024;

/// The bytes of what travels beside the values of a call at most: two texts, and room for fields to come.
pub const META_BYTES_MAX: usize = 16 * 1024;

/// The bytes of an error's message at most: a sentence, perhaps with a trace of where it came from.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024;

/// What every side takes for one direction of one call before its first credit: two full messages, so that one is on its
/// way while the other is read. A side may say that it takes more.
pub const WINDOW_BYTES_MIN: u32 = 256 * 1024;

/// The calls that every side takes at once. With the window above, a peer holds 32 MiB of the other at most. A side may
/// say that it takes more.
pub const CALLS_MIN: u32 = 128;

/// What a frame costs beside its bytes, so that a peer cannot fill memory with empty ones: about what it takes here.
pub const FRAME_COST: u32 = 64;

/// The shortest silence that a peer may call an end: a shorter one would have us do nothing but say that we live.
pub const IDLE_MIN: Duration = Duration::from_secs(1);

/// Bytes that wait to be written at most, beyond which no data is added to them. Enough to keep a socket busy while a task
/// is woken.
const OUTBOX_BYTES_MAX: usize = 256 * 1024;

/// Bytes that wait to be written at most, beyond which a callee reads no more: the peer calls, and does not read the answers.
const BACKLOG_BYTES_MAX: usize = OUTBOX_BYTES_MAX + 64 * 1024;

/// Data is sent in pieces of at least this size where there is so much: credit in crumbs makes no crumbs of messages.
const PIECE_BYTES_MIN: usize = 4 * 1024;
