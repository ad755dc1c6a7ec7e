//! Finds what has a path like a pattern.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use cap_std::fs::Dir;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use wasmtime::component::Resource;

use crate::fsx::FilesView;
use crate::fsx::bindings::loop_::fsx::files::{Entry, Error, HostMatches};
use crate::fsx::error::Result;
use crate::fsx::walk::{Entries, Step, Walk, can_be_left_out, kind};
use crate::work::{Stop, blocking};

/// The longest pattern, in bytes. What it is compiled to grows with it, and nobody can read a longer one.
const PATTERN_BYTES_MAX: usize = 1_024;

/// The most matches that are given at once. With long paths, they are a megabyte or two.
const PAGE_MAX: u32 = 1_000;

/// The most searches of one instance. Beside entries, one has in memory what its pattern was compiled to, which the length of the pattern bounds.
pub(crate) const SEARCHES_MAX: usize = 64;

/// A search, as a component has it.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Debug)]
pub struct Matches(Arc<Mutex<Search>>);

pub(crate) struct Search {
    /// Counts it.
    _one: Arc<()>,
    matcher: GlobSet,
    /// The most parts that a path can have, if the pattern says so.
    parts_max: usize,
    /// Nothing when it is over.
    walk: Option<Walk>,
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
        Ok(Self(Arc::new(Mutex::new(Search {
            _one: one,
            matcher,
            parts_max: parts_max.saturating_sub(before),
            walk,
            left_out,
        }))))
    }
}

impl Search {
    fn next(&mut self, max: u32, stop: &Stop) -> Result<Vec<Entry>> {
        let max = max.min(PAGE_MAX) as usize;
        let mut found = Vec::new();
        let Some(walk) = &mut self.walk else {
            return Ok(found);
        };
        while found.len() < max {
            stop.check()?;
            let (path, of) = match walk.step() {
                Some(Step::Found(path, of)) => (path, of),
                Some(Step::Unnamed) => {
                    self.left_out += 1;
                    continue;
                }
                None => {
                    self.walk = None;
                    break;
                }
            };
            if of.is_dir() && walk.depth() < self.parts_max {
                match walk.enter(&path, &path) {
                    Ok(()) => {}
                    Err(error) if can_be_left_out(&error) => self.left_out += 1,
                    Err(error) => {
                        self.walk = None;
                        return Err(error);
                    }
                }
            }
            if self.matcher.is_match(&path) {
                found.push(Entry {
                    kind: kind(of),
                    path,
                });
            }
        }
        Ok(found)
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

/// The next page of a search.
pub(crate) async fn next(
    search: Arc<Mutex<Search>>,
    max: u32,
) -> wasmtime::Result<Result<Vec<Entry>>> {
    blocking(move |stop| {
        let mut search = search.lock().unwrap_or_else(PoisonError::into_inner);
        search.next(max, stop)
    })
    .await
}

impl FilesView<'_> {
    pub(crate) fn search(
        &self,
        matches: &Resource<Matches>,
    ) -> wasmtime::Result<Arc<Mutex<Search>>> {
        Ok(Arc::clone(&self.table.get(matches)?.0))
    }
}

impl HostMatches for FilesView<'_> {
    async fn next(
        &mut self,
        matches: Resource<Matches>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<Entry>>> {
        next(self.search(&matches)?, max).await
    }

    async fn left_out(&mut self, matches: Resource<Matches>) -> wasmtime::Result<u64> {
        let search = self.search(&matches)?;
        let search = search.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(search.left_out)
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
