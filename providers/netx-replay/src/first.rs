//! Waiting for the first of several things, where time does not pass.

/// Why something ends that is waited for without end.
pub(crate) const NOTHING: &str = "nothing more is recorded";

/// What has events from a recording.
pub(crate) trait Replayed {
    fn has_event(&self) -> bool;

    /// Ends it, since the recording does not go on like this, and says why.
    fn give_up(&self, why: &str);
}

/// Which of these have an event. Where none has, and the wait is one without end, all of them end, which is an event.
pub(crate) fn first<T: Replayed>(own: &[&T], timeout: Option<u64>) -> Option<Vec<u32>> {
    let ready = || -> Vec<u32> {
        let ready = (0..).zip(own).filter(|(_, one)| one.has_event());
        ready.map(|(at, _)| at).collect()
    };
    let mut found = ready();
    if found.is_empty() && timeout.is_none() {
        for one in own {
            one.give_up(NOTHING);
        }
        found = ready();
    }
    (!found.is_empty()).then_some(found)
}
