//! Listings: which children a run of a fiber says to be there, held against those that are.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::fiber::record::{Child, Element, Key};
use crate::graph::node::State;
use crate::handle::Id;

/// The children that a run lists. As long as they come in the order of the run before, nothing is copied.
pub(crate) struct Listing {
    old: Rc<Vec<Child>>,
    /// Where the next child is looked for among the old ones.
    at: usize,
    /// Those of this run, once they are others.
    new: Option<Box<Others>>,
    /// How many children without a key came.
    places: u32,
    /// What is given to children that are there.
    pub(crate) given: Vec<Gift>,
}

/// Another element for a child that is there.
pub(crate) struct Gift {
    pub(crate) to: Id,
    pub(crate) element: Rc<dyn Element>,
    /// Whether the child is of another type now, and loses its hooks.
    pub(crate) morphs: bool,
}

struct Others {
    slots: Vec<Slot>,
    /// Which of the old ones came.
    came: Vec<bool>,
    /// The places of the old ones, once one does not come where it was before.
    places: HashMap<Key, usize>,
    fresh: HashSet<Key>,
}

/// A child of this run.
pub(crate) enum Slot {
    /// It is there.
    There(Child),
    /// It is to be made.
    New(Key, Rc<dyn Element>, State),
}

/// What a run makes of the children that were there.
pub(crate) struct Listed {
    pub(crate) slots: Vec<Slot>,
    pub(crate) ended: Vec<Id>,
}

/// A key came before in the same run.
pub(crate) struct CameBefore;

impl Listing {
    pub(crate) fn new(old: Rc<Vec<Child>>) -> Self {
        Self {
            old,
            at: 0,
            new: None,
            places: 0,
            given: Vec::new(),
        }
    }

    /// The key of the next child without one.
    pub(crate) fn place(&mut self) -> Key {
        self.places += 1;
        Key::Place(self.places - 1)
    }

    /// The child that is there under a key. Afterwards it must be kept or replaced.
    pub(crate) fn find(&mut self, key: &Key) -> Result<Option<Child>, CameBefore> {
        if let Some(next) = self.old.get(self.at)
            && next.key == *key
            && self.new.as_ref().is_none_or(|new| !new.has(self.at))
        {
            return Ok(Some(next.clone()));
        }
        let new = self.others();
        match new.places.get(key).copied() {
            Some(place) if new.has(place) => Err(CameBefore),
            Some(place) => {
                self.at = place;
                Ok(self.old.get(place).cloned())
            }
            None if new.fresh.contains(key) => Err(CameBefore),
            None => Ok(None),
        }
    }

    /// The next child is the one that was found.
    pub(crate) fn keep(&mut self, child: Child) {
        if let Some(new) = &mut self.new {
            new.came(self.at);
            new.slots.push(Slot::There(child));
        }
        self.at += 1;
    }

    /// The next child is another one than what was found, if anything was.
    pub(crate) fn replace(&mut self, found: bool, slot: Slot) {
        let at = self.at;
        let new = self.others();
        if found {
            // It did not come, and its key is not free.
            let (Slot::New(key, ..) | Slot::There(Child { key, .. })) = &slot;
            new.places.remove(key);
        }
        let (Slot::New(key, ..) | Slot::There(Child { key, .. })) = &slot;
        if !matches!(key, Key::Place(_)) {
            new.fresh.insert(key.clone());
        }
        new.slots.push(slot);
        if found {
            self.at = at + 1;
        }
    }

    fn others(&mut self) -> &mut Others {
        let (old, at) = (&self.old, self.at);
        self.new.get_or_insert_with(|| {
            let there = old.iter().take(at).cloned();
            Box::new(Others {
                slots: there.map(Slot::There).collect(),
                came: (0..old.len()).map(|place| place < at).collect(),
                places: (0..)
                    .zip(old.iter())
                    .map(|(place, child)| (child.key.clone(), place))
                    .collect(),
                fresh: HashSet::new(),
            })
        })
    }

    /// How many children are to be made.
    pub(crate) fn fresh(&self) -> usize {
        let new = self.new.iter().flat_map(|new| &new.slots);
        new.filter(|slot| matches!(slot, Slot::New(..))).count()
    }

    /// What this run makes of the children, if they are others than before.
    pub(crate) fn finish(mut self) -> (Vec<Gift>, Option<Listed>) {
        let given = std::mem::take(&mut self.given);
        if self.new.is_none() && self.at >= self.old.len() {
            return (given, None);
        }
        self.others();
        let listed = self.new.map(|new| Listed {
            ended: (0..)
                .zip(self.old.iter())
                .filter(|(place, _)| !new.has(*place))
                .map(|(_, child)| child.id)
                .collect(),
            slots: new.slots,
        });
        (given, listed)
    }
}

impl Others {
    fn has(&self, place: usize) -> bool {
        self.came.get(place).copied().unwrap_or_default()
    }

    fn came(&mut self, place: usize) {
        if let Some(came) = self.came.get_mut(place) {
            *came = true;
        }
    }
}
