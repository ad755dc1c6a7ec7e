//! The errors of the libraries as errors of the command: the message, what explains it, and what to do next.
//!
//! All of it stands here, so that the same failure reads the same in every command.

use std::io;
use std::path::Path;
use std::sync::Arc;

use loop_build::scaffold::ScaffoldError;
use loop_build::{BuildError, ToolchainError};
use loop_core::Diagnostic;
use loop_core::manifest::MANIFEST_BYTES_MAX;
use loop_host::core::otlp::SendError;
use loop_host::link_report::{Line, Missing};
use loop_host::shape::ShapeError;
use loop_host::{CallError, HostError, LinkError, LoadError, ServeError};
use loop_wire::Code;

use crate::error::{CliError, Detail, Kind, Problem, Snippet};
use crate::ui::Paint;

/// Lines of the wanted WIT that are shown where there is nothing to compare it with.
const WANTED_LINES_MAX: usize = 12;

/// What to do with a component that nobody can call.
const NOTHING_TO_CALL: &str = "export `wasi:cli/run`, an HTTP handler or an interface of its own";

/// Names of exports that are listed.
const EXPORTS_MAX: usize = 20;

impl CliError {
    /// What is wrong with a `loop.toml`: everything at once.
    pub(crate) fn manifest(file: &str, text: &str, found: &[Diagnostic]) -> Self {
        let source: Arc<str> = if text.len() > MANIFEST_BYTES_MAX {
            "".into()
        } else {
            text.into()
        };
        let problems = found
            .iter()
            .map(|found| diagnostic(file, &source, found))
            .collect();
        Self {
            kind: Kind::Manifest,
            problems,
        }
    }

    /// What is wrong with a `--grant`.
    pub(crate) fn grant(text: &str, found: &Diagnostic) -> Self {
        let problem = diagnostic("--grant", &text.into(), found);
        Self::new(Kind::Usage, problem)
    }
}

fn diagnostic(file: &str, source: &Arc<str>, found: &Diagnostic) -> Problem {
    // A message about the whole file has no place in it.
    let source = if found.span == (0..0) && found.label.is_empty() {
        "".into()
    } else {
        Arc::clone(source)
    };
    Problem {
        message: found.message.clone(),
        details: vec![Detail::Snippet(Snippet {
            file: file.to_owned(),
            source,
            span: found.span.clone(),
            label: found.label.clone(),
        })],
        hints: found.hint.iter().cloned().collect(),
        ..Problem::default()
    }
}

/// A file that is no component. `name` is what the user calls it.
pub(crate) fn shape(name: &str, error: &ShapeError) -> CliError {
    let mut problem = Problem::new(format!("`{name}` {error}"));
    problem.hints.extend(error.hint().or_else(|| {
        let other_kind = matches!(error, ShapeError::NotWasm { .. });
        other_kind
            .then(|| "name a component's file, such as those that `loop build` prints".to_owned())
    }));
    CliError::new(Kind::Link, problem)
}

/// A component that was not loaded. `path` is where it stands.
pub(crate) fn load(path: &Path, error: &LoadError) -> CliError {
    match error {
        LoadError::Shape { source, .. } => shape(&path.display().to_string(), source),
        LoadError::Read { path, source } => CliError::file("read", path, source),
        LoadError::Host(error) => host(error),
        error => CliError::new(Kind::Link, Problem::new(error.to_string()).causes(error)),
    }
}

/// A host that was not made.
pub(crate) fn host(error: &HostError) -> CliError {
    let problem = Problem::new(error.to_string()).causes(error);
    CliError::new(Kind::System, problem)
}

/// A collector that nothing can be sent to.
pub(crate) fn collector(error: &SendError) -> CliError {
    let kind = match error {
        SendError::Endpoint(_) => Kind::Usage,
        _ => Kind::System,
    };
    CliError::new(kind, Problem::new(error.to_string()).causes(error))
}

/// An app that was not put together.
pub(crate) fn link(error: &LinkError) -> CliError {
    let kind = match error {
        LinkError::Folder { .. } => Kind::System,
        _ => Kind::Link,
    };
    CliError::new(kind, link_problem(error))
}

