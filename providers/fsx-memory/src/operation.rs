//! Copies, moves and removes trees, each at once.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::Result;
use crate::bindings::files::{Error, ErrorCode, GuestOperation, Progress};
use crate::place::{self, Names};
use crate::tree::{File, Folder, Node, Tree};

/// The most operations, and the longest path, as the WIT says.
const OPERATIONS_MAX: u64 = 16;
const PATH_BYTES_MAX: usize = 4_096;

thread_local! {
    static OPEN: Cell<u64> = const { Cell::new(0) };
}

pub(crate) struct Operation(RefCell<State>);

enum State {
    Begun(Work),
    Over(Result<Progress>),
}

/// Something at the end of a way in a root.
pub(crate) struct At {
    tree: Rc<Tree>,
    way: Names,
}

pub(crate) enum Work {
    Copy(At, At),
    Move(At, At),
    Remove(At),
}

impl At {
    /// What is to be read.
    pub(crate) fn source(tree: &Rc<Tree>, path: &str) -> Result<Self> {
        let top = tree.top.borrow();
        let way = place::names(&top, path)?;
        place::node(&top, &way)?;
        let tree = Rc::clone(tree);
        Ok(Self { tree, way })
    }

    /// What is to be removed.
    pub(crate) fn old(tree: &Rc<Tree>, path: &str) -> Result<Self> {
        named(tree, path)?;
        Self::source(tree, path)
    }

    /// What is to be made.
    pub(crate) fn new(tree: &Rc<Tree>, path: &str) -> Result<Self> {
        let path = named(tree, path)?;
        let top = tree.top.borrow();
        let way = place::names(&top, path)?;
        if let Some((name, above)) = way.split_last()
            && place::folder(&top, above)?.contains_key(name)
        {
            return Err(ErrorCode::Exist.into());
        }
        let tree = Rc::clone(tree);
        Ok(Self { tree, way })
    }

    /// Whether this is not inside of what is copied here.
    pub(crate) fn not_inside(&self, source: &Self) -> Result<()> {
        if Rc::ptr_eq(&self.tree, &source.tree) && self.way.starts_with(&source.way) {
            return Err(ErrorCode::Invalid.into());
        }
        Ok(())
    }

    /// The folder that it is in, and its name there.
    fn place<'a>(&self, top: &'a mut Folder) -> Result<(&'a mut Folder, String)> {
        let (name, above) = self.way.split_last().ok_or(ErrorCode::Invalid)?;
        Ok((place::folder_mut(top, above)?, name.clone()))
    }

    fn take(&self) -> Result<Node> {
        let mut top = self.tree.top.borrow_mut();
        let (folder, name) = self.place(&mut top)?;
        let node = folder.remove(&name).ok_or(ErrorCode::NoEntry)?;
        self.tree.watches.removed(&self.way);
        Ok(node)
    }

    fn put(&self, node: Node) -> Result<()> {
        let mut top = self.tree.top.borrow_mut();
        let (folder, name) = self.place(&mut top)?;
        if folder.contains_key(&name) {
            return Err(ErrorCode::Exist.into());
        }
        each(&self.way, &node, &mut |way| self.tree.watches.changed(way));
        folder.insert(name, node);
        Ok(())
    }

    /// Whether all that is in this tree can have a path here.
    fn has_room(&self, node: &Node) -> Result<()> {
        let mut longest = 0;
        each(&self.way, node, &mut |way| {
            let bytes = way.iter().map(|name| name.len() + 1).sum::<usize>();
            longest = longest.max(bytes);
        });
        if longest > PATH_BYTES_MAX {
            return Err(ErrorCode::NameTooLong.into());
        }
        Ok(())
    }
}

/// The path of something that has a name, without slashes at its end.
fn named<'a>(tree: &Tree, path: &'a str) -> Result<&'a str> {
    let bare = path.trim_end_matches('/');
    match bare.rsplit('/').next() {
        None | Some("" | "." | "..") => {
            place::names(&tree.top.borrow(), path)?;
            Err(ErrorCode::Invalid.into())
        }
        Some(_) => place::check(path).map(|()| bare),
    }
}

/// Goes through a tree: each folder before what is in it. It goes as deep as a path is long.
fn each(way: &[String], node: &Node, tell: &mut dyn FnMut(&[String])) {
    tell(way);
    if let Node::Folder(folder, _) = node {
        let mut below = way.to_vec();
        for (name, node) in folder {
            below.push(name.clone());
            each(&below, node, tell);
            below.pop();
        }
    }
}

/// Another tree like this one, and what was copied.
fn copied(node: &Node, progress: &mut Progress) -> Result<Node> {
    progress.entries += 1;
    match node {
        Node::File(old) => {
            let mut file = File::new()?;
            file.append(old.content())?;
            progress.bytes += old.content().len() as u64;
            Ok(Node::File(file))
        }
        Node::Folder(old, _) => folder(old, progress),
    }
}

fn folder(old: &Folder, progress: &mut Progress) -> Result<Node> {
    let mut node = Node::folder()?;
    if let Node::Folder(folder, _) = &mut node {
        for (name, old) in old {
            folder.insert(name.clone(), copied(old, progress)?);
        }
    }
    Ok(node)
}

impl Work {
    fn done(&self) -> Result<Progress> {
        let mut progress = Progress {
            entries: 0,
            bytes: 0,
            done: true,
        };
        match self {
            Self::Copy(from, to) => {
                let node = {
                    let top = from.tree.top.borrow();
                    if let Some(node) = place::node(&top, &from.way)? {
                        copied(node, &mut progress)?
                    } else {
                        progress.entries += 1;
                        folder(&top, &mut progress)?
                    }
                };
                to.has_room(&node)?;
                to.put(node)?;
            }
            Self::Move(from, to) => {
                {
                    let top = from.tree.top.borrow();
                    if let Some(node) = place::node(&top, &from.way)? {
                        to.has_room(node)?;
                    }
                }
                // Where it is to be is looked at first, so that it is not lost.
                let (name, above) = to.way.split_last().ok_or(ErrorCode::Invalid)?;
                if place::folder(&to.tree.top.borrow(), above)?.contains_key(name) {
                    return Err(ErrorCode::Exist.into());
                }
                to.not_inside(from)?;
                to.put(from.take()?)?;
                progress.entries += 1;
            }
            Self::Remove(old) => {
                let node = old.take()?;
                each(&old.way, &node, &mut |way| {
                    progress.entries += 1;
                    old.tree.watches.removed(way);
                });
            }
        }
        Ok(progress)
    }
}

impl Operation {
    pub(crate) fn new(work: Work) -> Result<Self> {
        if OPEN.get() >= OPERATIONS_MAX {
            return Err(Error::TooMany(OPERATIONS_MAX));
        }
        OPEN.set(OPEN.get() + 1);
        Ok(Self(RefCell::new(State::Begun(work))))
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        OPEN.set(OPEN.get().saturating_sub(1));
    }
}

impl GuestOperation for Operation {
    fn next(&self, _: Option<u64>) -> Result<Progress> {
        let state = &mut *self.0.borrow_mut();
        let came_to = match state {
            State::Begun(work) => work.done(),
            State::Over(came_to) => came_to.clone(),
        };
        *state = State::Over(came_to.clone());
        came_to
    }
}
