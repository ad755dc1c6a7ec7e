//! `loop:core/waiting`.

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::time::Instant;

use super::{deadline, sleep_until};
use crate::core::CoreCtxView;
use crate::core::bindings::loop_::core::waiting as wit;

/// Sources of one wait: as many as an instance may have timers.
const SOURCES_MAX: usize = 1_024;

impl CoreCtxView<'_> {
    /// The indices of what is ready, and when the next timer fires.
    fn look(&self, sources: &[wit::Source]) -> wasmtime::Result<(Vec<u32>, Option<Instant>)> {
        let now = Instant::now();
        let (mut ready, mut next) = (Vec::new(), None::<Instant>);
        for (index, source) in (0..).zip(sources) {
            let is_ready = match source {
                wit::Source::Timer(timer) => {
                    let timer = self.table.get(timer)?;
                    next = match (next, timer.next()) {
                        (Some(one), Some(other)) => Some(one.min(other)),
                        (one, other) => one.or(other),
                    };
                    timer.ready(now)
                }
                wit::Source::Token(token) => self.table.get(token)?.inner.is_cancelled(),
            };
            if is_ready {
                ready.push(index);
            }
        }
        Ok((ready, next))
    }
}

impl wit::Host for CoreCtxView<'_> {
    async fn any(
        &mut self,
        sources: Vec<wit::Source>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<Vec<u32>, wit::AnyError>> {
        if sources.len() > SOURCES_MAX {
            let max = u32::try_from(SOURCES_MAX).unwrap_or(u32::MAX);
            return Ok(Err(wit::AnyError::TooMany(max)));
        }
        let until = deadline(timeout);
        loop {
            let (ready, next) = self.look(&sources)?;
            if !ready.is_empty() {
                return Ok(Ok(ready));
            }
            let mut tokens = FuturesUnordered::new();
            for source in &sources {
                if let wit::Source::Token(token) = source {
                    tokens.push(self.table.get(token)?.inner.cancelled());
                }
            }
            if tokens.is_empty() && next.is_none() && timeout.is_none() {
                return Ok(Err(wit::AnyError::NothingToWaitFor));
            }
            let call = self.ctx.token();
            tokio::select! {
                biased;
                Some(_) = tokens.next(), if !tokens.is_empty() => {}
                () = sleep_until(next), if next.is_some() => {}
                _ = call.cancelled() => return Ok(Err(wit::AnyError::Cancelled)),
                () = sleep_until(until) => return Ok(Err(wit::AnyError::TimedOut)),
            }
        }
    }
}
