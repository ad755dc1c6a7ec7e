//! What has happened and was not told yet. Knows no clock and no file system.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{Duration, Instant};

use crate::fsx::bindings::loop_::fsx::files::Event;

/// Events are told when nothing has happened for so long: more than a program needs between two steps of one change, and less than a
/// person notices.
const QUIET: Duration = Duration::from_millis(50);

/// They are told after so long in any case: who writes on and on is to be seen too.
const LONGEST: Duration = Duration::from_millis(500);

/// The most paths that wait to be told. Who is told of more looks at everything anyway; with the longest paths, they are 16 MiB.
pub(crate) const PATHS_MAX: usize = 4_096;

/// The most events that are told at once. With long paths, they are a megabyte or two.
const BATCH_MAX: u32 = 1_000;

/// Events that wait.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// That the watched folder went and came: `gone` and `back` in turn, three at most.
    moves: Vec<Event>,
    overflow: bool,
    paths: BTreeMap<String, What>,
    /// When the first and the last of what waits happened.
    times: Option<(Instant, Instant)>,
    /// A batch is being told, in more than one call.
    telling: bool,
}

/// What the events of a path come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// It was not there before.
    Made,
    Changed,
    Removed,
}

impl Pending {
    /// Something is at this path where nothing was.
    pub(crate) fn made(&mut self, path: String, now: Instant) {
        self.add(path, What::Made, now);
    }

    /// Something has changed, or was put where something may have been.
    pub(crate) fn changed(&mut self, path: String, now: Instant) {
        self.add(path, What::Changed, now);
    }

    /// Something is gone from this path.
    pub(crate) fn removed(&mut self, path: String, now: Instant) {
        self.add(path, What::Removed, now);
    }

    /// Events were lost.
    pub(crate) fn overflow(&mut self, now: Instant) {
        self.paths.clear();
        self.overflow = true;
        self.seen(now);
    }

    /// The watched folder is gone. What was in it does not matter any more.
    pub(crate) fn gone(&mut self) {
        self.clear();
        // It came between two looks at most once: that it went, came and went is that it went.
        if self.moves.len() > 1 {
            self.moves.pop();
        } else {
            self.moves.push(Event::Gone);
        }
    }

    /// There is a folder again.
    pub(crate) fn back(&mut self) {
        self.clear();
        self.moves.push(Event::Back);
    }

    /// When there is something to tell; nothing if there is nothing to tell.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        if !self.moves.is_empty() || self.telling {
            return Some(now);
        }
        let (first, last) = self.times?;
        (self.overflow || !self.paths.is_empty()).then(|| (last + QUIET).min(first + LONGEST))
    }

    /// Tells up to so many events.
    pub(crate) fn take(&mut self, max: u32) -> Vec<Event> {
        let max = max.min(BATCH_MAX) as usize;
        let moves = self.moves.len().min(max);
        let mut events: Vec<Event> = self.moves.drain(..moves).collect();
        if self.overflow && events.len() < max {
            self.overflow = false;
            events.push(Event::Overflow);
        }
        while events.len() < max
            && let Some((path, what)) = self.paths.pop_first()
        {
            events.push(match what {
                What::Made | What::Changed => Event::Changed(path),
                What::Removed => Event::Removed(path),
            });
        }
        self.telling = self.overflow || !self.paths.is_empty();
        if !self.telling {
            self.times = None;
        }
        events
    }

    fn add(&mut self, path: String, what: What, now: Instant) {
        if self.overflow {
            return self.seen(now);
        }
        match self.paths.entry(path) {
            Entry::Vacant(place) => {
                place.insert(what);
            }
            Entry::Occupied(mut place) => match (*place.get(), what) {
                (What::Made, What::Removed) => {
                    place.remove();
                }
                (What::Made, _) => {}
                (_, What::Made) => *place.get_mut() = What::Changed,
                (_, what) => *place.get_mut() = what,
            },
        }
        if self.paths.len() > PATHS_MAX {
            return self.overflow(now);
        }
        self.seen(now);
    }

    fn seen(&mut self, now: Instant) {
        let first = self.times.map_or(now, |(first, _)| first);
        self.times = Some((first, now));
    }

    fn clear(&mut self) {
        self.paths.clear();
        self.overflow = false;
        self.telling = false;
        self.times = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `+a` made, `~a` changed, `-a` removed, `!` lost, `<` gone, `>` back.
    fn check(happened: &str, told: &str) {
        let now = Instant::now();
        let mut pending = Pending::default();
        for word in happened.split_whitespace() {
            let (what, path) = word.split_at(1);
            let path = path.to_owned();
            match what {
                "+" => pending.made(path, now),
                "~" => pending.changed(path, now),
                "-" => pending.removed(path, now),
                "!" => pending.overflow(now),
                "<" => pending.gone(),
                _ => pending.back(),
            }
        }
        let shown = pending.take(u32::MAX).into_iter().map(|event| match event {
            Event::Changed(path) => format!("~{path}"),
            Event::Removed(path) => format!("-{path}"),
            Event::Overflow => "!".to_owned(),
            Event::Gone => "<".to_owned(),
            Event::Back => ">".to_owned(),
        });
        let shown: Vec<String> = shown.collect();
        assert_eq!(shown.join(" "), told, "{happened}");
    }

    #[test]
    fn a_path_is_told_once() {
        check("", "");
        check("~b ~a ~b", "~a ~b");
        check("+a", "~a");
        check("+a ~a", "~a");
        check("+a -a", "");
        check("+a ~a -a", "");
        check("-a +a", "~a");
        check("-a +a -a", "-a");
        check("~a -a", "-a");
        check("~a -a ~a", "~a");
    }

    #[test]
    fn what_was_lost_stands_for_all() {
        check("~a !", "!");
        check("! ~a", "!");
        check("~a <", "<");
        check("~a < >", "< >");
        check("! < > ~a", "< > ~a");
        check("< > < >", "< >");
        check("< > <", "<");
        check("> < > < >", "> < >");
    }

    #[test]
    fn too_many_paths_are_told_by_one_event() {
        let now = Instant::now();
        let mut pending = Pending::default();
        for number in 0..PATHS_MAX {
            pending.changed(format!("{number:05}"), now);
        }
        assert_eq!(pending.paths.len(), PATHS_MAX);
        pending.changed("one more".to_owned(), now);
        pending.changed("and one".to_owned(), now);
        assert!(matches!(pending.take(9)[..], [Event::Overflow]));
        assert!(pending.take(9).is_empty());
    }

    #[test]
    fn a_large_batch_is_told_in_parts() {
        let now = Instant::now();
        let mut pending = Pending::default();
        for path in ["a", "b", "c"] {
            pending.changed(path.to_owned(), now);
        }
        assert_eq!(pending.take(2).len(), 2);
        assert_eq!(pending.due(now), Some(now), "the rest need not wait");
        assert_eq!(pending.take(2).len(), 1);
        assert_eq!(pending.due(now), None);
    }

    #[test]
    fn events_wait_until_it_is_quiet() {
        let start = Instant::now();
        let mut pending = Pending::default();
        assert_eq!(pending.due(start), None);
        let mut now = start;
        pending.changed("a".to_owned(), now);
        assert_eq!(pending.due(now), Some(start + QUIET));
        for _ in 0..20 {
            now += QUIET / 2;
            pending.changed("a".to_owned(), now);
        }
        assert_eq!(pending.due(now), Some(start + LONGEST));
        pending.gone();
        assert_eq!(pending.due(now), Some(now), "this is told at once");
    }
}
