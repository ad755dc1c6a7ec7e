//! What the user is told, and what is written down, while an app runs.
//!
//! The host tells an [`Observer`]; this one says on standard error which grants are missing, once each, keeps an
//! audit file, and learns what is really used.

mod audit;
mod describe;
mod learn;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loop_core::policy::{Decision, Denial};
use loop_host::{CallError, Event, Observer};

use crate::error;
use crate::plan::Advice;
use crate::ui::{Paint, Ui, count, safe_line};

pub(crate) use crate::watch::audit::Audit;
pub(crate) use crate::watch::learn::Learned;

/// Different denials, and different failures, that are told. Who has read that many wants the audit file.
const TOLD_MAX: usize = 32;

/// Watches one app.
#[derive(Debug)]
pub(crate) struct Watch {
    ui: Ui,
    advice: Advice,
    audit: Option<Audit>,
    learned: Option<Learned>,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    messages: BTreeSet<String>,
    left_out: usize,
}

impl Watch {
    /// Begins to watch.
    pub(crate) fn new(
        ui: Ui,
        advice: Advice,
        audit: Option<Audit>,
        learned: Option<Learned>,
    ) -> Arc<Self> {
        Arc::new(Self {
            ui,
            advice,
            audit,
            learned,
            told: Mutex::default(),
        })
    }

    /// What was learned, if it was to learn.
    pub(crate) fn learned(&self) -> Option<&Learned> {
        self.learned.as_ref()
    }

    /// Says what there was too much of to say at once, and closes the audit file.
    pub(crate) fn finish(&self) {
        let left_out = std::mem::take(&mut self.told().left_out);
        if left_out > 0 {
            self.ui.say(&format!(
                "and {} that were not shown; `--audit FILE` keeps all",
                count(left_out, "message")
            ));
        }
        if let Some(audit) = &self.audit {
            audit.finish(&self.ui);
        }
    }

    /// Tells of a denial, if it is a new one.
    fn denial(&self, component: &str, denial: &Denial) {
        let message = format!(
            "`{component}` may not {}: {}",
            denial.request, denial.reason
        );
        if !self.is_new(&message) {
            return;
        }
        let word = self.ui.paint(Paint::Warning, "denied:");
        self.ui.say(&format!("{word} {}", safe_line(&message)));
        if let Some(hint) = self
            .advice
            .hint(component, &denial.missing, denial.needs_trust)
        {
            self.ui.hint(&hint);
        }
    }

    /// Tells of a request that a server could not answer, if it failed in a new way.
    fn failure(&self, failed: &CallError) {
        if self.is_new(&failed.to_string()) {
            self.ui.error(&error::call(failed));
        }
    }

    fn is_new(&self, message: &str) -> bool {
        let mut told = self.told();
        if told.messages.contains(message) {
            return false;
        }
        if told.messages.len() >= TOLD_MAX {
            told.left_out += 1;
            return false;
        }
        told.messages.insert(message.to_owned());
        true
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Watch {
    fn wants_allowed(&self) -> bool {
        self.audit.is_some() || self.learned.is_some()
    }

    fn event(&self, event: &Event<'_>) {
        if let Some(audit) = &self.audit {
            audit.event(event);
        }
        match event {
            Event::Decision {
                component,
                request,
                decision,
            } => match decision {
                Decision::Allow { .. } => {
                    if let Some(learned) = &self.learned {
                        learned.used(component, request);
                    }
                }
                Decision::Deny(denial) => self.denial(component, denial),
            },
            Event::Folder { component, name } => {
                if let Some(learned) = &self.learned {
                    learned.used_folder(component, name);
                }
            }
            Event::Failed { error, .. } => self.failure(error),
            _ => {}
        }
    }
}
