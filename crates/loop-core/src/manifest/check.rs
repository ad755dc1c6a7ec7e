//! What the values of a `loop.toml` say together, and the manifest that comes of it.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::grants::check::lists;
use crate::limits::{ByteSize, Limits};
use crate::manifest::file::{AppTable, ComponentTable, File, InstancesText, ProvideTable};
use crate::manifest::{
    App, ComponentEntry, Instances, Manifest, ProvideEntry, ProvideTarget, Workspace, target,
};
use crate::name::ImportName;
use crate::shape::formats::{self, Complaint};
use crate::suggest::did_you_mean;

/// The least `memory`: one page of a linear memory.
const MEMORY_MIN: ByteSize = ByteSize(64 << 10);

/// Makes a manifest of a file whose keys and values are right one by one.
pub(crate) fn manifest(
    file: File,
    document: &Spanned<DeTable<'_>>,
) -> Result<Manifest, Vec<Diagnostic>> {
    let root = Place {
        key: 0..0,
        value: 0..0,
        table: Some(document.get_ref()),
    };
    let mut found = Vec::new();
    if file.workspace.is_none() && file.app.is_empty() {
        let empty = Diagnostic::new(0..0, "the file has neither a workspace nor an app", "");
        return Err(vec![
            empty.hint("it needs a table `[workspace]` or `[app.NAME]`"),
        ]);
    }
    let workspace = file.workspace.map(|table| Workspace {
        name: table.name,
        members: table.members,
        span: root.at("workspace").header(),
    });
    let tables = root.at("app");
    let mut apps = BTreeMap::new();
    for (name, table) in file.app {
        let place = tables.at(&name);
        check_name(&name, &place, &mut found);
        if let Some(app) = app(&name, table, &place, &mut found) {
            apps.insert(name, app);
        }
    }
    if found.is_empty() {
        Ok(Manifest { workspace, apps })
    } else {
        Err(found)
    }
}

fn app(name: &str, table: AppTable, place: &Place<'_>, found: &mut Vec<Diagnostic>) -> Option<App> {
    let component_tables = place.at("component");
    let names: Vec<String> = table.component.keys().cloned().collect();
    let mut components = BTreeMap::new();
    for (name, table) in table.component {
        let place = component_tables.at(&name);
        check_name(&name, &place, found);
        if let Some(entry) = component(table, &place, found) {
            components.insert(name, entry);
        }
    }
    let provide_tables = place.at("provide");
    let mut provide = BTreeMap::new();
    for (name, table) in table.provide {
        let place = provide_tables.at(&name);
        let import = match name.parse::<ImportName>() {
            Ok(import) => Some(import),
            Err(error) => {
                found.push(Diagnostic::new(
                    place.key.clone(),
                    error.to_string(),
                    "neither an interface nor a package",
                ));
                None
            }
        };
        let entry = provider(table, &names, &place, found);
        provide.extend(import.zip(entry));
    }
    let root = root(name, table.root, &names, place, found)?;
    Some(App {
        root,
        components,
        provide,
        span: place.header(),
    })
}

