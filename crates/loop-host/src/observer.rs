//! What a host tells its embedder while components run.
//!
//! The host prints nothing. Whoever wants an audit file, a list of what was really used, or a message on
//! a denial gives the builder an [`Observer`].

use loop_core::policy::{Decision, Request};

/// Something that happened in a running app.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The policy was asked, and answered.
    Decision {
        /// The component that asked.
        component: &'a str,
        /// What for.
        request: &'a Request<'a>,
        /// The answer.
        decision: &'a Decision,
    },
    /// An instance used a granted folder for the first time: it listed it, or named a path in it. That it may was decided when
    /// the app was linked. Told only to an observer that wants to know what is allowed.
    Folder {
        /// The component.
        component: &'a str,
        /// The name of the folder.
        name: &'a str,
    },
    /// A component called another through a route.
    Route {
        /// The caller.
        caller: &'a str,
        /// The interface, as the caller imports it.
        interface: &'a str,
        /// Who served it.
        provider: &'a str,
        /// Where.
        placement: loop_core::manifest::Placement,
    },
    /// An instance was ended because it reached a limit.
    Limit {
        /// The component.
        component: &'a str,
        /// The limit's name in `loop.toml`.
        limit: &'static str,
    },
    /// A component serving requests failed on one of them.
    Failed {
        /// The component.
        component: &'a str,
        /// Why, with its causes.
        error: &'a crate::CallError,
    },
}

/// Receives the events of a host.
///
/// Called on whatever thread the event happens on, in the middle of a call: an implementation must be quick
/// and must not block.
pub trait Observer: Send + Sync + 'static {
    /// Takes notice of one event.
    fn event(&self, event: &Event<'_>);

    /// Whether it is told of decisions that allow something, and of folders that are used. Asked once for each component, when
    /// it is linked. Decisions that deny are told in any case.
    ///
    /// Most have no use for them, and there are many: telling of one takes longer than deciding it.
    fn wants_allowed(&self) -> bool {
        true
    }
}

/// Ignores everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _: &Event<'_>) {}

    fn wants_allowed(&self) -> bool {
        false
    }
}
