//! The files of a root, and the sum of what all roots hold.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Result;
use crate::bindings::files::ErrorCode;
use crate::bindings::wasi::config::store;
use crate::watch::Watches;

/// The most bytes of all files together: 64 MiB, a quarter of the memory that an instance has by default. Whoever goes beyond it
/// gets an error, where running out of memory would end the instance and all that it holds.
pub(crate) const BYTES_MAX: usize = 64 << 20;

/// The most files and folders together. Each takes some hundred bytes beside its content.
pub(crate) const NODES_MAX: usize = 100_000;

thread_local! {
    static BYTES: Cell<usize> = const { Cell::new(0) };
    static NODES: Cell<usize> = const { Cell::new(0) };
    static ROOTS: BTreeMap<String, Rc<Tree>> = configured();
}

/// The files of a root.
pub(crate) struct Tree {
    pub(crate) writable: bool,
    pub(crate) top: RefCell<Folder>,
    pub(crate) watches: Watches,
}

/// By the bytes of their names, since that is how texts are ordered.
pub(crate) type Folder = BTreeMap<String, Node>;

pub(crate) enum Node {
    Folder(Folder, One),
    File(File),
}

impl Node {
    /// An empty folder.
    pub(crate) fn folder() -> Result<Self> {
        Ok(Self::Folder(Folder::new(), One::new()?))
    }
}

pub(crate) struct File {
    content: Vec<u8>,
    /// Nanoseconds since 1970.
    pub(crate) modified: Option<u64>,
    _one: One,
}

/// Counts a file or folder.
pub(crate) struct One;

impl One {
    fn new() -> Result<Self> {
        let count = NODES.get();
        if count == NODES_MAX {
            return Err(ErrorCode::InsufficientSpace.into());
        }
        NODES.set(count + 1);
        Ok(Self)
    }
}

impl Drop for One {
    fn drop(&mut self) {
        NODES.set(NODES.get().saturating_sub(1));
    }
}

/// The root of this name.
pub(crate) fn root(name: &str) -> Option<Rc<Tree>> {
    ROOTS.with(|roots| roots.get(name).cloned())
}

fn configured() -> BTreeMap<String, Rc<Tree>> {
    let text = store::get("roots").ok().flatten().unwrap_or_default();
    let roots = text.split_whitespace().map(|word| {
        let (name, writable) = match word.strip_suffix(":read") {
            Some(name) => (name, false),
            None => (word, true),
        };
        let tree = Tree {
            writable,
            top: RefCell::default(),
            watches: Watches::default(),
        };
        (name.to_owned(), Rc::new(tree))
    });
    roots.collect()
}

impl File {
    /// An empty file.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            content: Vec::new(),
            modified: now(),
            _one: One::new()?,
        })
    }

    pub(crate) fn content(&self) -> &[u8] {
        &self.content
    }

    /// Adds to its end, if there is room.
    pub(crate) fn append(&mut self, content: &[u8]) -> Result<()> {
        let bytes = BYTES.get().saturating_add(content.len());
        if bytes > BYTES_MAX {
            return Err(ErrorCode::InsufficientSpace.into());
        }
        // Not twice as much, as a growing vector takes: that is not counted.
        self.content.reserve_exact(content.len());
        self.content.extend_from_slice(content);
        BYTES.set(bytes);
        self.modified = now();
        Ok(())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        BYTES.set(BYTES.get().saturating_sub(self.content.len()));
    }
}

fn now() -> Option<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}
