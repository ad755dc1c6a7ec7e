//! Finds what has a path like a pattern.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::Result;
use crate::bindings::files::{DescriptorType, Entry, Error, GuestMatches};
use crate::place;
use crate::tree::{Folder, Node, Tree};

/// The longest pattern, in bytes, and the most matches at once, as the WIT says.
const PATTERN_BYTES_MAX: usize = 1_024;
const PAGE_MAX: u32 = 1_000;

/// The most searches, as the WIT says.
const SEARCHES_MAX: u64 = 64;

thread_local! {
    static OPEN: Cell<u64> = const { Cell::new(0) };
}

pub(crate) struct Matches(RefCell<Search>);

struct Search {
    tree: Rc<Tree>,
    matcher: GlobSet,
    /// The folders that it is in, the outermost first: the names on the way, and those that are left, the last one first.
    levels: Vec<(Vec<String>, Vec<String>)>,
}

impl Matches {
    pub(crate) fn new(tree: &Rc<Tree>, pattern: &str) -> Result<Self> {
        let matcher = compile(pattern)?;
        if OPEN.get() >= SEARCHES_MAX {
            return Err(Error::TooMany(SEARCHES_MAX));
        }
        OPEN.set(OPEN.get() + 1);
        let top = names(&tree.top.borrow());
        Ok(Self(RefCell::new(Search {
            tree: Rc::clone(tree),
            matcher,
            levels: vec![(Vec::new(), top)],
        })))
    }
}

impl Drop for Matches {
    fn drop(&mut self) {
        OPEN.set(OPEN.get().saturating_sub(1));
    }
}

impl GuestMatches for Matches {
    fn next(&self, max: u32) -> Result<Vec<Entry>> {
        let max = max.min(PAGE_MAX) as usize;
        let Search {
            tree,
            matcher,
            levels,
        } = &mut *self.0.borrow_mut();
        let top = tree.top.borrow();
        let mut found = Vec::new();
        while found.len() < max
            && let Some((way, left)) = levels.last_mut()
        {
            let Some(name) = left.pop() else {
                levels.pop();
                continue;
            };
            let mut way = way.clone();
            way.push(name);
            // It may be gone meanwhile.
            let kind = match place::node(&top, &way) {
                Ok(Some(Node::Folder(folder, _))) => {
                    levels.push((way.clone(), names(folder)));
                    DescriptorType::Directory
                }
                Ok(Some(Node::File(_))) => DescriptorType::RegularFile,
                Ok(None) | Err(_) => continue,
            };
            let path = way.join("/");
            if matcher.is_match(&path) {
                found.push(Entry { path, kind });
            }
        }
        Ok(found)
    }

    fn left_out(&self) -> u64 {
        0
    }
}

/// The names in a folder, the last one first.
fn names(folder: &Folder) -> Vec<String> {
    folder.keys().rev().cloned().collect()
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
    GlobSetBuilder::new().add(glob).build().map_err(invalid)
}
