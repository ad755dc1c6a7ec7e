//! The one place at which a running component's request meets the policy.
//!
//! Invariant: whatever reaches out of an instance asks [`Gate::ask`] first, wherever the answer is then
//! enforced. There is no second way to the policy in this crate.

use std::fmt;
use std::sync::Arc;

use loop_core::Grants;
use loop_core::policy::{Decision, Denial, Request, Rules, Trust};

use crate::observer::{Event, Observer};

/// Decides for one component, and tells the observer of the decisions that it wants to know.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    component: String,
    grants: Grants,
    rules: Rules,
    /// Whether the observer is told of what was allowed.
    tells_allowed: bool,
    observer: Arc<dyn Observer>,
}

impl Gate {
    /// The gate of the component of that name.
    pub fn new(component: &str, grants: Grants, trust: Trust, observer: Arc<dyn Observer>) -> Self {
        let rules = Rules::new(&grants, trust);
        Self(Arc::new(Inner {
            component: component.to_owned(),
            grants,
            rules,
            tells_allowed: observer.wants_allowed(),
            observer,
        }))
    }

    /// Asks whether the component may do that.
    ///
    /// # Errors
    /// The [`Denial`] if it may not. The caller turns it into an error of the interface's own kind.
    pub fn ask(&self, request: &Request<'_>) -> Result<(), Box<Denial>> {
        let inner = &*self.0;
        if !inner.tells_allowed && inner.rules.allowed_by(request).is_some() {
            return Ok(());
        }
        let decision = inner.rules.decide(request);
        inner.observer.event(&Event::Decision {
            component: &inner.component,
            request,
            decision: &decision,
        });
        match decision {
            Decision::Allow { .. } => Ok(()),
            Decision::Deny(denial) => Err(Box::new(denial)),
        }
    }

    /// Tells the observer that the component uses a folder that it was granted. Once for each instance and folder is enough.
    pub fn folder_used(&self, name: &str) {
        let inner = &*self.0;
        if inner.tells_allowed {
            let component = &inner.component;
            inner.observer.event(&Event::Folder { component, name });
        }
    }

    /// The name of the component.
    pub fn component(&self) -> &str {
        &self.0.component
    }

    /// What is granted to it.
    pub fn grants(&self) -> &Grants {
        &self.0.grants
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("component", &self.0.component)
            .finish_non_exhaustive()
    }
}
