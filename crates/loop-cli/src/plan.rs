//! What is to run: a target and the flags beside it, as components with their grants.
//!
//! A plan is made from text alone. [`Plan::files`] builds what is stale, [`Plan::load`] gives what the host links.

mod advice;
mod stale;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loop_build::Profile;
use loop_core::Limits;
use loop_core::grants::{Config, Grants};
use loop_core::manifest::{
    App, ComponentEntry, Instances, Placement, ProvideEntry, ProvideTarget, Source,
};
use loop_core::name::ImportName;
use loop_core::policy::Trust;
use loop_host::{ComponentSpec, Host, LoadOptions, NativeSpec, RouteSpec};

use crate::endpoint;
use crate::error::{self, CliError, Detail, Kind, Problem, Snippet};
use crate::interrupt::Interrupt;
use crate::target::Target;
use crate::ui::Ui;
use crate::vars;
use crate::workspace::{self, Workspace};

pub(crate) use crate::plan::advice::{Advice, Place};
pub(crate) use crate::plan::stale::up_to_date;

/// What the user gives beside the target.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    /// What the root gets beside what `loop.toml` says.
    pub(crate) grants: Grants,
    /// Variables for the root, with their values.
    pub(crate) variables: BTreeMap<String, String>,
    /// Whether the root is trusted.
    pub(crate) trusted: bool,
}

/// The grant that a server needs at least, where it has none: an address of this machine only.
pub(crate) fn listen_example() -> Grants {
    let mut grants = Grants::default();
    grants.net.listen.push("127.0.0.1:8080".to_owned());
    grants
}

/// What is to run.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The app's name.
    pub(crate) name: String,
    /// The component that starts.
    pub(crate) root: String,
    /// All components, by name.
    pub(crate) parts: BTreeMap<String, Part>,
    /// Who satisfies which import.
    pub(crate) provide: BTreeMap<ImportName, RouteSpec>,
    /// Where the grants of the host's providers stand, by the names of the providers.
    natives: BTreeMap<String, Place>,
    /// What stands in the way already. Nothing of it can run.
    pub(crate) problems: Vec<Problem>,
    /// The folder with `loop.toml`, where builds go.
    workspace: PathBuf,
}

/// A component of a plan.
#[derive(Debug)]
pub(crate) struct Part {
    /// A folder to build, or a `.wasm` file.
    pub(crate) source: PathBuf,
    pub(crate) grants: Grants,
    pub(crate) limits: Limits,
    pub(crate) instances: Option<Instances>,
    pub(crate) config: Config,
    pub(crate) trust: Trust,
    /// The folder that the paths of its grants are relative to.
    pub(crate) base: PathBuf,
    /// Variables with values of their own.
    pub(crate) variables: BTreeMap<String, String>,
    /// Where its grants stand.
    pub(crate) place: Place,
}

impl Plan {
    /// Plans to run a target.
    pub(crate) fn new(target: &Target, extras: Extras) -> Self {
        let mut plan = match target {
            Target::App { workspace, name } => match workspace.manifest.apps.get(name) {
                Some(app) => Self::of_app(workspace, name, app),
                None => Self::empty(name, workspace.folder.clone()),
            },
            Target::Folder(folder) => {
                let name = folder.file_name().unwrap_or_default().to_string_lossy();
                let workspace = workspace::root_of(folder).unwrap_or(folder);
                Self::of_one(&name, folder, workspace)
            }
            Target::File(file) => {
                let name = file.file_stem().unwrap_or_default().to_string_lossy();
                Self::of_one(&name, file, Path::new("."))
            }
        };
        if let Some(root) = plan.parts.get_mut(&plan.root) {
            root.grants = root.grants.merged(&extras.grants);
            root.grants.env.extend(extras.variables.keys().cloned());
            root.variables = extras.variables;
            if extras.trusted {
                root.trust = Trust::Trusted;
            }
        }
        plan
    }

    /// The plan without what stands in the way.
    ///
    /// # Errors
    /// If something does.
    pub(crate) fn feasible(mut self) -> Result<Self, CliError> {
        match std::mem::take(&mut self.problems) {
            problems if problems.is_empty() => Ok(self),
            problems => Err(CliError {
                kind: Kind::Link,
                problems,
            }),
        }
    }

