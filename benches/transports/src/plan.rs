//! What is measured.

use std::fmt;

use anyhow::{Context as _, bail};
use loop_wire::address::Place;

/// What carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Unix,
    Shm,
    Tcp,
    Tls,
    Quic,
    Http2,
    Nats,
}

/// What is sent, and comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    /// So many bytes, as `list<u8>`.
    Bytes(usize),
    /// A record of twenty fields.
    Record,
    /// A thousand of them.
    Records,
}

/// Where the two processes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Where the system puts them.
    Free,
    /// Both on one core.
    Pinned,
    /// Each on a core of its own, so that both are awake while one speaks.
    Awake,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) transport: Transport,
    pub(crate) payload: Payload,
    pub(crate) placement: Placement,
    pub(crate) callers: usize,
}

/// How many call at once where many do.
pub(crate) const CALLERS: usize = 64;

impl Plan {
    /// All rows, those of the same two processes one after the other.
    pub(crate) fn all() -> Vec<Self> {
        let mut plans = Vec::new();
        let mut add = |transport, placement, callers, payloads: &[Payload]| {
            plans.extend(payloads.iter().map(|payload| Self {
                transport,
                payload: *payload,
                placement,
                callers,
            }));
        };
        for transport in Transport::ALL {
            add(transport, Placement::Free, 1, &Payload::ALL);
            add(transport, Placement::Free, CALLERS, &Payload::ALL);
            add(transport, Placement::Pinned, 1, &Payload::ALL);
            if transport == Transport::Shm {
                add(transport, Placement::Awake, 1, &[Payload::Bytes(64)]);
            }
        }
        plans
    }

    /// Rows for a server elsewhere.
    pub(crate) fn elsewhere(transport: Transport) -> Vec<Self> {
        let mut plans = Self::all();
        plans.retain(|plan| plan.transport == transport && plan.placement == Placement::Free);
        plans
    }

    pub(crate) fn name(self) -> String {
        let who = match self.callers {
            1 => self.placement.name().to_owned(),
            callers => format!("{callers}-callers"),
        };
        format!("{}/{}/{who}", self.transport.name(), self.payload)
    }

    /// The most that its ratio may be, where a goal was set.
    pub(crate) fn goal(self) -> Option<f64> {
        Some(match &*self.name() {
            "unix/64B/free" | "tcp/64B/free" => 1.25,
            "nats/64B/free" => 1.3,
            "unix/64KiB/free" | "quic/64B/free" | "http2/64B/free" => 1.6,
            "unix/64B/pinned" | "unix/records-1000/free" | "shm/64B/awake" => 2.0,
            "unix/64B/64-callers" => 0.2,
            _ => return None,
        })
    }
}

impl Transport {
    pub(crate) const ALL: [Self; 7] = [
        Self::Unix,
        Self::Shm,
        Self::Tcp,
        Self::Tls,
        Self::Quic,
        Self::Http2,
        Self::Nats,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unix => "unix",
            Self::Shm => "shm",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Quic => "quic",
            Self::Http2 => "http2",
            Self::Nats => "nats",
        }
    }

    pub(crate) fn from_name(name: &str) -> anyhow::Result<Self> {
        let found = Self::ALL.into_iter().find(|each| each.name() == name);
        found.with_context(|| format!("`{name}` is not measured"))
    }

    /// What leads to a place.
    pub(crate) fn of(place: &Place) -> anyhow::Result<Self> {
        Ok(match place {
            Place::Unix(_) => Self::Unix,
            Place::Shm(_) => Self::Shm,
            Place::Tcp(_) => Self::Tcp,
            Place::Tls(_) => Self::Tls,
            Place::Quic(_) => Self::Quic,
            Place::Http2(_) => Self::Http2,
            Place::Nats(_) => Self::Nats,
            _ => bail!("a server is measured over a transport that has an address"),
        })
    }

    /// Whether both ends know each other by certificates.
    pub(crate) fn is_encrypted(self) -> bool {
        matches!(self, Self::Tls | Self::Quic)
    }
}

impl Payload {
    const ALL: [Self; 7] = [
        Self::Bytes(0),
        Self::Bytes(64),
        Self::Bytes(1 << 10),
        Self::Bytes(64 << 10),
        Self::Bytes(1 << 20),
        Self::Record,
        Self::Records,
    ];

    /// The function that takes it.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Bytes(_) => "bytes",
            Self::Record => "record",
            Self::Records => "records",
        }
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) if *bytes >= 1 << 20 => write!(f, "{}MiB", bytes >> 20),
            Self::Bytes(bytes) if *bytes >= 1 << 10 => write!(f, "{}KiB", bytes >> 10),
            Self::Bytes(bytes) => write!(f, "{bytes}B"),
            Self::Record => f.write_str("record-20"),
            Self::Records => f.write_str("records-1000"),
        }
    }
}

impl Placement {
    const ALL: [Self; 3] = [Self::Free, Self::Pinned, Self::Awake];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pinned => "pinned",
            Self::Awake => "awake",
        }
    }

    pub(crate) fn from_name(name: &str) -> anyhow::Result<Self> {
        let found = Self::ALL.into_iter().find(|each| each.name() == name);
        found.with_context(|| format!("`{name}` is no placement"))
    }
}
