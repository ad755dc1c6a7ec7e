//! Why an import is not satisfied, in terms of WIT.
//!
//! [`missing`] compares what a component imports with what an app and its host offer, and says for each
//! import that is left what was wanted, what comes nearest, how the two differ and what to write into
//! `loop.toml`. [`compatible`] says whether both sides of a route mean the same by an interface.
//!
//! These are pure functions over [`Shape`]s; they link nothing, and they print nothing: the lines of a
//! difference come as data, for the caller to colour.

mod built_in;
mod compare;
mod explain;
mod lines;
mod offers;

use std::fmt;

use serde::Serialize;

pub use crate::link_report::compare::{DIFFERENCES_MAX, Difference, compatible};
pub use crate::link_report::explain::missing;
pub use crate::link_report::offers::{Offer, Offers, Origin};

#[cfg(doc)]
use crate::shape::Shape;

/// An import that nothing satisfies. Displays as one sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Missing {
    /// The name of the import.
    pub wanted: String,
    /// What the component imports under that name, as WIT text.
    pub wanted_wit: String,
    /// Why it is not satisfied.
    pub why: Why,
    /// What comes nearest, the best first.
    pub nearest: Vec<Offer>,
    /// How the best of [`Self::nearest`] differs from what is wanted. Empty if it has no known WIT.
    pub difference: Vec<Line>,
    /// What to do, the likeliest first. A hint may have several lines.
    pub hints: Vec<String>,
}

/// Why an import is not satisfied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Nobody offers the interface, in any version.
    Nobody,
    /// Somebody offers it, and the app does not say that it should be taken from there.
    NotProvided,
    /// It is offered in a version that cannot stand for the one that is wanted.
    Version {
        /// The version that comes nearest.
        offered: String,
        /// How the versions stand to each other.
        skew: Skew,
    },
    /// It is offered in a fitting version, and what is offered is not what is wanted.
    Shape,
    /// It is an interface of WASI that this host does not have.
    UnknownWasi,
    /// It is a function, type or unnamed interface of the world itself.
    NotAnInterface {
        /// `a function`, `an interface without a package`, `a component`, `a module` or `a value`.
        what: String,
    },
}

/// How an offered version stands to the wanted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skew {
    /// They are on different tracks, such as 0.2 and 0.3: functions may have changed or gone.
    OtherTrack,
    /// The offered one is older: functions may be missing.
    Older,
    /// One of them is a draft, which goes with nothing but itself.
    Draft,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = &self.wanted;
        match (&self.why, self.nearest.first()) {
            (Why::Nobody, _) => write!(f, "nobody offers `{wanted}`"),
            (Why::NotProvided, Some(offer)) => {
                write!(
                    f,
                    "{} offers `{wanted}`, and the app does not say who provides it",
                    offer.from
                )
            }
            (Why::NotProvided, None) => write!(f, "the app does not say who provides `{wanted}`"),
            (Why::Version { offered, skew }, nearest) => {
                write!(f, "`{wanted}` is wanted, and ")?;
                match nearest {
                    Some(offer) => write!(f, "{} offers {offered}", offer.from)?,
                    None => write!(f, "{offered} is offered")?,
                }
                f.write_str(match skew {
                    Skew::OtherTrack => ", which is not compatible",
                    Skew::Older => ", which is older",
                    Skew::Draft => ": a draft goes with nothing but itself",
                })
            }
            (Why::Shape, Some(offer)) => {
                write!(
                    f,
                    "{} offers another `{wanted}` than the component was built with",
                    offer.from
                )
            }
            (Why::Shape, None) => write!(
                f,
                "another `{wanted}` is offered than the component was built with"
            ),
            (Why::UnknownWasi, _) => write!(f, "this host does not have `{wanted}`"),
            (Why::NotAnInterface { what }, _) => {
                write!(
                    f,
                    "`{wanted}` is {what} of the world itself, which nothing can provide"
                )
            }
        }
    }
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "text", rename_all = "kebab-case")]
pub enum Line {
    /// Says what the lines after it are about.
    Title(String),
    /// Stands on both sides.
    Same(String),
    /// Is wanted and not offered.
    Wanted(String),
    /// Is offered and not wanted.
    Offered(String),
}

/// The line with the mark that a difference has in front: two blanks, `- ` or `+ `.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Title(text) => f.write_str(text),
            Self::Same(text) => write!(f, "  {text}"),
            Self::Wanted(text) => write!(f, "- {text}"),
            Self::Offered(text) => write!(f, "+ {text}"),
        }
    }
}
