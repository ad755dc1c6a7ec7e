//! The audit file: every decision as a line of JSON, and each route that calls took.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use loop_core::manifest::Placement;
use loop_core::policy::Decision;
use loop_host::Event;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::time::Timestamp;
use crate::ui::Ui;
use crate::watch::describe;

/// The most that one run writes, in bytes: a million decisions. A component that asks for ever must not fill the disk.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// Different routes that are kept: an app has one for each import.
const ROUTES_MAX: usize = 1024;

/// Writes what is decided.
#[derive(Debug)]
pub(crate) struct Audit {
    path: PathBuf,
    writing: Mutex<Writing>,
}

#[derive(Debug)]
struct Writing {
    file: File,
    left: u64,
    left_out: u64,
    routes: BTreeSet<[String; 3]>,
    failed: Option<std::io::Error>,
}

impl Audit {
    /// Begins a new file, or goes on at the end of one that is there.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn open(path: &Path) -> Result<Self, CliError> {
        let file = File::options().create(true).append(true).open(path);
        let file = file.map_err(|error| CliError::file("write", path, &error))?;
        let writing = Writing {
            file,
            left: FILE_BYTES_MAX,
            left_out: 0,
            routes: BTreeSet::new(),
            failed: None,
        };
        Ok(Self {
            path: path.to_owned(),
            writing: Mutex::new(writing),
        })
    }

    /// Writes a line, if the event is one that is kept.
    pub(crate) fn event(&self, event: &Event<'_>) {
        match event {
            Event::Decision {
                component,
                request,
                decision,
            } => {
                let mut line =
                    json!({ "component": component, "request": describe::what(request) });
                let more = match decision {
                    Decision::Allow { by } => json!({ "decision": "allow", "by": by }),
                    Decision::Deny(denial) => json!({
                        "decision": "deny",
                        "reason": denial.reason,
                        "missing": denial.missing.to_toml_line(),
                    }),
                };
                merge(&mut line, more);
                self.writing().line(line);
            }
            Event::Route {
                caller,
                interface,
                provider,
                placement,
            } => {
                let route = [caller, interface, provider].map(|part| (*part).to_owned());
                let mut writing = self.writing();
                if writing.routes.len() < ROUTES_MAX && writing.routes.insert(route) {
                    writing.line(json!({
                        "route": interface,
                        "component": caller,
                        "provider": provider,
                        "placement": placement_of(*placement),
                    }));
                }
            }
            Event::Limit { component, limit } => {
                self.writing()
                    .line(json!({ "component": component, "limit": limit }));
            }
            _ => {}
        }
    }

    /// Says if something is not in the file.
    pub(crate) fn finish(&self, ui: &Ui) {
        let mut writing = self.writing();
        if writing.left_out > 0 {
            let left_out = json!({ "left-out": writing.left_out });
            writing.left = u64::MAX;
            writing.line(left_out);
        }
        if let Some(error) = &writing.failed {
            ui.warning(&format!(
                "the audit file `{}` is not complete: {error}",
                self.path.display()
            ));
        }
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writing {
    /// Writes a line at once, so that it is there whatever happens next.
    fn line(&mut self, content: Value) {
        let mut line = json!({ "time": Timestamp::now().to_string() });
        merge(&mut line, content);
        let line = format!("{line}\n");
        let size = u64::try_from(line.len()).unwrap_or(u64::MAX);
        let Some(left) = self.left.checked_sub(size) else {
            self.left_out += 1;
            return;
        };
        self.left = left;
        if self.failed.is_none() {
            self.failed = self.file.write_all(line.as_bytes()).err();
        }
    }
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

fn placement_of(placement: Placement) -> &'static str {
    match placement {
        Placement::Native => "native",
        Placement::Component => "component",
        Placement::Sidecar => "sidecar",
        Placement::Remote => "remote",
    }
}