/// Which component starts.
fn root(
    app: &str,
    root: Option<String>,
    names: &[String],
    place: &Place<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<String> {
    match (root, names) {
        (_, []) => {
            let diagnostic = Diagnostic::new(
                place.header(),
                format!("the app `{app}` has no component"),
                "nothing to run",
            );
            found.push(diagnostic.hint(format!("add a table `[app.{app}.component.NAME]`")));
            None
        }
        (Some(root), names) if names.contains(&root) => Some(root),
        (Some(root), names) => {
            found.push(unknown_component(&root, names, place.at("root").value));
            None
        }
        (None, [only]) => Some(only.clone()),
        (None, names) => {
            let diagnostic = Diagnostic::new(
                place.header(),
                format!("the app `{app}` has several components and no `root`"),
                "which one starts?",
            );
            let example = names.first().map(String::as_str).unwrap_or_default();
            found.push(diagnostic.hint(format!("for example `root = \"{example}\"`")));
            None
        }
    }
}

fn component(
    table: ComponentTable,
    place: &Place<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<ComponentEntry> {
    common(&table.limits, place, found);
    let source = match target::source(&table.source) {
        Ok(source) => source,
        Err(complaint) => {
            found.push(complaint_at(complaint, place.at("use").value));
            return None;
        }
    };
    Some(ComponentEntry {
        source,
        grants: table.grants,
        limits: table.limits,
        instances: table.instances.map(instances),
        config: table.config,
        trusted: table.trusted,
        span: place.header(),
        grants_span: place.optional("grants"),
    })
}

fn provider(
    table: ProvideTable,
    components: &[String],
    place: &Place<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<ProvideEntry> {
    common(&table.limits, place, found);
    let (target, placement) = match target::provide(&table) {
        Ok(target) => target,
        Err((key, complaint)) => {
            let span = if key.is_empty() {
                place.header()
            } else {
                place.at(key).value
            };
            found.push(complaint_at(complaint, span));
            return None;
        }
    };
    match &target {
        ProvideTarget::Component(name) => {
            if !components.contains(name) {
                found.push(unknown_component(
                    name,
                    components,
                    place.at("component").value,
                ));
            }
            for key in ["grants", "limits", "instances", "config", "trusted"] {
                let what = format!("the component `{name}`, which has a table of its own");
                let hint = format!("move it to the table of the component `{name}`");
                misplaced(key, &what, hint, place, found);
            }
        }
        ProvideTarget::Endpoint(_) => {
            for key in ["grants", "instances", "config", "trusted"] {
                let what = "a provider that runs elsewhere";
                let hint = "say it where the provider is started".to_owned();
                misplaced(key, what, hint, place, found);
            }
        }
        ProvideTarget::Source(_) | ProvideTarget::Native { .. } => {}
    }
    Some(ProvideEntry {
        target,
        placement,
        transport: table.transport.map(|transport| transport.name().to_owned()),
        grants: table.grants,
        limits: table.limits,
        instances: table.instances.map(instances),
        config: table.config,
        trusted: table.trusted,
        span: place.header(),
        grants_span: place.optional("grants"),
    })
}

/// Finds a key that says something of a provider which is not this table's to say.
fn misplaced(key: &str, what: &str, hint: String, place: &Place<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(inner) = place.child(key) {
        let message = format!("`{key}` is said here for {what}");
        found.push(Diagnostic::new(inner.key, message, "does not belong here").hint(hint));
    }
}

/// What is checked of every table that makes instances.
fn common(limits: &Limits, place: &Place<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(grants) = place.at("grants").table {
        lists(grants, found);
    }
    let limits_place = place.at("limits");
    if limits.memory < MEMORY_MIN {
        found.push(Diagnostic::new(
            limits_place.at("memory").value,
            format!("`memory` cannot be {}", limits.memory),
            format!("at least {MEMORY_MIN}"),
        ));
    }
}

fn unknown_component(name: &str, known: &[String], span: Range<usize>) -> Diagnostic {
    let hint = did_you_mean(name, known.iter().map(String::as_str));
    let found = Diagnostic::new(
        span,
        format!("the app has no component `{name}`"),
        "not known here",
    );
    Diagnostic { hint, ..found }
}

fn check_name(name: &str, place: &Place<'_>, found: &mut Vec<Diagnostic>) {
    if let Err(complaint) = formats::check_name(name) {
        found.push(complaint_at(complaint, place.key.clone()));
    }
}

fn complaint_at(complaint: Complaint, span: Range<usize>) -> Diagnostic {
    Diagnostic {
        message: complaint.message,
        span,
        label: complaint.label,
        hint: complaint.hint,
    }
}

fn instances(text: InstancesText) -> Instances {
    match text {
        InstancesText::One => Instances::One,
        InstancesText::Pool => Instances::Pool,
        InstancesText::PerCall => Instances::PerCall,
    }
}

/// Where something stands in the text.
#[derive(Clone)]
struct Place<'d> {
    key: Range<usize>,
    value: Range<usize>,
    table: Option<&'d DeTable<'d>>,
}

impl Place<'_> {
    /// The place of a key's value in this table.
    fn child(&self, key: &str) -> Option<Self> {
        let (key, value) = self.table?.get_key_value(key)?;
        let table = match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        };
        Some(Self {
            key: key.span(),
            value: value.span(),
            table,
        })
    }

    /// The place of a key's value, or of this table where the key is not said.
    fn at(&self, key: &str) -> Self {
        self.child(key).unwrap_or_else(|| Self {
            table: None,
            ..self.clone()
        })
    }

    /// The place of a table's header; of its key where it is written otherwise.
    fn header(&self) -> Range<usize> {
        self.value.clone()
    }

    fn optional(&self, key: &str) -> Option<Range<usize>> {
        self.child(key).map(|place| place.value)
    }
}