/// The same as a problem among others.
pub(crate) fn link_problem(error: &LinkError) -> Problem {
    let problem = Problem::new(error.to_string()).causes(error);
    match error {
        LinkError::Missing { missing, .. } => missing.iter().fold(problem, explain),
        LinkError::NoComponent { .. } => {
            problem.hint("`root` and `component` under `provide` name components of the same app")
        }
        LinkError::NotExported { exports, .. } => list_exports(problem, exports)
            .hint("name a component that exports it, or build this one against the same WIT"),
        LinkError::NotNative { provider: None, .. } => problem
            .hint("give a component that exports it: `use = \"folder or file\"` in its `provide`"),
        LinkError::NotNative {
            provider: Some(_), ..
        } => problem.hint("leave `provider` away to take whichever the host has"),
        LinkError::TwoSettings { .. } => problem.hint(
            "write one entry for the package, or the same `config`, `grants` and `trusted` into each of those lines under `provide`",
        ),
        LinkError::Apart { .. } => problem.hint(
            "take the line of the one under `provide` away, or have one provide both: an entry may name their package",
        ),
        LinkError::NotCrossable { reasons, .. } => reasons
            .iter()
            .fold(problem, |problem, reason| {
                problem.line(Paint::Plain, reason)
            })
            .hint("a stream of bytes crosses where an `async func` takes or gives one; other streams, and futures, do not in this version"),
        LinkError::Cycle { .. } => problem
            .hint("let one of them do without the other: what both need can be a third component"),
        LinkError::Folder { source, .. } => {
            let hint = match source.kind() {
                io::ErrorKind::NotFound => {
                    "make the folder, or mend `path` in the grant".to_owned()
                }
                _ => io_hint(source).unwrap_or_else(|| "mend `path` in the grant".to_owned()),
            };
            problem.hint(hint)
        }
        _ => problem,
    }
}

/// One import that nothing satisfies: what was wanted, what comes nearest, how the two differ.
fn explain(mut problem: Problem, missing: &Missing) -> Problem {
    problem = problem.line(Paint::Strong, missing.to_string());
    if missing.difference.is_empty() {
        let wit = missing
            .wanted_wit
            .lines()
            .filter(|line| !line.trim().is_empty());
        for line in wit.take(WANTED_LINES_MAX) {
            problem = problem.line(Paint::Faint, format!("  {line}"));
        }
    }
    for line in &missing.difference {
        let paint = match line {
            Line::Title(_) | Line::Same(_) => Paint::Plain,
            Line::Wanted(_) => Paint::Minus,
            Line::Offered(_) => Paint::Plus,
        };
        problem = problem.line(paint, format!("  {line}"));
    }
    problem.hints.extend(missing.hints.iter().cloned());
    problem
}

/// A call that did not return.
pub(crate) fn call(error: &CallError) -> CliError {
    let problem = Problem::new(error.to_string());
    match error {
        CallError::Trap { backtrace, .. } => {
            // A function that calls itself fills the whole stack.
            let same = backtrace.chunk_by(|one, next| one == next);
            let lines = same.filter_map(|frames| {
                let frame = frames.first()?;
                let times = frames.len();
                Some(if times == 1 {
                    format!("at {frame}")
                } else {
                    format!("at {frame}, {times} times")
                })
            });
            let problem = lines.fold(problem, |problem, line| problem.line(Paint::Faint, line));
            CliError::new(Kind::Trap, problem)
        }
        CallError::Exited { .. } => CliError::new(Kind::Trap, problem),
        CallError::Deadline { .. } => CliError::new(
            Kind::Limit,
            problem.hint(
                "give it longer: `limits = { call = \"60 s\" }` in loop.toml, or `--timeout 60s`",
            ),
        ),
        CallError::Busy { .. } => CliError::new(
            Kind::Limit,
            problem.hint(
                "an instance serves one call at a time, and a call lasts as long as its streams: `instances = \"pool\"` in loop.toml gives it several",
            ),
        ),
        CallError::Limit { limit, .. } => {
            CliError::new(Kind::Limit, problem.hint(limit_hint(limit)))
        }
        CallError::NoExport { exports, .. } => {
            let none = exports.is_empty();
            let problem = list_exports(problem, exports);
            let hint = if none {
                NOTHING_TO_CALL
            } else {
                "`loop inspect` shows the functions of each export"
            };
            CliError::new(Kind::Usage, problem.hint(hint))
        }
        CallError::Arguments { signature, .. } => {
            let problem = signature.iter().fold(problem, |problem, signature| {
                problem.line(Paint::Strong, signature)
            });
            let hint =
                "values are written as WAVE: `1`, `\"text\"`, `[1, 2]`, `{name: \"a\"}`, `some(1)`";
            CliError::new(Kind::Usage, problem.hint(hint))
        }
        CallError::Callee { source, .. } => {
            // What the callee did decides how the command ends.
            let mut inner = call(source);
            if let Some(first) = inner.problems.first_mut() {
                let cause = std::mem::replace(&mut first.message, problem.message);
                first.causes.insert(0, cause);
            }
            inner
        }
        CallError::Folder(error) => link(error),
        CallError::Reentrant { .. } => CliError::new(
            Kind::Trap,
            problem.hint("a component cannot be called while it waits for its own call"),
        ),
        CallError::Remote { source, .. } => {
            let problem = problem.causes(error);
            let problem = match source.code {
                Code::Unreachable => problem
                    .hint("is the provider running? `endpoint` in loop.toml says where it is"),
                Code::NotFound => problem.hint("the provider there does not serve this function"),
                _ => problem,
            };
            CliError::new(Kind::System, problem)
        }
        error => CliError::new(Kind::System, problem.causes(error)),
    }
}