    /// The files of all components, built where they are stale.
    ///
    /// # Errors
    /// If something does not build.
    pub(crate) fn files(
        &self,
        ui: &Ui,
        interrupt: &Interrupt,
        profile: Profile,
    ) -> Result<BTreeMap<String, PathBuf>, CliError> {
        let is_file = |part: &Part| workspace::is_wasm(&part.source) || part.source.is_file();
        let (given, made): (Vec<_>, Vec<_>) =
            self.parts.iter().partition(|(_, part)| is_file(part));
        let mut files: BTreeMap<_, _> = given
            .into_iter()
            .map(|(name, part)| (name.clone(), part.source.clone()))
            .collect();
        if !made.is_empty() {
            let folders: Vec<PathBuf> = made.iter().map(|(_, part)| part.source.clone()).collect();
            let built = up_to_date(ui, interrupt, &self.workspace, &folders, profile)?;
            let built = built.into_iter().map(|built| built.wasm);
            files.extend(made.into_iter().map(|(name, _)| name.clone()).zip(built));
        }
        Ok(files)
    }

    /// Loads all components from these files.
    ///
    /// # Errors
    /// If one is no component that can be run.
    pub(crate) fn load(
        &self,
        host: &Host,
        files: &BTreeMap<String, PathBuf>,
    ) -> Result<BTreeMap<String, ComponentSpec>, CliError> {
        let mut specs = BTreeMap::new();
        for (name, part) in &self.parts {
            let Some(file) = files.get(name) else {
                continue;
            };
            let options = LoadOptions {
                fuel: part.limits.fuel.is_some(),
            };
            let component = host
                .load_file(file, options)
                .map_err(|error| error::load(file, &error))?;
            specs.insert(name.clone(), part.spec(component));
        }
        Ok(specs)
    }

    /// Whether a component provides an interface for the others.
    pub(crate) fn provides(&self, name: &str) -> bool {
        self.provide
            .values()
            .any(|route| matches!(route, RouteSpec::Component(provider) if provider == name))
    }

    /// Whether it names one of the host's providers.
    pub(crate) fn has_native_providers(&self) -> bool {
        let mut routes = self.provide.values();
        routes.any(|route| matches!(route, RouteSpec::Native(_)))
    }

    /// Where the grants of its components stand, and those of the host's providers that it names.
    pub(crate) fn advice(&self) -> Advice {
        let parts = self.parts.iter().map(|(name, part)| (name, &part.place));
        let places = self.natives.iter().chain(parts);
        Advice::new(
            places
                .map(|(name, place)| (name.clone(), place.clone()))
                .collect(),
        )
    }

    fn empty(name: &str, workspace: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            root: name.to_owned(),
            parts: BTreeMap::new(),
            provide: BTreeMap::new(),
            natives: BTreeMap::new(),
            problems: Vec::new(),
            workspace,
        }
    }

    /// A plan for one component that no `loop.toml` speaks of.
    fn of_one(name: &str, source: &Path, workspace: &Path) -> Self {
        let mut plan = Self::empty(name, workspace.to_owned());
        let part = Part {
            source: source.to_owned(),
            grants: Grants::default(),
            limits: Limits::default(),
            instances: None,
            config: Config::new(),
            trust: Trust::Untrusted,
            base: PathBuf::from("."),
            variables: BTreeMap::new(),
            place: Place::Flags,
        };
        plan.parts.insert(name.to_owned(), part);
        plan
    }

    fn of_app(workspace: &Workspace, name: &str, app: &App) -> Self {
        let mut plan = Self::empty(name, workspace.folder.clone());
        plan.root.clone_from(&app.root);
        let source: Arc<str> = workspace.text.as_str().into();
        for (component, entry) in &app.components {
            if let Some(path) = plan.source(workspace, &source, &entry.source, &entry.span) {
                let header = format!("app.{name}.component.{component}");
                let part = Part::of_entry(workspace, header, path, entry);
                plan.parts.insert(component.clone(), part);
            }
        }
        for (import, entry) in &app.provide {
            plan.provide(workspace, &source, name, import, entry);
        }
        plan
    }

    /// Adds who satisfies an import.
    fn provide(
        &mut self,
        workspace: &Workspace,
        source: &Arc<str>,
        app: &str,
        import: &ImportName,
        entry: &ProvideEntry,
    ) {
        if entry.placement == Placement::Sidecar {
            let message =
                format!("`{import}` has the placement `sidecar`, which this version cannot run");
            let hint = "start the provider by itself, and name its address with `endpoint`";
            self.problems
                .push(at(workspace, source, &entry.span, message).hint(hint));
            return;
        }
        let header = format!("app.{app}.provide.\"{import}\"");
        let route = match &entry.target {
            ProvideTarget::Component(component) => RouteSpec::Component(component.clone()),
            ProvideTarget::Native { provider } => {
                if let Some(provider) = provider {
                    let span = entry.grants_span.as_ref().unwrap_or(&entry.span);
                    let place = place(workspace, header, span, &entry.grants);
                    self.natives.insert(provider.clone(), place);
                }
                RouteSpec::Native(NativeSpec {
                    provider: provider.clone(),
                    grants: entry.grants.clone(),
                    base: workspace.folder.clone(),
                    config: entry.config.clone(),
                    trust: trust(entry.trusted),
                    variables: granted(&entry.grants, &BTreeMap::new()),
                })
            }
            ProvideTarget::Source(from) => {
                let Some(path) = self.source(workspace, source, from, &entry.span) else {
                    return;
                };
                let component = import.to_string();
                let part = Part::of_provider(workspace, header, path, entry);
                self.parts.insert(component.clone(), part);
                RouteSpec::Component(component)
            }
            ProvideTarget::Endpoint(address) => match endpoint::remote(address, &entry.limits) {
                Ok(remote) => RouteSpec::Remote(remote),
                Err(problem) => {
                    let found = at(workspace, source, &entry.span, problem.message);
                    let hints = problem.hints.into_iter();
                    self.problems.push(hints.fold(found, Problem::hint));
                    return;
                }
            },
        };
        self.provide.insert(import.clone(), route);
    }

    /// The path that a source stands for.
    fn source(
        &mut self,
        workspace: &Workspace,
        text: &Arc<str>,
        from: &Source,
        span: &std::ops::Range<usize>,
    ) -> Option<PathBuf> {
        match from {
            Source::Path(path) => Some(workspace.folder.join(path)),
            Source::Package(package) => {
                let message = format!("`{package}` is a package, and this version has no packages");
                let hint = "name a folder or a .wasm file: fetch the component, and `use` its file";
                self.problems
                    .push(at(workspace, text, span, message).hint(hint));
                None
            }
        }
    }
}

