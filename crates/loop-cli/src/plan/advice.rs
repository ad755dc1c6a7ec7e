//! The line to add when a grant is missing.

use std::collections::BTreeMap;

use loop_core::grants::{Grants, NetGrants};

/// Where the grants of a component stand.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In `--grant` flags: no `loop.toml` speaks of it.
    Flags,
    /// In a table of `loop.toml`.
    Entry {
        /// The file, as messages name it.
        file: String,
        /// The line of `grants`, or of the table's header where there are none.
        line: usize,
        /// The table: `app.notes.component.web`.
        header: String,
        /// What stands there now.
        grants: Box<Grants>,
    },
}

/// Where the grants of all components of an app stand.
#[derive(Clone, Debug)]
pub(crate) struct Advice(BTreeMap<String, Place>);

impl Advice {
    /// Keeps where the grants of each component stand.
    pub(crate) fn new(places: BTreeMap<String, Place>) -> Self {
        Self(places)
    }

    /// What to add so that a component is granted `missing`; nothing if no grant would do.
    pub(crate) fn hint(
        &self,
        component: &str,
        missing: &Grants,
        needs_trust: bool,
    ) -> Option<String> {
        if missing.is_empty() && !needs_trust {
            return None;
        }
        Some(match self.0.get(component).unwrap_or(&Place::Flags) {
            Place::Flags => {
                let mut flags = flags(missing);
                if needs_trust {
                    flags.push("--trusted".to_owned());
                }
                format!("to allow it: {}", flags.join(" "))
            }
            Place::Entry {
                file,
                line,
                header,
                grants,
            } => {
                let mut hint = format!("to allow it, write at {file}:{line}, under [{header}]:");
                if !missing.is_empty() {
                    hint.extend(["\n", &grants.merged(missing).to_toml_line()]);
                }
                if needs_trust {
                    hint.push_str("\ntrusted = true");
                }
                hint
            }
        })
    }
}

/// The flags that grant this, ready for a shell.
pub(crate) fn flags(grants: &Grants) -> Vec<String> {
    let fragments = fragments(grants).into_iter();
    fragments
        .map(|fragment| format!("--grant '{}'", fragment.replace('\'', "'\\''")))
        .collect()
}

/// The grants as fragments that `--grant` takes: one for each kind.
pub(crate) fn fragments(grants: &Grants) -> Vec<String> {
    let Grants {
        fs,
        net,
        env,
        process,
        telemetry,
    } = grants.clone();
    let none = Grants::default;
    let of_net = |net: NetGrants| Grants { net, ..none() };
    let kinds = [
        Grants { fs, ..none() },
        of_net(NetGrants {
            connect: net.connect,
            ..NetGrants::default()
        }),
        of_net(NetGrants {
            listen: net.listen,
            ..NetGrants::default()
        }),
        of_net(NetGrants {
            lookup: net.lookup,
            ..NetGrants::default()
        }),
        of_net(NetGrants {
            http: net.http,
            ..NetGrants::default()
        }),
        Grants { env, ..none() },
        Grants { process, ..none() },
        Grants {
            telemetry,
            ..none()
        },
    ];
    kinds
        .iter()
        .filter(|kind| !kind.is_empty())
        .map(fragment)
        .collect()
}

/// `net.connect = […]`, from the line that has a single kind.
fn fragment(grants: &Grants) -> String {
    let line = grants.to_toml_line();
    let inner = strip(&line, "grants = { ", " }");
    match inner.strip_prefix("net = { ") {
        Some(net) => format!("net.{}", net.strip_suffix(" }").unwrap_or(net)),
        None => inner.to_owned(),
    }
}

fn strip<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.strip_prefix(before)
        .and_then(|text| text.strip_suffix(after))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use loop_core::Grants;

    use super::{Advice, Place, flags, fragments};

    fn grants(text: &str) -> Grants {
        Grants::parse_fragment(text).unwrap()
    }

    #[test]
    fn fragments_say_the_same_as_the_grants() {
        let all = grants(
            r#"fs = [{ name = "data", path = "./it's", access = "read-write" }]
net.connect = ["10.0.0.1:80"]
net.listen = ["127.0.0.1:8080"]
net.lookup = ["example.com"]
net.http = ["https://example.com"]
env = ["LANG"]
process = ["git"]
telemetry = true"#,
        );
        let merged = fragments(&all)
            .iter()
            .fold(Grants::default(), |merged, fragment| {
                merged.merged(&grants(fragment))
            });
        assert_eq!(merged, all);
        assert_eq!(fragments(&all).len(), 8);
    }

    #[test]
    fn flags_survive_a_shell() {
        let flags = flags(&grants(r#"fs = [{ name = "d", path = "it's" }]"#));
        assert_eq!(
            flags,
            [r#"--grant 'fs = [{ name = "d", path = "it'\''s", access = "read" }]'"#]
        );
    }

    #[test]
    fn the_line_holds_what_was_granted_before() {
        let place = Place::Entry {
            file: "loop.toml".to_owned(),
            line: 7,
            header: "app.a.component.c".to_owned(),
            grants: Box::new(grants(r#"env = ["LANG"]"#)),
        };
        let advice = Advice::new(BTreeMap::from([("c".to_owned(), place)]));
        let hint = advice
            .hint("c", &grants(r#"net.connect = ["10.0.0.1:80"]"#), true)
            .unwrap();
        assert_eq!(
            hint,
            "to allow it, write at loop.toml:7, under [app.a.component.c]:\n\
             grants = { net = { connect = [\"10.0.0.1:80\"] }, env = [\"LANG\"] }\n\
             trusted = true"
        );
    }
}