fn limit_hint(limit: &str) -> String {
    match limit {
        "fuel" => {
            "give it more: `limits = { fuel = 1000000000 }` in loop.toml, or `--fuel 1000000000`"
                .to_owned()
        }
        "tables" | "instances" => {
            format!("give it more: `limits = {{ {limit} = 1000000 }}` in loop.toml")
        }
        limit => format!("give it more: `limits = {{ {limit} = \"1 GiB\" }}` in loop.toml"),
    }
}

fn list_exports(problem: Problem, exports: &[String]) -> Problem {
    if exports.is_empty() {
        return problem.line(Paint::Plain, "it exports nothing");
    }
    let mut problem = problem.line(Paint::Plain, "it exports");
    for export in exports.iter().take(EXPORTS_MAX) {
        problem = problem.line(Paint::Plain, format!("  {export}"));
    }
    if exports.len() > EXPORTS_MAX {
        problem = problem.line(
            Paint::Plain,
            format!("  and {} more", exports.len() - EXPORTS_MAX),
        );
    }
    problem
}

/// An app that cannot be served. A denial is the caller's to explain, who knows where the grants stand.
pub(crate) fn serve(error: &ServeError) -> CliError {
    let problem = Problem::new(error.to_string()).causes(error);
    match error {
        ServeError::Denied { .. } => CliError::new(Kind::Denied, problem),
        ServeError::Listen { source, address } => {
            let hint = match source.kind() {
                io::ErrorKind::AddrInUse => {
                    Some("end the program that listens there, or name another address with `--listen`".to_owned())
                }
                io::ErrorKind::AddrNotAvailable => {
                    Some(format!("{} is not an address of this machine", address.ip()))
                }
                io::ErrorKind::PermissionDenied => {
                    Some("ports below 1024 are for the superuser; take another with `--listen`".to_owned())
                }
                _ => None,
            };
            CliError::new(Kind::System, hint.into_iter().fold(problem, Problem::hint))
        }
        ServeError::NothingExposed { .. } => CliError::new(
            Kind::Usage,
            problem.hint("an address of this form is for components that export interfaces of their own; `loop inspect` shows what they export"),
        ),
        ServeError::NoHandler { .. } => CliError::new(
            Kind::Usage,
            problem.hint("`--listen` is for components that export `wasi:http/incoming-handler` or `wasi:http/handler`"),
        ),
        _ => CliError::new(Kind::Link, problem),
    }
}

/// A component that does not build.
pub(crate) fn build(error: &BuildError) -> CliError {
    if matches!(
        error,
        BuildError::Cancelled | BuildError::Toolchain(ToolchainError::Cancelled)
    ) {
        return CliError::said(Kind::Stopped(2));
    }
    if let BuildError::Toolchains { missing } = error {
        let problems = missing.iter().map(|error| {
            let mut problem = Problem::new(error.to_string());
            problem.hints.extend(error.hint());
            problem
        });
        return CliError {
            kind: Kind::Build,
            problems: problems.collect(),
        };
    }
    let mut problem = Problem::new(error.to_string()).causes(error);
    problem.details.extend(
        error
            .output()
            .map(|output| Detail::Output(output.to_owned())),
    );
    problem.hints.extend(error.hint());
    CliError::new(Kind::Build, problem)
}

/// A scaffold that was not made.
pub(crate) fn scaffold(error: &ScaffoldError) -> CliError {
    if let ScaffoldError::Manifest {
        path,
        text,
        diagnostics,
    } = error
    {
        return CliError::manifest(&path.display().to_string(), text, diagnostics);
    }
    let kind = match error {
        ScaffoldError::Io { .. } => Kind::System,
        ScaffoldError::CannotAdd { .. } => Kind::Manifest,
        _ => Kind::Usage,
    };
    let mut problem = Problem::new(error.to_string()).causes(error);
    if let ScaffoldError::Io { source, .. } = error {
        problem.hints.extend(io_hint(source));
    }
    problem.hints.extend(error.hint());
    CliError::new(kind, problem)
}

impl From<ToolchainError> for CliError {
    fn from(error: ToolchainError) -> Self {
        build(&BuildError::from(error))
    }
}

/// What can be done about a failure of the system.
pub(crate) fn io_hint(error: &io::Error) -> Option<String> {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some room on the disk",
        io::ErrorKind::NotFound => "look for a slip in the path",
        io::ErrorKind::PermissionDenied => "see who owns it: `ls -ld` shows its owner and mode",
        io::ErrorKind::ReadOnlyFilesystem => "the disk can only be read: name another place",
        _ => return None,
    };
    Some(hint.to_owned())
}
