//! The task of a stream: between its two halves and the messages.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use async_nats::{Message, StatusCode, Subject};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::{sleep_until, timeout};

use crate::transport::nats::hub::Hub;
use crate::transport::nats::link::{
    ACCEPT_TIME, DATA_BYTES_MAX, Event, HEAD_BYTES_MAX, Link, LinkError, OPEN_DATA_MAX,
};
use crate::transport::pieces::{PieceReader, Pieces, pipe};
use crate::transport::{Stream, nats};

/// What moves the bytes of one stream.
pub(super) struct Pump {
    hub: Arc<Hub>,
    number: u64,
    messages: mpsc::Receiver<Message>,
    /// Where the peer receives. Before it has accepted, where its listener does.
    peer: Subject,
    /// What the writer writes; gone when it is over.
    written: Option<Pieces>,
    /// What was written and is still to be sent.
    rest: Bytes,
    /// Where the reader reads; gone when it is over.
    reads: Option<mpsc::Sender<io::Result<Bytes>>>,
    /// What was received and is still to be read.
    unread: VecDeque<Bytes>,
    /// How the peer has ended, where it has.
    ended: Option<Event>,
}

/// What happened.
enum Step {
    Received(Option<Message>),
    Written(Option<io::Result<Bytes>>),
    /// The reader takes a piece.
    Reads,
    /// The reader is gone.
    ReaderGone,
    Time,
}

impl Pump {
    /// A pump of a stream with the one who receives at `peer`, and the stream.
    pub(super) fn new(hub: Arc<Hub>, peer: Subject) -> (Self, Stream) {
        let (number, messages) = hub.streams.add();
        let (writer, written) = pipe();
        let (sender, reads) = mpsc::channel(1);
        let pump = Self {
            hub,
            number,
            messages,
            peer,
            written: Some(written),
            rest: Bytes::new(),
            reads: Some(sender),
            unread: VecDeque::new(),
            ended: None,
        };
        let reader = PieceReader::new(nats::Received(reads));
        (pump, Stream::new(reader, writer))
    }

    /// Opens the stream when something is written, and then moves its bytes.
    pub(super) async fn open(mut self) {
        let (Some(written), Some(reads)) = (&mut self.written, &self.reads) else {
            return;
        };
        let first = tokio::select! {
            biased;
            first = written.next() => first,
            () = reads.closed() => None,
        };
        match first {
            Some(Ok(piece)) => self.rest = piece,
            // It ended without a word, so nobody is to be told of it.
            Some(Err(_)) | None => return self.hub.streams.remove(self.number),
        }
        let count = self
            .rest
            .len()
            .min(OPEN_DATA_MAX)
            .min(self.data_bytes_max());
        let (link, opening) = Link::open(&self.rest.split_to(count), Instant::now());
        self.run(link, opening).await;
    }

    /// Accepts the stream, and moves its bytes. The first of them came with the message that opened it.
    pub(super) async fn accept(mut self, mut link: Link, first: Bytes) {
        // Who opened it with so much waits to send the rest.
        let waits = first.len() < OPEN_DATA_MAX;
        self.push(first);
        if self.give_out(&mut link).await.is_ok()
            && waits
            && let Some(written) = &mut self.written
            && let Ok(Some(Ok(piece))) = timeout(ACCEPT_TIME, written.next()).await
        {
            self.rest = piece;
        }
        let room = link.room().min(self.data_bytes_max());
        let count = self.rest.len().min(room);
        let acceptance = link.accept(&self.rest.split_to(count), Instant::now());
        self.run(link, acceptance).await;
    }

    /// Keeps data for the reader.
    fn push(&mut self, data: Bytes) {
        if self.reads.is_some() && !data.is_empty() {
            self.unread.push_back(data);
        }
    }

    async fn run(mut self, mut link: Link, first: Bytes) {
        let moved = match self.publish(first).await {
            Ok(()) => self.move_all(&mut link).await,
            failed => failed,
        };
        self.hub.streams.remove(self.number);
        // Whoever writes finds out with the next byte.
        self.written = None;
        if let (Err(error), Some(reads)) = (moved, self.reads.take()) {
            // What came before is still read.
            for piece in self.unread.drain(..) {
                let _ = reads.send(Ok(piece)).await;
            }
            let _ = reads.send(Err(error)).await;
        }
        if Arc::strong_count(&self.hub) == 1 {
            // The connection ends with this stream: its last message is not to be left behind.
            let _ = self.hub.client.flush().await;
        }
    }

    async fn publish(&self, message: Bytes) -> io::Result<()> {
        self.hub.publish(self.number, &self.peer, message).await
    }

    fn data_bytes_max(&self) -> usize {
        let payload = self.hub.payload_bytes_max();
        payload.saturating_sub(HEAD_BYTES_MAX).min(DATA_BYTES_MAX)
    }

