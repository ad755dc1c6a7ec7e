//! `loop:core/clocks`.

use std::time::Duration;

use tokio::time::Instant;
use wasmtime::component::Resource;

use super::{deadline, duration, nanos, sleep_until};
use crate::core::CoreCtxView;
use crate::core::app::wall_ns;
use crate::core::bindings::loop_::core::clocks as wit;
use crate::core::context::OPEN_MAX;

/// The shortest period. A timer that fires more often is a busy loop.
const PERIOD_MIN: Duration = Duration::from_millis(1);

/// A guest's timer.
///
/// It needs nothing that runs in the background: what has fired is computed when the guest asks.
#[derive(Debug)]
pub struct Timer {
    /// When it fires next; none if it never does.
    next: Option<Instant>,
    period: Option<Duration>,
    /// Events of a stopped timer that were not taken.
    kept: u64,
}

impl Timer {
    fn once(at: Option<Instant>) -> Self {
        Self {
            next: at,
            period: None,
            kept: 0,
        }
    }

    /// Whether there is an event.
    pub(super) fn ready(&self, now: Instant) -> bool {
        self.kept > 0 || self.next.is_some_and(|next| next <= now)
    }

    /// When there will be an event, if not now; none if never.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Takes the events that there are.
    fn take(&mut self, now: Instant) -> u64 {
        let kept = std::mem::take(&mut self.kept);
        let Some(next) = self.next.filter(|next| *next <= now) else {
            return kept;
        };
        let Some(period) = self.period else {
            self.next = None;
            return kept + 1;
        };
        let missed = now.duration_since(next).as_nanos() / period.as_nanos().max(1);
        let fired = u64::try_from(missed).unwrap_or(u64::MAX).saturating_add(1);
        let passed = u32::try_from(fired)
            .ok()
            .and_then(|fired| period.checked_mul(fired));
        // After four billion beats that nobody took, the beat starts anew.
        self.next = passed.map_or(now, |passed| next + passed).into();
        kept.saturating_add(fired)
    }

    fn stop(&mut self, now: Instant) {
        self.kept = self.take(now);
        self.next = None;
    }
}

impl CoreCtxView<'_> {
    fn start(
        &mut self,
        timer: Timer,
    ) -> wasmtime::Result<Result<Resource<Timer>, wit::TimerError>> {
        if self.ctx.open.timers >= OPEN_MAX {
            return Ok(Err(wit::TimerError::TooMany(OPEN_MAX)));
        }
        let timer = self.table.push(timer)?;
        self.ctx.open.timers += 1;
        Ok(Ok(timer))
    }
}

impl wit::Host for CoreCtxView<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(nanos(self.ctx.start.elapsed()))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn wall(&mut self) -> wasmtime::Result<u64> {
        Ok(wall_ns())
    }
}

impl wit::HostTimer for CoreCtxView<'_> {
    fn after(&mut self, delay: u64) -> wasmtime::Result<Result<Resource<Timer>, wit::TimerError>> {
        self.start(Timer::once(deadline(Some(delay))))
    }

    fn at(&mut self, when: u64) -> wasmtime::Result<Result<Resource<Timer>, wit::TimerError>> {
        let at = self.ctx.start.checked_add(duration(when));
        self.start(Timer::once(at))
    }

    fn every(&mut self, period: u64) -> wasmtime::Result<Result<Resource<Timer>, wit::TimerError>> {
        let period = duration(period);
        if period < PERIOD_MIN {
            return Ok(Err(wit::TimerError::PeriodTooShort(nanos(PERIOD_MIN))));
        }
        let next = Instant::now().checked_add(period);
        self.start(Timer {
            next,
            period: Some(period),
            kept: 0,
        })
    }

    fn ready(&mut self, this: Resource<Timer>) -> wasmtime::Result<bool> {
        Ok(self.table.get(&this)?.ready(Instant::now()))
    }

    fn take(&mut self, this: Resource<Timer>) -> wasmtime::Result<u64> {
        Ok(self.table.get_mut(&this)?.take(Instant::now()))
    }

    async fn wait(
        &mut self,
        this: Resource<Timer>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<u64, wit::WaitError>> {
        let timer = self.table.get_mut(&this)?;
        let until = deadline(timeout);
        if !timer.ready(Instant::now()) {
            let Some(next) = timer.next() else {
                return Ok(Err(wit::WaitError::NothingToWaitFor));
            };
            let call = self.ctx.token();
            tokio::select! {
                // What is ready at the same time is taken in the order that the WIT says.
                biased;
                () = tokio::time::sleep_until(next) => {}
                _ = call.cancelled() => return Ok(Err(wit::WaitError::Cancelled)),
                () = sleep_until(until) => return Ok(Err(wit::WaitError::TimedOut)),
            }
        }
        // The runtime's clock may wake a moment early.
        let now = Instant::now().max(timer.next().unwrap_or_else(Instant::now));
        Ok(Ok(timer.take(now)))
    }

    fn stop(&mut self, this: Resource<Timer>) -> wasmtime::Result<()> {
        self.table.get_mut(&this)?.stop(Instant::now());
        Ok(())
    }

    fn drop(&mut self, this: Resource<Timer>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        self.ctx.open.timers = self.ctx.open.timers.saturating_sub(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Timer;
    use std::time::Duration;
    use tokio::time::Instant;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_timer_fires_once() {
        let start = Instant::now();
        let mut timer = Timer::once(Some(start + SECOND));
        assert_eq!((timer.ready(start), timer.take(start)), (false, 0));
        assert_eq!(
            (timer.ready(start + SECOND), timer.take(start + SECOND)),
            (true, 1)
        );
        assert_eq!(
            (timer.ready(start + SECOND), timer.take(start + SECOND)),
            (false, 0)
        );
    }

    #[test]
    fn beats_do_not_drift() {
        let start = Instant::now();
        let mut timer = Timer {
            next: Some(start + SECOND),
            period: Some(SECOND),
            kept: 0,
        };
        let late = start + Duration::from_millis(3_900);
        assert_eq!((timer.take(late), timer.take(late)), (3, 0));
        assert_eq!(timer.next(), Some(start + 4 * SECOND));
    }

    #[test]
    fn a_stopped_timer_keeps_what_it_has_fired() {
        let start = Instant::now();
        let mut timer = Timer {
            next: Some(start + SECOND),
            period: Some(SECOND),
            kept: 0,
        };
        timer.stop(start + 2 * SECOND);
        assert!(timer.ready(start) && timer.next().is_none());
        assert_eq!(
            (
                timer.take(start + 9 * SECOND),
                timer.take(start + 9 * SECOND)
            ),
            (2, 0)
        );
    }
}
