//! Temporary files. They stand in their folders, as those of a disk do.

use std::cell::Cell;
use std::rc::Rc;

use crate::Result;
use crate::bindings::files::{Error, ErrorCode, GuestTemp};
use crate::place::{self, Names};
use crate::root::range;
use crate::tree::{File, Folder, Node, Tree};

/// The most of them, as the WIT says.
const TEMPS_MAX: u64 = 64;

thread_local! {
    static OPEN: Cell<u64> = const { Cell::new(0) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

pub(crate) struct Temp {
    tree: Rc<Tree>,
    way: Names,
    name: String,
    saved: Cell<bool>,
}

impl Temp {
    pub(crate) fn new(tree: &Rc<Tree>, way: Names) -> Result<Self> {
        if OPEN.get() >= TEMPS_MAX {
            return Err(Error::TooMany(TEMPS_MAX));
        }
        let number = NEXT.get();
        let name = format!(".loop-fsx-{number:016x}");
        let mut top = tree.top.borrow_mut();
        place::put(&mut top, &way, name.clone(), File::new()?)?;
        OPEN.set(OPEN.get() + 1);
        NEXT.set(number + 1);
        Ok(Self {
            tree: Rc::clone(tree),
            way,
            name,
            saved: Cell::new(false),
        })
    }

    fn with<R>(&self, work: impl FnOnce(&mut File) -> Result<R>) -> Result<R> {
        if self.saved.get() {
            return Err(ErrorCode::BadDescriptor.into());
        }
        let mut top = self.tree.top.borrow_mut();
        match place::folder_mut(&mut top, &self.way)?.get_mut(&self.name) {
            Some(Node::File(file)) => work(file),
            // Somebody wrote over it.
            Some(Node::Folder(..)) | None => Err(ErrorCode::NoEntry.into()),
        }
    }

    fn take(&self, top: &mut Folder) -> Option<File> {
        let folder = place::folder_mut(top, &self.way).ok()?;
        match folder.remove(&self.name) {
            Some(Node::File(file)) => Some(file),
            _ => None,
        }
    }
}

impl GuestTemp for Temp {
    fn append(&self, content: Vec<u8>) -> Result<()> {
        self.with(|file| file.append(&content))
    }

    fn size(&self) -> u64 {
        self.with(|file| Ok(file.content().len() as u64))
            .unwrap_or_default()
    }

    fn read_range(&self, offset: u64, length: u32) -> Result<Vec<u8>> {
        self.with(|file| range(file, offset, length))
    }

    fn save(&self, path: String) -> Result<()> {
        self.with(|_| Ok(()))?;
        let mut top = self.tree.top.borrow_mut();
        let (way, name) = place::place(&top, &path)?;
        place::free(&top, &way, &name)?;
        let file = self.take(&mut top).ok_or(ErrorCode::NoEntry)?;
        self.saved.set(true);
        place::put(&mut top, &way, name.clone(), file)?;
        self.tree.watches.changed(&[way, vec![name]].concat());
        Ok(())
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        OPEN.set(OPEN.get().saturating_sub(1));
        if !self.saved.get() {
            self.take(&mut self.tree.top.borrow_mut());
        }
    }
}