impl Part {
    fn of_entry(
        workspace: &Workspace,
        header: String,
        source: PathBuf,
        entry: &ComponentEntry,
    ) -> Self {
        Self {
            source,
            grants: entry.grants.clone(),
            limits: entry.limits.clone(),
            instances: entry.instances,
            config: entry.config.clone(),
            trust: trust(entry.trusted),
            base: workspace.folder.clone(),
            variables: BTreeMap::new(),
            place: place(
                workspace,
                header,
                entry.grants_span.as_ref().unwrap_or(&entry.span),
                &entry.grants,
            ),
        }
    }

    fn of_provider(
        workspace: &Workspace,
        header: String,
        source: PathBuf,
        entry: &ProvideEntry,
    ) -> Self {
        Self {
            source,
            grants: entry.grants.clone(),
            limits: entry.limits.clone(),
            instances: entry.instances,
            config: entry.config.clone(),
            trust: trust(entry.trusted),
            base: workspace.folder.clone(),
            variables: BTreeMap::new(),
            place: place(
                workspace,
                header,
                entry.grants_span.as_ref().unwrap_or(&entry.span),
                &entry.grants,
            ),
        }
    }

    /// What the host links. Of the environment it sees what it is granted, and nothing else is looked at; the programs that it is granted
    /// are looked for now.
    fn spec(&self, component: loop_host::Component) -> ComponentSpec {
        let programs = self.grants.process.iter().filter_map(|grant| {
            let path = vars::program(&grant.program)?;
            Some((grant.program.clone(), path))
        });
        ComponentSpec {
            grants: self.grants.clone(),
            limits: self.limits.clone(),
            instances: self.instances,
            config: self.config.clone(),
            trust: self.trust,
            base: self.base.clone(),
            variables: granted(&self.grants, &self.variables),
            programs: programs.collect(),
            ..ComponentSpec::new(component)
        }
    }
}

/// The variables that are granted, with the values given to them here or by the environment.
fn granted(grants: &Grants, given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let granted = grants.env.iter().filter_map(|name| {
        let value = given.get(name).cloned();
        Some((name.clone(), value.or_else(|| vars::granted(name))?))
    });
    granted.collect()
}

fn trust(trusted: bool) -> Trust {
    if trusted {
        Trust::Trusted
    } else {
        Trust::Untrusted
    }
}

fn place(
    workspace: &Workspace,
    header: String,
    span: &std::ops::Range<usize>,
    grants: &Grants,
) -> Place {
    Place::Entry {
        file: workspace.file.clone(),
        line: workspace.line(span),
        header,
        grants: Box::new(grants.clone()),
    }
}

/// A problem with a table of `loop.toml`.
fn at(
    workspace: &Workspace,
    source: &Arc<str>,
    span: &std::ops::Range<usize>,
    message: String,
) -> Problem {
    let mut problem = Problem::new(message);
    problem.details.push(Detail::Snippet(Snippet {
        file: workspace.file.clone(),
        source: Arc::clone(source),
        span: span.clone(),
        label: String::new(),
    }));
    problem
}
