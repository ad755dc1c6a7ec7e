//! Finds what has a path like a pattern.

mod pages;

use std::fmt;
use std::sync::Arc;

use cap_std::fs::Dir;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use wasmtime::component::Resource;

use crate::fsx::FilesView;
use crate::fsx::bindings::loop_::fsx::files::{Entry, Error, HostMatches};
use crate::fsx::error::Result;
use crate::fsx::walk::{Entries, Step, Walk, can_be_left_out, kind};
use crate::work::Stop;

pub(crate) use crate::fsx::glob::pages::Pages;

/// The longest pattern, in bytes. What it is compiled to grows with it, and nobody can read a longer one.
const PATTERN_BYTES_MAX: usize = 1_024;

/// The most searches of one instance. Beside entries, one has in memory what its pattern was compiled to, which the length of the pattern bounds.
pub(crate) const SEARCHES_MAX: usize = 64;

/// A search, as a component has it.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Debug)]
pub struct Matches {
    pages: Arc<Pages>,
    /// Counts it.
    _one: Arc<()>,
}

pub(crate) struct Search {
    matcher: GlobSet,
    /// The most parts that a path can have, if the pattern says so.
    parts_max: usize,
    /// Nothing when it is over.
    walk: Option<Walk>,
    /// What was found, and not given yet.
    found: Vec<Entry>,
    /// What ended it, and was not told yet.
    failed: Option<Error>,
    left_out: u64,
}

impl Matches {
    /// Begins a search. Only the first folder of it is read.
    ///
    /// # Errors
    /// The pattern is none, or there are too many entries.
    pub(crate) fn new(
        dir: &Arc<Dir>,
        pattern: &str,
        entries: Entries,
        one: Arc<()>,
    ) -> Result<Self> {
        let matcher = compile(pattern)?;
        let start = literal_start(pattern);
        let parts_max = if pattern.contains("**") {
            usize::MAX
        } else {
            // Slashes between braces count as well: it may be more than there are, and never less.
            pattern.matches('/').count() + 1
        };
        let (folder, prefix) = match start {
            "" => (".", String::new()),
            start => (start, format!("{start}/")),
        };
        // The folder that the pattern begins with is not reached by a link, as no other is.
        let linked = parts_of(start).any(|path| {
            let found = dir.symlink_metadata(path);
            found.is_ok_and(|found| found.is_symlink())
        });
        let mut left_out = 0;
        let walk = match Walk::new(Arc::clone(dir), folder, prefix, entries) {
            _ if linked => None,
            Ok(walk) => Some(walk),
            Err(error) if can_be_left_out(&error) => {
                left_out = u64::from(dir.symlink_metadata(folder).is_ok_and(|it| it.is_dir()));
                None
            }
            Err(error) => return Err(error),
        };
        let before = parts_of(start).count();
        let search = Search {
            matcher,
            parts_max: parts_max.saturating_sub(before),
            walk,
            found: Vec::new(),
            failed: None,
            left_out,
        };
        Ok(Self {
            pages: Arc::new(Pages::new(search)),
            _one: one,
        })
    }
}

impl Search {
    /// Whether it finds no more than it has found.
    fn is_over(&self) -> bool {
        self.walk.is_none()
    }

    /// Goes on until it has so many matches, or so many bytes of paths, or all, or nobody wants them any more.
    fn fill(&mut self, count: usize, bytes: usize, stop: &Stop) {
        let mut has = 0;
        while self.found.len() < count && has < bytes && stop.check().is_ok() {
            match self.step() {
                Ok(Some(entry)) => {
                    has += entry.path.len();
                    self.found.push(entry);
                }
                Ok(None) if self.is_over() => return,
                Ok(None) => {}
                Err(error) => {
                    self.walk = None;
                    self.failed = Some(error);
                    return;
                }
            }
        }
    }

    /// Looks at one entry, and gives it if it is a match.
    fn step(&mut self) -> Result<Option<Entry>> {
        let Some(walk) = &mut self.walk else {
            return Ok(None);
        };
        let (path, of) = match walk.step() {
            Some(Step::Found(path, of)) => (path, of),
            Some(Step::Unnamed) => {
                self.left_out += 1;
                return Ok(None);
            }
            None => {
                self.walk = None;
                return Ok(None);
            }
        };
        if of.is_dir() && walk.depth() < self.parts_max {
            match walk.enter(&path, &path) {
                Ok(()) => {}
                Err(error) if can_be_left_out(&error) => self.left_out += 1,
                Err(error) => return Err(error),
            }
        }
        let kind = kind(of);
        Ok(self.matcher.is_match(&path).then_some(Entry { kind, path }))
    }
}

/// What tells whether a path is like the pattern.
fn compile(pattern: &str) -> Result<GlobSet> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(Error::TooLarge(PATTERN_BYTES_MAX as u64));
    }
    let refuse = |why: &str| Err(Error::InvalidPattern(why.to_owned()));
    if pattern.contains('\0') {
        return refuse("it has a zero byte");
    }
    for part in pattern.split('/') {
        match part {
            "" => return refuse("it is empty, or has a part that is"),
            "." | ".." => return refuse("it has a part that is `.` or `..`"),
            _ => {}
        }
    }
    let invalid = |error: globset::Error| Error::InvalidPattern(error.kind().to_string());
    let glob = GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(invalid)?;
    // A set is made of one, since making a matcher of a glob panics where the pattern is too large.
    GlobSetBuilder::new().add(glob).build().map_err(invalid)
}

/// The folder in which everything is that a pattern can match: its first parts that stand for themselves.
fn literal_start(pattern: &str) -> &str {
    let special = pattern.find(['*', '?', '[', '{', '}', '\\']);
    let literal = pattern.get(..special.unwrap_or(pattern.len()));
    let literal = literal.unwrap_or_default();
    literal
        .rfind('/')
        .and_then(|at| literal.get(..at))
        .unwrap_or_default()
}

/// `a`, `a/b` and `a/b/c` of `a/b/c`.
fn parts_of(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(at, _)| at);
    ends.chain((!path.is_empty()).then_some(path.len()))
        .filter_map(|end| path.get(..end))
}

impl FilesView<'_> {
    pub(crate) fn search(&self, matches: &Resource<Matches>) -> wasmtime::Result<Arc<Pages>> {
        Ok(Arc::clone(&self.table.get(matches)?.pages))
    }
}

impl HostMatches for FilesView<'_> {
    async fn next(
        &mut self,
        matches: Resource<Matches>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<Entry>>> {
        self.search(&matches)?.next(max).await
    }

    async fn left_out(&mut self, matches: Resource<Matches>) -> wasmtime::Result<u64> {
        Ok(self.search(&matches)?.left_out())
    }

    async fn drop(&mut self, matches: Resource<Matches>) -> wasmtime::Result<()> {
        self.table.delete(matches)?;
        Ok(())
    }
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search")
            .field("left_out", &self.left_out)
            .finish_non_exhaustive()
    }
}
