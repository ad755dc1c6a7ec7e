//! What a connection knows of one call.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use crate::call::CallError;
use crate::envelope::FRAME_COST;
use crate::frame::{Frame, Path};

/// A call on one side of a connection.
#[derive(Debug)]
pub(super) struct Call {
    /// Whether it counts as one of the calls that are open on the wire.
    pub(super) is_open: bool,
    /// Whether nobody holds it on this side: it is only here until what it has to send is sent.
    pub(super) is_released: bool,
    pub(super) incoming: Incoming,
    pub(super) outgoing: Outgoing,
    /// How it failed; to be read after what came before.
    pub(super) failure: Option<CallError>,
    /// Whether it is the other side, or time, that ended it.
    pub(super) is_cancelled: bool,
    pub(super) deadline: Option<Instant>,
}

/// The direction that comes in.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) frames: VecDeque<Frame>,
    pub(super) ended: bool,
    /// What the peer may still send.
    pub(super) granted: u32,
    /// What was read here and not granted again yet.
    pub(super) read: u32,
}

/// The direction that goes out.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) queue: VecDeque<(Path, Bytes)>,
    pub(super) state: Sending,
    /// What the peer takes.
    pub(super) credit: u32,
    /// Whether the call stands in the line of those that have something to send.
    pub(super) is_ready: bool,
    /// Whether somebody waits for the queue to be empty.
    pub(super) is_awaited: bool,
}

/// How far a direction is that goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// More may come.
    Open,
    /// Nothing more comes; the end is still to be written.
    Ending,
    /// The end is written, or the peer takes nothing more.
    Done,
}

impl Call {
    pub(super) fn new(granted: u32, credit: u32, deadline: Option<Instant>) -> Self {
        Self {
            is_open: true,
            is_released: false,
            incoming: Incoming {
                frames: VecDeque::new(),
                ended: false,
                granted,
                read: 0,
            },
            outgoing: Outgoing {
                queue: VecDeque::new(),
                state: Sending::Open,
                credit,
                is_ready: false,
                is_awaited: false,
            },
            failure: None,
            is_cancelled: false,
            deadline,
        }
    }

    /// Whether both directions are over.
    pub(super) fn is_over(&self) -> bool {
        self.incoming.ended && self.outgoing.state == Sending::Done
    }

    /// Nothing more is sent or received.
    pub(super) fn fail(&mut self, error: CallError) {
        self.failure = Some(error);
        self.outgoing.queue.clear();
        self.outgoing.state = Sending::Done;
    }
}

/// What a frame takes of the receiver's window.
pub(super) fn cost(path: &Path, data: usize) -> u32 {
    let size = FRAME_COST as usize + path.encoded_size() + data;
    u32::try_from(size).unwrap_or(u32::MAX)
}
