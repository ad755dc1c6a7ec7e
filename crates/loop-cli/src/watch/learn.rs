//! The least grants that a run would have needed, learned from what it was allowed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use loop_core::Grants;
use loop_core::policy::{Decision, Request, Trust, decide};

/// Entries that are learned for one component. Beyond that a range or a pattern is what its author wants.
const ENTRIES_MAX: usize = 256;

/// What the components of an app used.
#[derive(Debug)]
pub(crate) struct Learned {
    /// What each was granted: the paths of folders stand there.
    granted: BTreeMap<String, Grants>,
    used: Mutex<BTreeMap<String, Grants>>,
}

impl Learned {
    /// Begins to learn. `granted` holds every component of the app.
    pub(crate) fn new(granted: BTreeMap<String, Grants>) -> Self {
        Self {
            granted,
            used: Mutex::default(),
        }
    }

    /// Takes notice of a request that was allowed.
    pub(crate) fn used(&self, component: &str, request: &Request<'_>) {
        // Each granted folder is asked for before anything runs. Which are used is told apart.
        if matches!(request, Request::OpenFolder { .. }) {
            return;
        }
        self.learn(component, |so_far| {
            // What is missing from the grants that were learned so far is what to learn.
            match decide(so_far, Trust::Trusted, request) {
                Decision::Allow { .. } => Grants::default(),
                Decision::Deny(denial) => denial.missing,
            }
        });
    }

    /// Takes notice of a granted folder that was used. It is learned as it was granted: what is done below it, and with
    /// open files, is not seen here.
    pub(crate) fn used_folder(&self, component: &str, name: &str) {
        let granted = self.granted.get(component);
        let folders = granted.iter().flat_map(|granted| &granted.fs);
        self.learn(component, |_| Grants {
            fs: folders
                .filter(|folder| folder.name == name)
                .cloned()
                .collect(),
            ..Grants::default()
        });
    }

    fn learn(&self, component: &str, more: impl FnOnce(&Grants) -> Grants) {
        let mut used = self.lock();
        let so_far = used.entry(component.to_owned()).or_default();
        if entries(so_far) < ENTRIES_MAX {
            *so_far = so_far.merged(&more(so_far));
        }
    }

    /// The grants of each component, as they stand in `loop.toml`.
    pub(crate) fn to_toml(&self, app: &str) -> String {
        let used = self.lock();
        let mut text = String::new();
        for component in self.granted.keys() {
            let grants = used.get(component).cloned().unwrap_or_default();
            let header = if component.contains(':') {
                format!("app.{app}.provide.\"{component}\"")
            } else {
                format!("app.{app}.component.{component}")
            };
            // Writing to a string does not fail.
            let _ = writeln!(text, "[{header}]\n{}", grants.to_toml_line());
        }
        text
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Grants>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entries(grants: &Grants) -> usize {
    let net = &grants.net;
    grants.fs.len()
        + grants.process.len()
        + [
            &net.connect,
            &net.listen,
            &net.lookup,
            &net.http,
            &grants.env,
        ]
        .iter()
        .map(|entries| entries.len())
        .sum::<usize>()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use loop_core::Grants;
    use loop_core::grants::Access;
    use loop_core::policy::{Protocol, Request};

    use super::Learned;

    #[test]
    fn what_is_used_is_learned_once() {
        let granted = Grants::parse_fragment(
            "fs = [{ name = \"data\", path = \"./d\" }, { name = \"more\", path = \"./m\" }]\nnet.connect = [\"10.0.0.0/8:*\"]",
        );
        let learned = Learned::new(BTreeMap::from([
            ("web".to_owned(), granted.unwrap()),
            ("idle".to_owned(), Grants::default()),
        ]));
        for name in ["data", "more"] {
            let access = Access::Read;
            learned.used("web", &Request::OpenFolder { name, access });
        }
        learned.used_folder("web", "data");
        learned.used_folder("web", "data");
        for _ in 0..2 {
            let address = "10.0.0.7:5432".parse().unwrap();
            learned.used(
                "web",
                &Request::Connect {
                    protocol: Protocol::Tcp,
                    address,
                    resolved_from: &[],
                },
            );
        }
        learned.used("web", &Request::Variable { name: "LANG" });
        insta::assert_snapshot!(learned.to_toml("notes"), @r#"
        [app.notes.component.idle]
        grants = {}
        [app.notes.component.web]
        grants = { fs = [{ name = "data", path = "./d", access = "read" }], net = { connect = ["10.0.0.7:5432"] }, env = ["LANG"] }
        "#);
    }
}
