//! The transports that are measured.

use anyhow::Context as _;

/// A transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Unix,
    Shm,
    Tcp,
    Quic,
    Http2,
    Tls,
    Nats,
}

impl Transport {
    pub(crate) const ALL: [Self; 7] = [
        Self::Unix,
        Self::Shm,
        Self::Tcp,
        Self::Quic,
        Self::Http2,
        Self::Tls,
        Self::Nats,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unix => "unix",
            Self::Shm => "shm",
            Self::Tcp => "tcp",
            Self::Quic => "quic",
            Self::Http2 => "http2",
            Self::Tls => "tls",
            Self::Nats => "nats",
        }
    }

    pub(crate) fn from_name(name: &str) -> anyhow::Result<Self> {
        let found = Self::ALL
            .into_iter()
            .find(|transport| transport.name() == name);
        found.with_context(|| format!("there is no transport {name}"))
    }
}
