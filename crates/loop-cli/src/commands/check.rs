//! `loop check`.

mod needs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use loop_build::Profile;
use loop_host::shape::Shape;
use loop_host::{AppSpec, LinkError};
use serde_json::json;

use crate::commands::{self, decode};
use crate::error::{self, CliError, Kind, Problem};
use crate::interrupt::Interrupt;
use crate::plan::{Extras, Plan};
use crate::target;
use crate::ui::{self, Ui, count};
use crate::vars;

/// Say all that an app will miss when it runs, without running it
///
/// Errors are certain: the app will not start. Notes are possible: an import could need a grant that is not there,
/// or never be called.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An app, a folder or a .wasm file [default: the only app of the workspace]
    target: Option<String>,
    /// Which app, where a folder has several
    #[arg(long)]
    app: Option<String>,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Debug, Default)]
struct Findings {
    /// The app will not start.
    errors: Vec<Problem>,
    /// Something could be refused.
    notes: Vec<Problem>,
}

/// Checks.
pub(crate) fn run(ui: &Ui, args: &Args) -> Result<u8, CliError> {
    let target = target::resolve(args.target.as_deref(), args.app.as_deref())?.or_its_app()?;
    let mut plan = Plan::new(&target, Extras::default());
    let mut findings = Findings {
        errors: std::mem::take(&mut plan.problems),
        notes: Vec::new(),
    };
    // The parts that cannot be had were found above; the others are worth a look all the same.
    let whole = findings.errors.is_empty();
    let files = plan.files(ui, &Interrupt::install(), Profile::Release)?;
    let shapes = shapes(&files, &mut findings);
    needs::find(&plan, &shapes, &mut findings);
    if whole && shapes.len() == files.len() {
        link(&plan, &files, &mut findings)?;
    }
    report(ui, args, &plan, &findings)
}

/// What each component is. Those that are none are errors.
fn shapes(files: &BTreeMap<String, PathBuf>, findings: &mut Findings) -> BTreeMap<String, Shape> {
    let mut shapes = BTreeMap::new();
    for (name, file) in files {
        match decode(file) {
            Ok(shape) => drop(shapes.insert(name.clone(), shape)),
            Err(error) => findings.errors.extend(error.problems),
        }
    }
    shapes
}

/// Puts the app together as a run would, which finds all imports that nothing satisfies.
fn link(
    plan: &Plan,
    files: &BTreeMap<String, PathBuf>,
    findings: &mut Findings,
) -> Result<(), CliError> {
    let mut builder = commands::host();
    if let Some(cache) = vars::cache() {
        builder = builder.cache(cache.join("compiled"));
    }
    let host = builder.build().map_err(|error| error::host(&error))?;
    let components = match plan.load(&host, files) {
        Ok(components) => components,
        Err(error) => {
            findings.errors.extend(error.problems);
            return Ok(());
        }
    };
    // One component after the other, so that each says what it lacks.
    let mut lacking = BTreeSet::new();
    for root in plan.parts.keys() {
        let mut spec = AppSpec {
            name: plan.name.clone(),
            root: root.clone(),
            components: components.clone(),
            provide: plan.provide.clone(),
            stdio: loop_host::Stdio::default(),
            core: loop_host::core::CoreOptions::default(),
            resolver: loop_host::ResolverRef::default(),
        };
        if *root != plan.root {
            spec.components
                .retain(|name, _| *name == *root || plan.provides(name));
        }
        if let Err(error) = host.check(spec) {
            let problem = error::link_problem(&error);
            // A cycle is found once from each of its components.
            let known = match error {
                LinkError::Cycle { mut path } => {
                    path.sort();
                    path.dedup();
                    path.join(" ")
                }
                _ => problem.message.clone(),
            };
            if lacking.insert(known) {
                findings.errors.push(problem);
            }
        }
    }
    Ok(())
}

fn report(ui: &Ui, args: &Args, plan: &Plan, findings: &Findings) -> Result<u8, CliError> {
    let code = if findings.errors.is_empty() {
        0
    } else {
        Kind::Found.code()
    };
    if args.json {
        let all = findings.errors.iter().map(|problem| ("error", problem));
        let all = all.chain(findings.notes.iter().map(|problem| ("note", problem)));
        let all: Vec<_> = all
            .map(|(severity, problem)| {
                json!({
                    "severity": severity,
                    "message": problem.message,
                    "causes": problem.causes,
                    "details": problem.detail_lines(),
                    "hints": problem.hints,
                })
            })
            .collect();
        ui::json(&json!({ "app": plan.name, "ok": code == 0, "findings": all }))?;
        return Ok(code);
    }
    for note in &findings.notes {
        ui::data(ui.note_text(note).trim_end())?;
    }
    if findings.errors.is_empty() {
        let components = count(plan.parts.len(), "component");
        let notes = match findings.notes.len() {
            0 => String::new(),
            notes => format!(", {}", count(notes, "note")),
        };
        ui.say(&format!(
            "`{}` fits together: {components}{notes}",
            plan.name
        ));
        return Ok(code);
    }
    Err(CliError {
        kind: Kind::Found,
        problems: findings.errors.clone(),
    })
}
