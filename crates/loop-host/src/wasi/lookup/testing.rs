//! What the tests of the network share: a gate whose decisions can be read, and names made up.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use loop_core::Grants;
use loop_core::policy::{Decision, Trust};

use crate::gate::Gate;
use crate::observer::{Event, Observer};
use crate::wasi::lookup::Resolver;

/// The decisions so far: the entry that allowed a request, or `no` and the request.
#[derive(Default)]
pub(crate) struct Decisions(Mutex<Vec<String>>);

impl Decisions {
    /// Those since the last call, joined by semicolons.
    pub(crate) fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join("; ")
    }
}

impl Observer for Decisions {
    fn event(&self, event: &Event<'_>) {
        let Event::Decision { decision, .. } = event else {
            return;
        };
        self.0.lock().unwrap().push(match decision {
            Decision::Allow { by } => by.clone(),
            Decision::Deny(denial) => format!("no: {}", denial.request),
        });
    }
}

/// A gate with these grants, which are written as in `loop.toml`.
pub(crate) fn gate(grants: &str) -> (Gate, Arc<Decisions>) {
    let grants = Grants::parse_fragment(grants).unwrap();
    let decisions = Arc::<Decisions>::default();
    (
        Gate::new("tested", grants, Trust::Untrusted, decisions.clone()),
        decisions,
    )
}

/// Resolves the names that it was given. Each lookup takes the next answer of its name; the last stays.
pub(crate) struct Names(Mutex<HashMap<&'static str, Vec<Vec<IpAddr>>>>);

impl Names {
    pub(crate) fn of(names: &[(&'static str, &[&str])]) -> Arc<Self> {
        let mut map = HashMap::<_, Vec<Vec<IpAddr>>>::new();
        for (name, addresses) in names {
            let addresses = addresses
                .iter()
                .map(|address| address.parse().unwrap())
                .collect();
            map.entry(*name).or_default().push(addresses);
        }
        Arc::new(Self(Mutex::new(map)))
    }
}

#[async_trait]
impl Resolver for Names {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        let answers = names.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0].clone()
        })
    }
}
