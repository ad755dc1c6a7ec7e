//! `loop:core/cancellation`.

use wasmtime::component::Resource;

use super::{deadline, duration, nanos, sleep_until};
use crate::core::CoreCtxView;
use crate::core::bindings::loop_::core::cancellation as wit;
use crate::core::bindings::loop_::core::clocks::WaitError;
use crate::core::cancel::{CancelReason, CancelToken};
use crate::core::context::OPEN_MAX;
use crate::core::record::cut;

/// Generations that a component may make below a token that it was given: dropping the last of a line takes stack for
/// each of them.
const DEPTH_MAX: u32 = 64;
/// Bytes of the words that a component cancels with.
const WORDS_BYTES_MAX: usize = 256;

/// A guest's handle to a token.
#[derive(Debug)]
pub struct Token {
    pub(super) inner: CancelToken,
    /// How many tokens the component made above this one, and this one.
    depth: u32,
    /// Whether it counts towards the limit: handles to the call's own do not.
    counted: bool,
}

impl CoreCtxView<'_> {
    fn add(
        &mut self,
        token: CancelToken,
        depth: u32,
    ) -> wasmtime::Result<Result<Resource<Token>, wit::TokenError>> {
        if self.ctx.open.tokens >= OPEN_MAX {
            return Ok(Err(wit::TokenError::TooMany(OPEN_MAX)));
        }
        let token = self.table.push(Token {
            inner: token,
            depth,
            counted: true,
        })?;
        self.ctx.open.tokens += 1;
        Ok(Ok(token))
    }
}

impl wit::Host for CoreCtxView<'_> {}

impl wit::HostToken for CoreCtxView<'_> {
    fn current(&mut self) -> wasmtime::Result<Resource<Token>> {
        let token = self.ctx.token().clone();
        Ok(self.table.push(Token {
            inner: token,
            depth: 0,
            counted: false,
        })?)
    }

    fn detached(&mut self) -> wasmtime::Result<Result<Resource<Token>, wit::TokenError>> {
        let token = self.ctx.instance_token().child(None);
        self.add(token, 1)
    }

    fn child(
        &mut self,
        this: Resource<Token>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<Resource<Token>, wit::TokenError>> {
        let parent = self.table.get(&this)?;
        if parent.depth >= DEPTH_MAX {
            return Ok(Err(wit::TokenError::TooDeep(DEPTH_MAX)));
        }
        let (token, depth) = (parent.inner.child(timeout.map(duration)), parent.depth + 1);
        self.add(token, depth)
    }

    fn cancel(&mut self, this: Resource<Token>, words: String) -> wasmtime::Result<()> {
        let reason = CancelReason::Requested(cut(words, WORDS_BYTES_MAX));
        self.table.get(&this)?.inner.cancel(&reason);
        Ok(())
    }

    fn cancelled(&mut self, this: Resource<Token>) -> wasmtime::Result<bool> {
        Ok(self.table.get(&this)?.inner.is_cancelled())
    }

    fn reason(&mut self, this: Resource<Token>) -> wasmtime::Result<Option<wit::Reason>> {
        Ok(self.table.get(&this)?.inner.reason().map(wit::Reason::from))
    }

    fn remaining(&mut self, this: Resource<Token>) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&this)?.inner.remaining().map(nanos))
    }

    async fn wait(
        &mut self,
        this: Resource<Token>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<wit::Reason, WaitError>> {
        let token = &self.table.get(&this)?.inner;
        let call = self.ctx.token();
        Ok(tokio::select! {
            biased;
            reason = token.cancelled() => Ok(reason.into()),
            _ = call.cancelled() => Err(WaitError::Cancelled),
            () = sleep_until(deadline(timeout)) => Err(WaitError::TimedOut),
        })
    }

    fn drop(&mut self, this: Resource<Token>) -> wasmtime::Result<()> {
        if self.table.delete(this)?.counted {
            self.ctx.open.tokens = self.ctx.open.tokens.saturating_sub(1);
        }
        Ok(())
    }
}

impl From<CancelReason> for wit::Reason {
    fn from(reason: CancelReason) -> Self {
        match reason {
            CancelReason::Requested(words) => Self::Requested(words),
            CancelReason::Deadline => Self::Deadline,
            CancelReason::Caller => Self::Caller,
            CancelReason::Shutdown => Self::Shutdown,
            CancelReason::Finished => Self::Finished,
        }
    }
}
