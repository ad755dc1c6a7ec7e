//! A connection to a NATS server, and the streams that receive over it.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::{Client, ConnectOptions, Event, Message, Subject, Subscriber};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::transport::nats::link::{self, MESSAGE_COST, WINDOW_BYTES};

/// Messages of a stream that wait to be looked at: a window of the smallest, and as many that carry no data.
const MESSAGES_MAX: usize = 2 * (WINDOW_BYTES / MESSAGE_COST) as usize;

/// Messages of a subscription that wait: what came for all streams and was not handed out, or streams to be accepted, which
/// may take 16 KiB each and so 64 MiB. Those beyond are lost, and the streams that they belong to find out.
const SUBSCRIPTION_MESSAGES_MAX: usize = 4096;

/// The least that a server must take in one message: a head, and data enough to be worth it.
const PAYLOAD_BYTES_MIN: usize = 1024;

/// Whether a connection that was lost is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// By itself, for as long as it takes: a listener stays.
    Returns,
    /// Not by itself: who connects makes another.
    Stays,
}

/// A connection. It ends when neither its owner nor a stream holds it.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) client: Client,
    /// The subject under which its streams receive, each with a number.
    inbox: String,
    pub(super) streams: Arc<Streams>,
    lost: watch::Receiver<u64>,
    /// Hands out what comes while the connection is there.
    _dispatching: JoinSet<()>,
}

/// The streams that receive, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Streams(Mutex<Receivers>);

#[derive(Debug, Default)]
struct Receivers {
    last: u64,
    senders: HashMap<u64, mpsc::Sender<Message>>,
}

impl Hub {
    pub(super) async fn connect(
        server: &str,
        options: ConnectOptions,
        lost: Lost,
    ) -> io::Result<Arc<Self>> {
        let (losing, loss) = watch::channel(0);
        let mut options = options
            .subscription_capacity(SUBSCRIPTION_MESSAGES_MAX)
            .event_callback(move |event| {
                if matches!(event, Event::Disconnected | Event::Closed) {
                    losing.send_modify(|times| *times += 1);
                }
                std::future::ready(())
            });
        if lost == Lost::Stays {
            // It is given up soon: the next stream asks for another.
            options = options.max_reconnects(3);
        }
        let client = options.connect(server).await.map_err(io::Error::other)?;
        let payload = client.server_info().max_payload;
        if payload < PAYLOAD_BYTES_MIN {
            let message = format!(
                "the server takes {payload} bytes in a message, and {PAYLOAD_BYTES_MIN} are needed"
            );
            return Err(io::Error::other(message));
        }
        let inbox = client.new_inbox();
        let received = client.subscribe(format!("{inbox}.*")).await;
        let received = received.map_err(io::Error::other)?;
        let streams = Arc::new(Streams::default());
        let mut dispatching = JoinSet::new();
        dispatching.spawn(dispatch(
            client.clone(),
            received,
            Arc::clone(&streams),
            loss.clone(),
            lost,
        ));
        Ok(Arc::new(Self {
            client,
            inbox,
            streams,
            lost: loss,
            _dispatching: dispatching,
        }))
    }

    /// Whether the connection was ever lost.
    pub(super) fn was_lost(&self) -> bool {
        *self.lost.borrow() > 0
    }

    /// Where the stream of this number receives.
    pub(super) fn inbox(&self, stream: u64) -> Subject {
        format!("{}.{stream}", self.inbox).into()
    }

    /// Sends a message of a stream. If nobody receives it, the stream is told.
    pub(super) async fn publish(
        &self,
        stream: u64,
        to: &Subject,
        message: Bytes,
    ) -> io::Result<()> {
        let reply = self.inbox(stream);
        let published = self.client.publish_with_reply(to.clone(), reply, message);
        published.await.map_err(io::Error::other)
    }

    /// The bytes of a message at most.
    pub(super) fn payload_bytes_max(&self) -> usize {
        self.client.server_info().max_payload
    }
}

impl Streams {
    fn lock(&self) -> MutexGuard<'_, Receivers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new stream's number, and what it receives: until it is removed, or the connection is lost.
    pub(super) fn add(&self) -> (u64, mpsc::Receiver<Message>) {
        let (sender, receiver) = mpsc::channel(MESSAGES_MAX);
        let mut receivers = self.lock();
        receivers.last += 1;
        let number = receivers.last;
        receivers.senders.insert(number, sender);
        (number, receiver)
    }

    pub(super) fn remove(&self, stream: u64) {
        self.lock().senders.remove(&stream);
    }

    /// Hands a message to its stream. Gives it back if there is none.
    fn hand_out(&self, message: Message) -> Option<Message> {
        let number = message.subject.rsplit_once('.')?.1.parse().ok()?;
        let mut receivers = self.lock();
        let Some(sender) = receivers.senders.get(&number) else {
            return Some(message);
        };
        if sender.try_send(message).is_err() {
            // It has sent more than it may, or is over.
            receivers.senders.remove(&number);
        }
        None
    }
}

async fn dispatch(
    client: Client,
    mut received: Subscriber,
    streams: Arc<Streams>,
    mut loss: watch::Receiver<u64>,
    lost: Lost,
) {
    loop {
        tokio::select! {
            message = received.next() => {
                let Some(message) = message else { break };
                if let Some(stray) = streams.hand_out(message) {
                    tell(&client, stray).await;
                }
            }
            changed = loss.changed() => {
                // Messages were lost with it: the streams cannot go on.
                streams.lock().senders.clear();
                if lost == Lost::Stays || changed.is_err() {
                    break;
                }
            }
        }
    }
    streams.lock().senders.clear();
}

/// Tells who sent a message that its stream is not known, unless that is what it said.
async fn tell(client: &Client, stray: Message) {
    if let (Some(reply), None) = (stray.reply, stray.status)
        && stray.payload != link::GONE
    {
        let _ = client.publish(reply, Bytes::from_static(link::GONE)).await;
    }
}
