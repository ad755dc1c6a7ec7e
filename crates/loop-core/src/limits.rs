//! How much of the machine one component may use.
//!
//! Every limit has a name, a default and the reason for the default. A user sets one under `limits` of a
//! component in `loop.toml`; the host enforces all of them.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest `pool`: each instance of one takes address space before it is used.
pub const POOL_MAX: u32 = 10_000;

/// The limits of one component. Each instance is held to them on its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Linear memory, all memories of an instance together. Default 256 MiB: what a busy desktop can lose
    /// without swapping, and twice what a JavaScript or Python component takes.
    pub memory: ByteSize,
    /// Elements of all tables together. Default 100,000: the largest language runtimes known use about 20,000.
    #[schemars(range(min = 1))]
    pub tables: u32,
    /// Core instances within one component instance. Default 100: composed components have some ten each.
    #[schemars(range(min = 1))]
    pub instances: u32,
    /// Instances of the component that live at once: the size of a `pool`, and the most a `per-call` has
    /// in flight. Calls beyond that wait in turn. Default 16.
    #[schemars(range(min = 1, max = POOL_MAX))]
    pub pool: u32,
    /// Time for one call from outside, waiting in host calls included. Default 30 s: what a person or a
    /// proxy waits for. A `wasi:cli` command that the user started has no such limit unless one is set.
    pub call: Option<Span>,
    /// Instructions for one call, in units of wasmtime's fuel. Default none: counting costs about a tenth
    /// of the speed, and `call` already ends what does not end.
    #[schemars(range(min = 1))]
    pub fuel: Option<u64>,
    /// Bytes written to standard output and standard error together, and of `loop:core` records, in the
    /// life of an instance. Default 64 MiB: more than a person reads, less than fills a disk.
    pub output: ByteSize,
    /// Bytes of one message body that a component sends or receives over `wasi:http`, and of one value that crosses to
    /// another component. Default 64 MiB.
    pub body: ByteSize,
    /// Handles that an instance may hold at once (files, sockets, requests, streams). Default 10,000:
    /// leak-free programs stay far below.
    #[schemars(range(min = 1))]
    pub handles: u32,
}

impl Limits {
    /// The time for one call where none was set.
    pub const CALL_DEFAULT: Duration = Duration::from_secs(30);
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: ByteSize::mib(256),
            tables: 100_000,
            instances: 100,
            pool: 16,
            call: None,
            fuel: None,
            output: ByteSize::mib(64),
            body: ByteSize::mib(64),
            handles: 10_000,
        }
    }
}

/// A number of bytes, written `64 MiB`, `512 KiB`, `2 GiB` or `100 B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(
    /// The bytes.
    pub u64,
);

impl ByteSize {
    /// So many mebibytes.
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }
}

/// The units of [`ByteSize`], the smallest first.
const BYTE_UNITS: [(&str, u64); 4] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, size) = BYTE_UNITS
            .into_iter()
            .rev()
            .find(|(_, size)| self.0 != 0 && self.0.is_multiple_of(*size))
            .unwrap_or(("B", 1));
        write!(f, "{} {unit}", self.0 / size)
    }
}

/// A length of time, written `500 ms`, `5 s` or `2 min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(
    /// The time.
    pub Duration,
);

/// The units of [`Span`] in milliseconds, the smallest first.
const TIME_UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000)];

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let (unit, size) = TIME_UNITS
            .into_iter()
            .rev()
            .find(|(_, size)| millis != 0 && millis.is_multiple_of(*size))
            .unwrap_or(("ms", 1));
        write!(f, "{} {unit}", millis / size)
    }
}

/// Reads `64 MiB` against a table of units.
fn parse_quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, size) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(*size)
}

/// As much of a text as a message repeats.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

impl std::str::FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_quantity(text, &BYTE_UNITS).map(Self).ok_or_else(|| {
            format!(
                "`{}` is not a size, which looks like \"64 MiB\" (units: B, KiB, MiB, GiB)",
                shown(text)
            )
        })
    }
}

impl std::str::FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_quantity(text, &TIME_UNITS)
            .filter(|millis| *millis > 0)
            .map(|millis| Self(Duration::from_millis(millis)))
            .ok_or_else(|| {
                format!(
                    "`{}` is not a time, which looks like \"5 s\" (units: ms, s, min, h)",
                    shown(text)
                )
            })
    }
}

macro_rules! serde_as_text {
    ($type:ty, $name:literal, $format:literal, $example:literal) => {
        impl $type {
            /// What the JSON Schema calls the form of the text.
            pub(crate) const FORMAT: &str = $format;
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": $format, "examples": [$example] })
            }
        }
    };
}

serde_as_text!(ByteSize, "ByteSize", "loop-size", "64 MiB");
serde_as_text!(Span, "Span", "loop-time", "5 s");

#[cfg(test)]
mod tests {
    use crate::limits::{ByteSize, Limits, Span};

    #[test]
    fn sizes_and_times_read_back_as_they_are_written() {
        for text in [
            "0 B", "1 B", "1000 B", "512 KiB", "64 MiB", "2 GiB", "3 MiB",
        ] {
            assert_eq!(text.parse::<ByteSize>().unwrap().to_string(), text);
        }
        for text in ["1 ms", "1500 ms", "5 s", "2 min", "1 h"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("1024KiB".parse::<ByteSize>().unwrap().to_string(), "1 MiB");
        assert_eq!(" 60  s ".parse::<Span>().unwrap().to_string(), "1 min");
    }

    #[test]
    fn what_is_no_size_or_time_is_refused() {
        for text in [
            "",
            "64",
            "MiB",
            "-1 MiB",
            "1.5 MiB",
            "64 MB",
            "64 mib",
            "20000000000 GiB",
            "٣ MiB",
        ] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
        for text in [
            "",
            "5",
            "s",
            "0 s",
            "-1 s",
            "1.5 s",
            "5 sec",
            "99999999999999999999 s",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        let long = "9".repeat(1 << 20);
        assert!(long.parse::<ByteSize>().unwrap_err().len() < 200);
    }

    #[test]
    fn the_defaults_are_what_the_schema_says() {
        let read: Limits = serde_json::from_value(serde_json::json!({})).unwrap();
        assert_eq!(read, Limits::default());
    }
}
