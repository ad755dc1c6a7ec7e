//! Clocks, timers and sleeping.
//!
//! ```no_run
//! use std::time::Duration;
//! use loop_guest::time::Timer;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let beat = Timer::every(Duration::from_secs(1))?;
//! loop {
//!     beat.wait(None)?;
//!     // once a second
//! #   break;
//! }
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::bindings::{clocks, waiting};

pub use crate::bindings::clocks::{TimerError, WaitError};

/// Time on the monotonic clock, from a start that says nothing outside of this instance.
pub fn now() -> Duration {
    Duration::from_nanos(clocks::now())
}

/// The date and time.
pub fn wall() -> SystemTime {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_nanos(clocks::wall()))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Blocks for this long. Returns `false`, and early, if the call was cancelled meanwhile.
pub fn sleep(time: Duration) -> bool {
    !matches!(
        waiting::any(&[], Some(to_nanos(time))),
        Err(waiting::AnyError::Cancelled)
    )
}

/// Something that fires later, once or again and again. Dropping it stops it.
pub struct Timer {
    raw: clocks::Timer,
}

impl Timer {
    /// Starts a timer that fires once, after this time.
    pub fn after(delay: Duration) -> Result<Self, TimerError> {
        clocks::Timer::after(to_nanos(delay)).map(|raw| Self { raw })
    }

    /// Starts a timer that fires once, when [`now`] is this; at once if it has passed.
    pub fn at(when: Duration) -> Result<Self, TimerError> {
        clocks::Timer::at(to_nanos(when)).map(|raw| Self { raw })
    }

    /// Starts a timer that fires each time this much has passed. At least a millisecond.
    pub fn every(period: Duration) -> Result<Self, TimerError> {
        clocks::Timer::every(to_nanos(period)).map(|raw| Self { raw })
    }

    /// Whether it has fired and the event has not been taken.
    pub fn ready(&self) -> bool {
        self.raw.ready()
    }

    /// Takes what has happened: how often it has fired since it was last asked, or 0.
    pub fn take(&self) -> u64 {
        self.raw.take()
    }

    /// Blocks until it has fired, then does as [`take`](Self::take). Without a timeout it waits as long as the call may take.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<u64, WaitError> {
        self.raw.wait(timeout.map(to_nanos))
    }

    /// Stops it. What it has fired before can still be taken.
    pub fn stop(&self) {
        self.raw.stop();
    }

    pub(crate) fn raw(&self) -> &clocks::Timer {
        &self.raw
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Timer")
    }
}

/// Longer than 584 years is as good as 584 years.
pub(crate) fn to_nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
