//! Bytes on their way from a body to the host.

use std::io::Read;

use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::OutgoingBody;
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::{OutputStream, StreamError};

use crate::http::body::{Body, Source};
use crate::http::{Error, incoming};

/// The most that is moved at once: as much as the host takes before it waits for the network.
const CHUNK_BYTES: usize = 64 << 10;

/// How often it is asked whether the other side is still there while there is nothing to send, in nanoseconds. WASI 0.2 wakes nobody when it goes, and the
/// source would be kept open for nothing.
const GONE_CHECK_NS: u64 = 1_000_000_000;

/// A body that is being sent. Dropping it before it is done tells the other side that the rest is missing.
///
/// The fields are dropped in this order, for the host does not let a body go before its stream.
pub(crate) struct Transfer {
    source: Source,
    /// Where it goes, until it is done.
    sink: Option<Sink>,
}

struct Sink {
    stream: OutputStream,
    body: OutgoingBody,
}

/// What came of one step.
pub(crate) enum Step {
    /// Some of it was sent, and more may be at once.
    Moved,
    /// Nothing can be sent before one of these is ready.
    Waits(Vec<Pollable>),
    /// All of it was sent, or the other side takes no more.
    Done,
}

impl Transfer {
    pub(crate) fn new(source: Body, body: OutgoingBody) -> Self {
        let sink = body.write().ok().map(|stream| Sink { stream, body });
        Self {
            source: source.0,
            sink,
        }
    }

    /// Sends what can be sent now. Blocks only where the source is a reader that does.
    ///
    /// # Errors
    /// The source failed. The other side is told that the rest is missing.
    pub(crate) fn step(&mut self) -> Result<Step, Error> {
        let Some(sink) = &self.sink else {
            return Ok(Step::Done);
        };
        let room = match sink.stream.check_write() {
            Ok(0) => {
                let mut waits = vec![sink.stream.subscribe()];
                if let Source::Host(from) = &mut self.source {
                    from.upload(&mut waits);
                }
                return Ok(Step::Waits(waits));
            }
            Ok(room) => usize::try_from(room)
                .unwrap_or(CHUNK_BYTES)
                .min(CHUNK_BYTES),
            Err(_) => return Ok(self.gone()),
        };
        match &mut self.source {
            Source::Bytes(bytes) => {
                let at = usize::try_from(bytes.position()).unwrap_or(usize::MAX);
                let rest = bytes.get_ref().get(at..).unwrap_or_default();
                let chunk = rest.get(..room).unwrap_or(rest);
                if chunk.is_empty() {
                    return Ok(self.finish());
                }
                if sink.stream.write(chunk).is_err() {
                    return Ok(self.gone());
                }
                bytes.set_position((at + chunk.len()) as u64);
            }
            Source::Reader(reader) => {
                let mut buffer = vec![0; room];
                let length = match reader.read(&mut buffer) {
                    Ok(0) => return Ok(self.finish()),
                    Ok(length) => length,
                    Err(error) => {
                        self.sink = None;
                        return Err(error.into());
                    }
                };
                let chunk = buffer.get(..length).unwrap_or_default();
                if sink.stream.write(chunk).is_err() {
                    return Ok(self.gone());
                }
            }
            Source::Host(from) => match sink.stream.splice(from.stream(), room as u64) {
                Ok(0) => {
                    let mut waits = vec![from.stream().subscribe()];
                    from.upload(&mut waits);
                    return Ok(Step::Waits(waits));
                }
                Ok(moved) => from.count(moved),
                Err(StreamError::Closed) => return Ok(self.finish()),
                Err(error) => {
                    self.sink = None;
                    return Err(incoming::broken(&error));
                }
            },
        }
        Ok(Step::Moved)
    }

    /// Sends all of it.
    ///
    /// # Errors
    /// As [`Transfer::step`].
    pub(crate) fn run(mut self) -> Result<(), Error> {
        loop {
            match self.step()? {
                Step::Moved => {}
                Step::Waits(mut waits) => {
                    waits.push(subscribe_duration(GONE_CHECK_NS));
                    poll(&waits.iter().collect::<Vec<_>>());
                }
                Step::Done => return Ok(()),
            }
        }
    }

    fn finish(&mut self) -> Step {
        if let Some(Sink { stream, body }) = self.sink.take() {
            drop(stream);
            // Fails when the other side is gone, or was promised another length.
            let _ = OutgoingBody::finish(body, None);
        }
        Step::Done
    }

    /// The other side takes no more.
    fn gone(&mut self) -> Step {
        self.sink = None;
        Step::Done
    }
}
