//! What a caller hears while work goes on, and how it stops the work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Something that a person who waits may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Something is about to be installed or made that stays on this machine.
    Installing {
        /// What it is and where it goes.
        what: String,
        /// The command that does it, when it is one that the user could type.
        command: Option<String>,
    },
    /// One way did not work and another is tried.
    GoingOn {
        /// Why the first way did not work.
        reason: String,
    },
    /// Another process is doing the same; this one goes on when that is done.
    Waiting {
        /// What the other one holds.
        on: String,
    },
    /// A component is stale and its build begins.
    Building {
        /// The component's name.
        component: String,
    },
    /// A component needs no building.
    Fresh {
        /// The component's name.
        component: String,
    },
    /// A component was built.
    Built {
        /// The component's name.
        component: String,
        /// How long the build took that made it. Components of one Cargo workspace share one build.
        took: Duration,
    },
    /// A line that a tool wrote, without its line end: progress, warnings.
    Output {
        /// The line.
        line: String,
    },
}

/// A flag that stops work. Clones are the same flag.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the work: tools that were started for it are ended, and it returns an error soon.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work was stopped.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
