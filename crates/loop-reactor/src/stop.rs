//! Why a read gave no value.

use std::error::Error;
use std::fmt;
use std::rc::Rc;

use crate::handle::Id;

/// Why a read gave no value: `?` hands it to whoever reads next.
///
/// A computed that stopped keeps the reason in place of its value, and every reader of it stops for the same reason, until
/// something that it read has changed. It is one pointer wide, so that reading costs no more for being able to fail.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Stop {
    /// There is no value yet; there will be one.
    #[error("there is no value yet")]
    Pending,
    /// There is none, and the failure says why.
    #[error(transparent)]
    Failed(#[from] Rc<Failure>),
}

impl Stop {
    /// Stops with an error of the program's own.
    ///
    /// ```
    /// use loop_reactor::{Graph, Stop};
    ///
    /// let mut graph = Graph::new();
    /// let text = graph.signal("12".to_owned());
    /// let number = graph.computed(move |cx| cx.read(text)?.parse::<i64>().map_err(Stop::failed));
    /// assert_eq!(graph.get(number)?, 12);
    /// # Ok::<(), Stop>(())
    /// ```
    pub fn failed(error: impl Error + 'static) -> Self {
        Self::Failed(Rc::new(Failure::Program(Box::new(error))))
    }

    /// The failure, if it is one.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Pending => None,
            Self::Failed(failure) => Some(failure),
        }
    }

    /// What it says.
    pub(crate) fn says(&self) -> String {
        match self.failure() {
            Some(Failure::Program(error)) => error.to_string(),
            _ => self.to_string(),
        }
    }

    /// Whether both are the same occurrence, which is how a stop is told from a new one: errors have no equality.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Pending, Self::Pending) => true,
            (Self::Failed(a), Self::Failed(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(Rc::new(failure))
    }
}

/// Why there is no value.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The node was disposed of.
    #[error("{node} was disposed of")]
    Gone {
        /// The node that was asked for.
        node: Id,
    },
    /// The handle came from another graph. Not every foreign handle is found out: one whose node here has the same type is not.
    #[error("{node} does not fit its handle, which must be of another graph")]
    Foreign {
        /// The node that was asked for.
        node: Id,
    },
    /// The value depends on itself.
    #[error("a cycle: {}", Path(path))]
    Cycle {
        /// Each reads the next, and the last is the first again.
        path: Vec<Id>,
    },
    /// A place in a list that it does not have.
    #[error("there is no place {at} among {length} values")]
    Place {
        /// The place that was asked for.
        at: usize,
        /// How many there are.
        length: usize,
    },
    /// Two hooks or two children of a fiber have the same name.
    #[error("{name:?} is there twice in one fiber")]
    Twice {
        /// The name or the key.
        name: String,
    },
    /// A fiber asked for a context that nothing above it provides.
    #[error("nothing above provides {what}")]
    Unprovided {
        /// The type that was asked for.
        what: &'static str,
    },
    /// There would be too many fibers: see [`Graph::limit_fibers`](crate::Graph::limit_fibers).
    #[error("more than {most} fibers")]
    TooMany {
        /// How many there may be.
        most: usize,
    },
    /// An error of the program's own.
    #[error("the computation failed")]
    Program(#[source] Box<dyn Error>),
}

struct Path<'a>(&'a [Id]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, node) in self.0.iter().enumerate() {
            let between = if place == 0 { "" } else { " reads " };
            write!(f, "{between}{node}")?;
        }
        Ok(())
    }
}
