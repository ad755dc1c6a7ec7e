//! Why interfaces have no plan.

use std::fmt;

/// Interfaces that have no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Some functions have types that cannot cross.
    #[error("{}", Lines(reasons))]
    Refused {
        /// Each such function, once, with the first of its types that cannot.
        reasons: Vec<Refusal>,
    },
    /// There is more than the limit allows.
    #[error("the interfaces have more than {most} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        most: usize,
    },
}

/// A function that cannot cross, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name of its interface.
    pub interface: String,
    /// Its name.
    pub function: String,
    /// What is in the way.
    pub why: Why,
}

/// What keeps a function from crossing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// A stream in a function during which nothing else runs in the component, so that no byte would move.
    #[error("has a `stream` in its type and is no `async func`")]
    StreamOfSync,
    /// A list of streams, or several in the parameters or in the result: their bytes would wait for each other.
    #[error("has more than one `stream` in its parameters or in its result")]
    Streams,
    /// A kind of type that has no bytes, or none that the engine reads.
    #[error("has a `{kind}` in its type")]
    Kind {
        /// The word of WIT.
        kind: &'static str,
    },
    /// A resource that none of the plan's interfaces defines.
    #[error("has the resource `{resource}` of {owner} in its type, which belongs to somebody else")]
    ForeignResource {
        /// The resource.
        resource: String,
        /// Where it is defined.
        owner: String,
    },
    /// A type without any content, which the component model does not allow.
    #[error("has an empty `{kind}` in its type")]
    Empty {
        /// The word of WIT.
        kind: &'static str,
    },
    /// Types inside types.
    #[error("has a type that nests deeper than {}", crate::plan::TYPE_DEPTH_MAX)]
    TooDeep,
    /// One value takes too much memory.
    #[error("has a type of more than {} bytes", crate::plan::VALUE_BYTES_MAX)]
    TooLarge,
    /// A variant or enum of too many cases.
    #[error("has more than {} cases in one type", crate::plan::CASES_MAX)]
    TooManyCases,
    /// More flags than the component model allows.
    #[error("has more than {} flags in one type", crate::plan::FLAGS_MAX)]
    TooManyFlags,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            interface,
            function,
            why,
        } = self;
        write!(f, "`{function}` of {interface} {why}")
    }
}

/// Several reasons in one sentence.
struct Lines<'a>(&'a [Refusal]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, reason) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { "; " };
            write!(f, "{comma}{reason}")?;
        }
        Ok(())
    }
}
