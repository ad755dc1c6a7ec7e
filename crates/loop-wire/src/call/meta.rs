//! What travels with a call beside its values.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// The bytes of a trace's state, and of a caller's name, at most. The W3C asks to pass on 512 bytes of state at least.
pub const TEXT_BYTES_MAX: usize = 4096;

/// What travels with a call beside its values. Plain wRPC carries none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// How long the call may take. Both sides watch it: the caller is answered, and the callee stops.
    pub deadline: Option<Duration>,
    /// The trace that the call belongs to.
    pub trace: Option<TraceContext>,
    /// On whose behalf the call is made, as the calling process says. It is worth what that process is trusted with:
    /// who the process is, the transport knows ([`Peer`](crate::transport::Peer)).
    pub caller: Option<Arc<str>>,
}

/// A position in a distributed trace: the W3C's `traceparent` and `tracestate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: [u8; 16],
    /// The span that makes the call.
    pub parent_id: [u8; 8],
    /// Bit 0: the trace is recorded.
    pub flags: u8,
    /// What tracing systems pass on to themselves; empty if nothing.
    pub state: Arc<str>,
}

/// Why a text cannot be what travels with a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetaError {
    /// It is not of the form `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`, or an id in it is zero.
    #[error("`{0}` is no `traceparent`")]
    TraceParent(String),
    /// It is too long.
    #[error("a text has {length} bytes, and at most {TEXT_BYTES_MAX} are allowed (TEXT_BYTES_MAX)")]
    TooLong {
        /// How many it has.
        length: usize,
    },
}

impl Meta {
    /// Whether nothing travels with the call.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Says whether a peer would take this.
    ///
    /// # Errors
    ///
    /// If a text is too long.
    pub fn check(&self) -> Result<(), MetaError> {
        let state = self.trace.as_ref().map(|trace| &trace.state);
        for text in [state, self.caller.as_ref()].into_iter().flatten() {
            let length = text.len();
            if length > TEXT_BYTES_MAX {
                return Err(MetaError::TooLong { length });
            }
        }
        Ok(())
    }
}

impl FromStr for TraceContext {
    type Err = MetaError;

    /// Reads a `traceparent` header of version 00.
    fn from_str(text: &str) -> Result<Self, MetaError> {
        let refuse = || MetaError::TraceParent(text.chars().take(64).collect());
        let mut parts = text.split('-');
        let (Some("00"), Some(trace), Some(parent), Some(flags), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return Err(refuse());
        };
        let context = Self {
            trace_id: hex(trace).ok_or_else(refuse)?,
            parent_id: hex(parent).ok_or_else(refuse)?,
            flags: hex::<1>(flags).ok_or_else(refuse)?[0],
            state: Arc::default(),
        };
        if context.trace_id == [0; 16] || context.parent_id == [0; 8] {
            return Err(refuse());
        }
        Ok(context)
    }
}

impl fmt::Display for TraceContext {
    /// Writes a `traceparent` header.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("00-")?;
        for byte in self.trace_id {
            write!(formatter, "{byte:02x}")?;
        }
        formatter.write_str("-")?;
        for byte in self.parent_id {
            write!(formatter, "{byte:02x}")?;
        }
        write!(formatter, "-{:02x}", self.flags)
    }
}

/// Reads lower-case hex digits, two for each byte.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = *byte << 4 | value;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_and_written() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context: TraceContext = text.parse().unwrap();
        assert_eq!(context.parent_id[0], 0xb7);
        assert_eq!(context.to_string(), text);
    }

    #[test]
    fn what_is_no_traceparent_is_refused() {
        for text in [
            "",
            "00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-011",
        ] {
            assert!(text.parse::<TraceContext>().is_err(), "{text}");
        }
    }
}