    /// Moves bytes until both directions are over.
    async fn move_all(&mut self, link: &mut Link) -> io::Result<()> {
        while self.written.is_some() || self.reads.is_some() {
            self.send_rest(link).await?;
            match self.step(link).await {
                Step::Received(None) => {
                    let message = "the connection to the NATS server was lost";
                    return Err(io::Error::new(io::ErrorKind::ConnectionReset, message));
                }
                Step::Received(Some(message)) => self.receive(message, link)?,
                Step::Written(Some(Ok(piece))) => self.rest = piece,
                Step::Written(end) => {
                    self.written = None;
                    let in_good_order = end.is_none();
                    self.publish(link.end(in_good_order, Instant::now()))
                        .await?;
                }
                Step::Reads => self.give_out(link).await?,
                Step::ReaderGone => {
                    self.reads = None;
                    self.unread.clear();
                    if self.ended.is_none() {
                        self.publish(link.stop(Instant::now())).await?;
                    }
                }
                Step::Time => {
                    if let Some(beat) = link.tick(Instant::now()).map_err(broken)? {
                        self.publish(beat).await?;
                    }
                }
            }
            self.end_reading()?;
        }
        Ok(())
    }

    async fn step(&mut self, link: &Link) -> Step {
        // Once both have said all, the peer forgets the stream as soon as it has read all: what it says then, or does not say, is no matter.
        let over = self.written.is_none() && matches!(self.ended, Some(Event::End | Event::Close));
        // Before the peer has accepted, nobody knows where it receives.
        let accepted = link.is_accepted();
        let takes = accepted && self.rest.is_empty();
        let written = async {
            match &mut self.written {
                Some(written) if takes => written.next().await,
                _ => std::future::pending().await,
            }
        };
        let unread = !self.unread.is_empty();
        let reads = async {
            match &self.reads {
                Some(reads) if unread => match reads.reserve().await {
                    Ok(_) => Step::Reads,
                    Err(_) => Step::ReaderGone,
                },
                Some(reads) if accepted => {
                    reads.closed().await;
                    Step::ReaderGone
                }
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            message = self.messages.recv(), if !over => Step::Received(message),
            piece = written => Step::Written(piece),
            step = reads => step,
            () = sleep_until(link.timeout().into()), if !over => Step::Time,
        }
    }

    /// Sends what was written, as far as the peer takes it.
    async fn send_rest(&mut self, link: &mut Link) -> io::Result<()> {
        while !self.rest.is_empty() && link.room() > 0 {
            let count = self.rest.len().min(link.room()).min(self.data_bytes_max());
            let data = self.rest.split_to(count);
            self.publish(link.send(&data, Instant::now())).await?;
        }
        Ok(())
    }

    fn receive(&mut self, message: Message, link: &mut Link) -> io::Result<()> {
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            return Err(if link.is_accepted() {
                io::Error::new(io::ErrorKind::ConnectionReset, "nobody receives any more")
            } else {
                let message = format!("nobody listens at `{}`", self.peer);
                io::Error::new(io::ErrorKind::ConnectionRefused, message)
            });
        }
        if !link.is_accepted() {
            self.peer = message.reply.ok_or_else(|| broken(LinkError::Malformed))?;
        }
        match link
            .receive(message.payload, Instant::now())
            .map_err(broken)?
        {
            Event::Data(data) => self.push(data),
            Event::Credit | Event::Beat => {}
            end @ (Event::End | Event::Break) => self.ended = Some(end),
            stop @ (Event::Stop | Event::Close) => {
                self.written = None;
                self.rest.clear();
                if stop == Event::Close {
                    self.ended = Some(stop);
                }
            }
        }
        Ok(())
    }

    /// Gives the reader a piece, and the peer credit for it.
    async fn give_out(&mut self, link: &mut Link) -> io::Result<()> {
        let (Some(reads), Some(piece)) = (&self.reads, self.unread.pop_front()) else {
            return Ok(());
        };
        let credit = link.read(&piece, Instant::now());
        // There is room for it: nobody else sends.
        let _ = reads.try_send(Ok(piece));
        match credit {
            Some(credit) => self.publish(credit).await,
            None => Ok(()),
        }
    }

    /// Ends reading once all was read. A direction that broke off takes the other with it.
    fn end_reading(&mut self) -> io::Result<()> {
        match &self.ended {
            Some(_) if !self.unread.is_empty() => Ok(()),
            Some(Event::Break) => Err(io::ErrorKind::ConnectionAborted.into()),
            Some(_) => {
                self.reads = None;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn broken(error: LinkError) -> io::Error {
    let kind = match error {
        LinkError::Silent => io::ErrorKind::TimedOut,
        LinkError::Gone => io::ErrorKind::ConnectionReset,
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, error)
}
