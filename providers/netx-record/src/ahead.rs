//! Events that were looked for, and are not taken yet.
//!
//! Whoever waits for several things is told which have an event. What is said to be there is written down then, so that it is there when this is
//! played again; so it is taken from the host and kept.

use std::cell::Cell;

/// An event that is kept until somebody takes it.
pub(crate) struct Kept<E>(Cell<Option<E>>);

impl<E> Default for Kept<E> {
    fn default() -> Self {
        Self(Cell::new(None))
    }
}

impl<E> Kept<E> {
    pub(crate) fn take(&self) -> Option<E> {
        self.0.take()
    }

    fn is_there(&self) -> bool {
        let kept = self.0.take();
        let is_there = kept.is_some();
        self.0.set(kept);
        is_there
    }
}

/// What has events that are told in an order.
pub(crate) trait Told {
    type Event;

    fn kept(&self) -> &Kept<Self::Event>;

    /// Takes the event that the host has, if there is one.
    fn take_now(&self) -> Option<Self::Event>;
}

/// Which of these have an event: those that have one kept, and those that the host says have one, by `first`.
///
/// # Errors
/// Those of `first`, where nothing was kept.
pub(crate) fn first<T: Told, E>(
    own: &[&T],
    timeout: Option<u64>,
    first: impl FnOnce(Option<u64>) -> Result<Vec<u32>, E>,
) -> Result<Vec<u32>, E> {
    let waits = own.iter().any(|one| one.kept().is_there());
    let found = match first(if waits { Some(0) } else { timeout }) {
        Err(error) if !waits => return Err(error),
        found => found.unwrap_or_default(),
    };
    for at in found {
        if let Some(one) = own.get(at as usize)
            && !one.kept().is_there()
        {
            one.kept().0.set(one.take_now());
        }
    }
    let there = (0..).zip(own).filter(|(_, one)| one.kept().is_there());
    Ok(there.map(|(at, _)| at).collect())
}
