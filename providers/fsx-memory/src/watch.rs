//! Watched folders. What this instance does is all that happens in them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

use crate::Result;
use crate::bindings::files::{Error, Event, GuestWatch, Reach};
use crate::place::Names;

/// The most watches, the most paths that wait to be told, and the most events at once, as the WIT says.
const WATCHES_MAX: u64 = 8;
const PATHS_MAX: usize = 4_096;
const BATCH_MAX: u32 = 1_000;

/// The longest wait, as the WIT says: meanwhile nobody else is served.
const WAIT: Duration = Duration::from_millis(10);

thread_local! {
    static OPEN: Cell<u64> = const { Cell::new(0) };
}

/// All watches of a root.
#[derive(Default)]
pub(crate) struct Watches(RefCell<Vec<Weak<RefCell<State>>>>);

pub(crate) struct Watch(Rc<RefCell<State>>);

pub(crate) struct State {
    way: Names,
    /// What told paths begin with: nothing, or a path and a slash.
    prefix: String,
    reach: Reach,
    /// Whether the folder is gone.
    gone: bool,
    /// That it went and came: `gone` and `back` in turn, three at most.
    moves: Vec<Event>,
    overflow: bool,
    /// What waits to be told, and whether there is something at the path.
    paths: BTreeMap<String, bool>,
}

impl Watches {
    /// Something is at the end of this way that was not, or is another now.
    pub(crate) fn changed(&self, names: &[String]) {
        self.each(|state| state.add(names, true));
    }

    /// What was at the end of this way is gone from there.
    pub(crate) fn removed(&self, names: &[String]) {
        self.each(|state| state.add(names, false));
    }

    fn each(&self, tell: impl Fn(&mut State)) {
        self.0.borrow_mut().retain(|state| {
            let state = state.upgrade();
            if let Some(state) = &state {
                tell(&mut state.borrow_mut());
            }
            state.is_some()
        });
    }
}

impl State {
    fn add(&mut self, names: &[String], there: bool) {
        if there && self.gone && names == self.way {
            self.gone = false;
            self.clear();
            self.moves.push(Event::Back);
        } else if !there && !self.gone && self.way.starts_with(names) {
            self.gone = true;
            self.clear();
            // That it went, came and went is that it went.
            if self.moves.len() > 1 {
                self.moves.pop();
            } else {
                self.moves.push(Event::Gone);
            }
        }
        let Some(below) = names.strip_prefix(&self.way[..]) else {
            return;
        };
        if self.gone {
            return;
        }
        let told = match self.reach {
            Reach::Folder => below.len() == 1,
            Reach::Tree => !below.is_empty(),
        };
        if !told || self.overflow {
            return;
        }
        let path = format!("{}{}", self.prefix, below.join("/"));
        self.paths.insert(path, there);
        if self.paths.len() > PATHS_MAX {
            self.paths.clear();
            self.overflow = true;
        }
    }

    fn clear(&mut self) {
        self.paths.clear();
        self.overflow = false;
    }
}

impl Watch {
    /// Watches the folder at the end of a way, which was written as this path.
    pub(crate) fn new(watches: &Watches, way: Names, path: &str, reach: Reach) -> Result<Self> {
        if OPEN.get() >= WATCHES_MAX {
            return Err(Error::TooMany(WATCHES_MAX));
        }
        OPEN.set(OPEN.get() + 1);
        let prefix = match path.trim_end_matches('/') {
            "" | "." => String::new(),
            path => format!("{path}/"),
        };
        let state = Rc::new(RefCell::new(State {
            way,
            prefix,
            reach,
            gone: false,
            moves: Vec::new(),
            overflow: false,
            paths: BTreeMap::new(),
        }));
        watches.0.borrow_mut().push(Rc::downgrade(&state));
        Ok(Self(state))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        OPEN.set(OPEN.get().saturating_sub(1));
    }
}

impl GuestWatch for Watch {
    fn next(&self, max: u32, timeout: Option<u64>) -> Result<Vec<Event>> {
        let state = &mut *self.0.borrow_mut();
        if state.moves.is_empty() && !state.overflow && state.paths.is_empty() {
            std::thread::sleep(timeout.map_or(WAIT, |time| WAIT.min(Duration::from_nanos(time))));
        }
        let max = max.min(BATCH_MAX) as usize;
        let moves = state.moves.len().min(max);
        let mut events: Vec<Event> = state.moves.drain(..moves).collect();
        if events.len() < max && std::mem::take(&mut state.overflow) {
            events.push(Event::Overflow);
        }
        while events.len() < max
            && let Some((path, there)) = state.paths.pop_first()
        {
            events.push(if there {
                Event::Changed(path)
            } else {
                Event::Removed(path)
            });
        }
        Ok(events)
    }
}
