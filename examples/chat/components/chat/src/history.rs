//! What was said in a room, as far as it is kept.

use loop_guest::keyvalue::{Bucket, Error};

/// Lines of a room that are kept. They fit into a value, whose limit is 1 MiB.
const LINES_MAX: usize = 100;

/// The lines, the oldest first.
pub(crate) fn lines(room: &str) -> Result<Vec<String>, Error> {
    let kept: Option<String> = Bucket::open("rooms")?.get(room)?;
    Ok(kept
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect())
}

/// Keeps one more.
pub(crate) fn add(room: &str, line: &str) -> Result<(), Error> {
    Bucket::open("rooms")?.update(room, |kept: Option<String>| {
        let kept = kept.unwrap_or_default();
        let mut lines: Vec<&str> = kept.lines().chain([line]).collect();
        lines.drain(..lines.len().saturating_sub(LINES_MAX));
        lines.join("\n")
    })?;
    Ok(())
}
