//! W3C Trace Context: places in traces, read from headers and written to them.
//!
//! Knows no spans: `spans` makes places for those. Ids come from outside, so that this is the same data in, same data out.

use std::fmt;

/// Bytes of `tracestate` that are taken: what the recommendation asks everybody to pass on.
pub const TRACE_STATE_BYTES_MAX: usize = 512;

/// Members of a `tracestate`, as the recommendation has it.
const STATE_MEMBERS_MAX: usize = 32;

/// The flag that says that somebody records the trace.
const SAMPLED: u8 = 1;

/// Identifies a trace. Never all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(u128);

/// Identifies a span within its trace. Never zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(u64);

/// A place in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The span in it.
    pub span_id: SpanId,
    /// The flags of W3C Trace Context. The lowest bit says that somebody records the trace.
    pub flags: u8,
    /// The tracing systems' own data, empty if there is none.
    pub state: String,
}

/// Why a header is not a place in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The parent is not `00-<32 digits>-<16 digits>-<2 digits>`, or an id is all zeros.
    #[error("the traceparent is not of the form 00-<trace id>-<span id>-<flags>")]
    Parent,
    /// The state is too long, has too many members, or one without a `=`.
    #[error("the tracestate is not a list of at most 32 key=value pairs in 512 bytes")]
    State,
}

impl TraceContext {
    /// The first place of a new trace that somebody records.
    pub fn new(trace_id: TraceId, span_id: SpanId) -> Self {
        Self {
            trace_id,
            span_id,
            flags: SAMPLED,
            state: String::new(),
        }
    }

    /// The place of another span of the same trace.
    #[must_use]
    pub fn at(&self, span_id: SpanId) -> Self {
        Self {
            span_id,
            ..self.clone()
        }
    }

    /// Reads the headers `traceparent` and `tracestate`; the latter is empty where there is none.
    ///
    /// # Errors
    /// [`TraceError`] if one of them is not spelled as the recommendation has it. Versions above 00 are read as far as 00 goes.
    pub fn parse(parent: &str, state: &str) -> Result<Self, TraceError> {
        let (trace_id, span_id, flags) = parse_parent(parent).ok_or(TraceError::Parent)?;
        if !is_state(state) {
            return Err(TraceError::State);
        }
        Ok(Self {
            trace_id,
            span_id,
            flags,
            state: state.to_owned(),
        })
    }

    /// The header `traceparent`.
    pub fn parent(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

fn parse_parent(text: &str) -> Option<(TraceId, SpanId, u8)> {
    let mut parts = text.splitn(5, '-');
    let version = u8::from_str_radix(digits(parts.next()?, 2)?, 16).ok()?;
    let trace_id = u128::from_str_radix(digits(parts.next()?, 32)?, 16).ok()?;
    let span_id = u64::from_str_radix(digits(parts.next()?, 16)?, 16).ok()?;
    let flags = u8::from_str_radix(digits(parts.next()?, 2)?, 16).ok()?;
    let known = version != 0xff && (version != 0 || parts.next().is_none());
    if !known {
        return None;
    }
    Some((TraceId::new(trace_id)?, SpanId::new(span_id)?, flags))
}

fn digits(text: &str, count: usize) -> Option<&str> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == count && text.bytes().all(hex)).then_some(text)
}

fn is_state(text: &str) -> bool {
    let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let members = text
        .split(',')
        .map(str::trim)
        .filter(|member| !member.is_empty());
    text.len() <= TRACE_STATE_BYTES_MAX
        && printable
        && members.clone().count() <= STATE_MEMBERS_MAX
        && members.into_iter().all(|member| {
            member
                .split_once('=')
                .is_some_and(|(key, value)| !key.is_empty() && !value.is_empty())
        })
}

impl TraceId {
    /// Its number.
    pub fn get(self) -> u128 {
        self.0
    }

    /// The id, unless it is 0.
    pub fn new(id: u128) -> Option<Self> {
        (id != 0).then_some(Self(id))
    }
}

impl SpanId {
    /// Its number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The id, unless it is 0.
    pub fn new(id: u64) -> Option<Self> {
        (id != 0).then_some(Self(id))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{TraceContext, TraceError};

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn check(parent: &str, state: &str) -> Result<String, TraceError> {
        TraceContext::parse(parent, state).map(|context| context.parent())
    }

    #[test]
    fn a_place_is_written_as_it_was_read() {
        assert_eq!(check(PARENT, ""), Ok(PARENT.to_owned()));
        assert_eq!(
            check(PARENT, "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
            Ok(PARENT.to_owned())
        );
    }

    #[test]
    fn later_versions_are_read_as_far_as_this_one_goes() {
        let later = PARENT.replacen("00-", "01-", 1) + "-more";
        assert_eq!(check(&later, ""), Ok(PARENT.to_owned()));
    }

    #[test]
    fn what_is_not_a_place_is_refused() {
        let wrong = [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-é",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ];
        for parent in wrong {
            assert_eq!(check(parent, ""), Err(TraceError::Parent), "{parent}");
        }
        let many = "a=b,".repeat(33);
        for state in [
            "novalue",
            "=x",
            "a=",
            "a=\u{e9}",
            "a=b\r\n",
            many.as_str(),
            &"a=".repeat(400),
        ] {
            assert_eq!(check(PARENT, state), Err(TraceError::State), "{state}");
        }
    }
}
