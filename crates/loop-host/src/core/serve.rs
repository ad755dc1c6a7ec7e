//! The functions of `loop:core`, one module for each interface, in the order of the WIT.
//!
//! They convert what the guest gave, and work on [`CoreCtxView`](super::CoreCtxView). The types that the WIT calls
//! resources are here too, since nobody else has handles.

#![expect(
    unreachable_pub,
    reason = "the generated code exports the resources, if only to itself"
)]

pub(super) mod cancellation;
pub(super) mod clocks;
pub(super) mod logging;
pub(super) mod metrics;
mod randomness;
mod tracing;
mod waiting;

/// A length of time that the guest gave in nanoseconds.
fn duration(nanos: u64) -> std::time::Duration {
    std::time::Duration::from_nanos(nanos)
}

/// A length of time in nanoseconds; 584 years and more are the same.
fn nanos(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Waits until then, for ever if there is no then.
async fn sleep_until(then: Option<tokio::time::Instant>) {
    match then {
        Some(then) => tokio::time::sleep_until(then).await,
        None => std::future::pending().await,
    }
}

/// The point in time after so long, none if it is too far away to be one.
fn deadline(timeout: Option<u64>) -> Option<tokio::time::Instant> {
    tokio::time::Instant::now().checked_add(duration(timeout?))
}
