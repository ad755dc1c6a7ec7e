//! What `netx-record` writes and `netx-replay` reads: a text file with a line of JSON for each thing that happened, in its order.
//!
//! It is made to be read and written by people as well. Bytes that are text stand there as text:
//!
//! ```json
//! {"what":"resolved","name":"example.com","addresses":["93.184.216.34"]}
//! {"what":"answered","method":"GET","url":"https://example.com/","status":200,"headers":[["content-type","text/plain"]],"body":{"text":"hello"}}
//! {"what":"connected","connection":1,"url":"wss://example.com/feed"}
//! {"what":"sent","connection":1,"message":{"text":"prices"}}
//! {"what":"received","connection":1,"message":{"text":"17"}}
//! {"what":"closed","connection":1,"code":1000,"reason":""}
//! {"what":"call-begun","call":1,"url":"https://example.com/acme.Store/Get"}
//! {"what":"call-sent","call":1,"message":{"base64":"CAE="}}
//! {"what":"call-finished","call":1}
//! {"what":"call-failed","call":1,"status":{"code":5,"message":"there is no such thing"}}
//! ```

use std::fmt;
use std::net::IpAddr;

use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most bytes of a recording: what fits into the memory of a component three times.
pub const BYTES_MAX: u64 = 64 << 20;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Line {
    /// A name has these addresses.
    Resolved {
        name: String,
        addresses: Vec<IpAddr>,
    },
    /// A name has none.
    Unresolved { name: String, why: NoAddress },
    /// A connection is open. Its number stands in the lines that belong to it.
    Connected {
        connection: u64,
        url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        protocol: Option<String>,
    },
    /// There is no connection.
    Unconnected { url: String, why: NoConnection },
    /// The component sent this.
    Sent { connection: u64, message: Bytes },
    /// The component closes the connection.
    Closing { connection: u64 },
    /// The other side sent this.
    Received { connection: u64, message: Bytes },
    /// The connection has ended.
    Closed {
        connection: u64,
        code: u16,
        reason: String,
    },
    /// A request was answered.
    Answered {
        method: String,
        url: String,
        status: u16,
        headers: Vec<(String, Text)>,
        body: Bytes,
        /// That the connection ended in the middle of the body.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        broken: bool,
    },
    /// A request was not answered.
    Unanswered {
        method: String,
        url: String,
        why: NoAnswer,
    },
    /// A call of gRPC has begun. Its number stands in the lines that belong to it.
    CallBegun { call: u64, url: String },
    /// A call did not begin.
    CallNotBegun { url: String, why: NoCall },
    /// The component sent this.
    CallSent { call: u64, message: Bytes },
    /// The component sends no more.
    CallFinished { call: u64 },
    /// The server begins to answer.
    CallAnswered { call: u64, metadata: Metadata },
    /// The server sent this.
    CallReceived { call: u64, message: Bytes },
    /// The call has ended well.
    CallEnded { call: u64, metadata: Metadata },
    /// The call has failed.
    CallFailed { call: u64, status: Status },
}

/// What stands beside the messages of a call.
pub type Metadata = Vec<(String, Bytes)>;

/// How a call of gRPC failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The number of gRPC: 5 for `not-found`.
    pub code: u8,
    pub message: String,
    #[serde(default = "Bytes::none", skip_serializing_if = "Bytes::is_empty")]
    pub details: Bytes,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Metadata,
}

/// Why a name has no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoAddress {
    Invalid,
    Denied,
    Unresolved,
    TimedOut,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoConnection {
    Invalid(String),
    Denied,
    Unresolved,
    Unreachable,
    TimedOut,
    Untrusted,
    Refused(u16),
    Protocol(String),
    TooMany(u32),
}

/// Why a call did not begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoCall {
    Invalid(String),
    Denied,
    Unresolved,
    Unreachable,
    TimedOut,
    Untrusted,
    Protocol(String),
    TooMany(u32),
}

/// Why a request was not answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoAnswer {
    Denied,
    UnknownHost,
    Unreachable,
    TimedOut,
    Untrusted,
    BrokenOff,
    /// Something else, in words.
    Other(String),
}

/// Bytes: as text where the component meant text, otherwise in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bytes {
    Text(String),
    Base64(Encoded),
}

/// Bytes that are no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded(pub Vec<u8>);

/// The value of a header, which may be something else than UTF-8: each of its bytes is the character of that number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub Vec<u8>);

impl Bytes {
    /// As text if it is that.
    #[must_use]
    pub fn of(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Base64(Encoded(error.into_bytes())),
        }
    }

    fn none() -> Self {
        Self::Text(String::new())
    }

    fn is_empty(&self) -> bool {
        *self == Self::none()
    }

    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Base64(Encoded(bytes)) => bytes,
        }
    }
}

impl Serialize for Encoded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text.as_bytes());
        bytes.map(Self).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: String = self.0.iter().copied().map(char::from).collect();
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = text.chars().map(u8::try_from).collect::<Result<_, _>>();
        bytes.map(Self).map_err(serde::de::Error::custom)
    }
}

/// A recording that cannot be read.
#[derive(Debug)]
pub struct Unreadable {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// Reads a recording. Empty lines do not count.
///
/// # Errors
/// The first line that is not one of those above.
pub fn read(text: &str) -> Result<Vec<Line>, Unreadable> {
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, text)| !text.trim().is_empty());
    let read = |(line, text): (usize, &str)| {
        serde_json::from_str(text).map_err(|error| {
            let why = error.to_string();
            // It counts lines of its own, and there is always one.
            let why = why.replace(" at line 1 column ", " at column ");
            Unreadable { line, why }
        })
    };
    lines.map(read).collect()
}

/// A line, with its end.
///
/// # Errors
/// None: there is nothing in a line that JSON has no word for.
pub fn write(line: &Line) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(line)? + "\n")
}
