//! The numbers that stand for the kinds of failures, and for advice, on the wire.

use std::time::Duration;

use crate::call::{Code, Retry};

/// The numbers of the codes. One that a side does not know is kept as it is.
const CODES: [(u32, Code); 15] = [
    (1, Code::Cancelled),
    (2, Code::Deadline),
    (3, Code::NotFound),
    (4, Code::Denied),
    (5, Code::Busy),
    (6, Code::GoingAway),
    (7, Code::Failed),
    (8, Code::Invalid),
    (9, Code::Limit),
    (10, Code::Reentered),
    (11, Code::NoResource),
    (12, Code::Unsupported),
    (13, Code::Unreachable),
    (14, Code::Gone),
    (15, Code::Protocol),
];

impl Code {
    /// Its number on the wire.
    pub(crate) fn number(self) -> u32 {
        if let Self::Other(number) = self {
            return number;
        }
        let found = CODES.iter().find(|(_, code)| *code == self);
        found.map_or(0, |(number, _)| *number)
    }

    /// The code of a number.
    pub(crate) fn from_number(number: u32) -> Self {
        let found = CODES.iter().find(|(known, _)| *known == number);
        found.map_or(Self::Other(number), |(_, code)| *code)
    }
}

impl Retry {
    /// Its number on the wire, and the milliseconds to wait.
    pub(crate) fn numbers(self) -> (u32, u32) {
        match self {
            Self::Never => (0, 0),
            Self::Safe => (1, 0),
            Self::After(time) => (2, u32::try_from(time.as_millis()).unwrap_or(u32::MAX)),
            Self::Unknown => (3, 0),
        }
    }

    /// The advice of these numbers. One that is not known is no advice to try again.
    pub(crate) fn from_numbers(number: u32, milliseconds: u32) -> Self {
        match number {
            1 => Self::Safe,
            2 => Self::After(Duration::from_millis(milliseconds.into())),
            3 => Self::Unknown,
            _ => Self::Never,
        }
    }
}
