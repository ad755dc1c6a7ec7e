//! Holds one instance to its limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use loop_core::Limits;
use wasmtime::ResourceLimiter;

/// Memories and tables that one instance may have: more than any toolchain emits, few enough to count.
const MEMORIES_MAX: usize = 100;

/// Counts what an instance takes of memory, tables and instances, and refuses what is too much.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory_bytes_max: usize,
    memory_bytes: usize,
    table_elements_max: usize,
    table_elements: usize,
    instances_max: usize,
    /// The limit that refused something last. A guest that runs out of memory traps soon after, and this tells why.
    refused: Option<&'static str>,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory_bytes_max: usize::try_from(limits.memory.0).unwrap_or(usize::MAX),
            memory_bytes: 0,
            table_elements_max: limits.tables as usize,
            table_elements: 0,
            instances_max: limits.instances as usize,
            refused: None,
        }
    }

    /// The limit that refused something last, if one did.
    pub(crate) fn refused(&self) -> Option<&'static str> {
        self.refused
    }
}

/// What `used` is after one of its parts grew from `current` to `desired`, if that is within `max`.
fn grown(used: usize, current: usize, desired: usize, max: usize) -> Option<usize> {
    used.checked_sub(current)?
        .checked_add(desired)
        .filter(|total| *total <= max)
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = grown(self.memory_bytes, current, desired, self.memory_bytes_max);
        match total {
            Some(total) => self.memory_bytes = total,
            None => self.refused = Some("memory"),
        }
        Ok(total.is_some())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = grown(
            self.table_elements,
            current,
            desired,
            self.table_elements_max,
        );
        match total {
            Some(total) => self.table_elements = total,
            None => self.refused = Some("tables"),
        }
        Ok(total.is_some())
    }

    fn instances(&self) -> usize {
        self.instances_max
    }

    fn tables(&self) -> usize {
        MEMORIES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}

/// How many bytes an instance may still write. All its streams share one.
#[derive(Clone, Debug)]
pub struct OutputBudget(Arc<AtomicU64>);

impl OutputBudget {
    /// A budget of so many bytes.
    pub fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    /// Takes `bytes` off the budget.
    ///
    /// # Errors
    /// [`OutputSpent`] if fewer are left. Nothing is taken then.
    pub fn take(&self, bytes: usize) -> Result<(), OutputSpent> {
        let bytes = u64::try_from(bytes).map_err(|_| OutputSpent)?;
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes)
            })
            .map(|_| ())
            .map_err(|_| OutputSpent)
    }
}

/// An instance has written all that it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the component has written all the output that it may")]
pub struct OutputSpent;

#[cfg(test)]
mod tests {
    use super::{Limiter, OutputBudget};
    use loop_core::Limits;
    use loop_core::limits::ByteSize;
    use wasmtime::ResourceLimiter;

    #[test]
    fn all_memories_of_an_instance_share_one_limit() {
        let limits = Limits {
            memory: ByteSize(100),
            ..Limits::default()
        };
        let mut limiter = Limiter::new(&limits);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 60, None).unwrap());
        assert_eq!(limiter.refused(), Some("memory"));
    }

    #[test]
    fn a_spent_budget_stays_spent_for_all_who_share_it() {
        let budget = OutputBudget::new(10);
        let shared = budget.clone();
        assert!(budget.take(7).is_ok());
        assert!(shared.take(4).is_err());
        assert!(shared.take(3).is_ok());
        assert!(budget.take(1).is_err());
    }
}
