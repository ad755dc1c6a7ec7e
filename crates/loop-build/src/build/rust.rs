//! Components of Rust: those of one Cargo workspace are built at once.

use std::time::Instant;

use crate::build::inputs::{self, Inputs};
use crate::build::{BuildError, Job, Work, cargo};
use crate::event::Event;
use crate::sdk;
use crate::toolchain::{RustTarget, ToolchainError};

/// What is not in the component's folder and counts all the same: variables that change what Cargo builds.
pub(crate) fn fingerprint(work: &Work<'_>) -> String {
    inputs::settings(work.environment, work.options)
}

/// What is needed for components, not on this machine, and not to be had.
pub(crate) fn missing(work: &Work<'_>) -> Option<ToolchainError> {
    let (environment, permission) = (work.environment, work.options.permission);
    RustTarget::is_out_of_reach(environment, permission).then_some(ToolchainError::NoRust)
}

/// Builds them.
pub(crate) fn build(
    work: &Work<'_>,
    mut stale: Vec<&mut Job>,
    events: &mut dyn FnMut(Event),
) -> Result<(), BuildError> {
    let folders = stale.iter().map(|job| job.sources.as_path());
    sdk::restore(&work.options.workspace, folders).map_err(|error| BuildError::Io {
        path: error.path,
        source: error.source,
    })?;
    while let Some(first) = stale.first() {
        let target = RustTarget::make(
            work.environment,
            &first.sources,
            work.options.permission,
            work.cancel,
            events,
        )?;
        let runner = cargo::Runner {
            environment: work.environment,
            options: work.options,
            target: &target,
            cancel: work.cancel,
        };
        let metadata = runner.metadata(&first.sources)?;
        let (here, elsewhere): (Vec<_>, Vec<_>) = stale
            .into_iter()
            .partition(|job| metadata.package_in(&job.sources).is_some());
        stale = elsewhere;
        build_together(work, &runner, &metadata, here, events)?;
    }
    Ok(())
}

/// Builds components of one Cargo workspace.
fn build_together(
    work: &Work<'_>,
    runner: &cargo::Runner<'_>,
    metadata: &cargo::Metadata,
    jobs: Vec<&mut Job>,
    events: &mut dyn FnMut(Event),
) -> Result<(), BuildError> {
    let mut packages = Vec::new();
    for job in &jobs {
        let Some(package) = metadata.package_in(&job.sources) else {
            continue;
        };
        packages.push((package, package.artifact()?));
        events(Event::Building {
            component: job.name.clone(),
        });
    }
    let started = Instant::now();
    let since = work.now_on_disk()?;
    let outcome = runner.build(metadata, &packages, events)?;
    for (job, (package, artifact)) in jobs.into_iter().zip(&packages) {
        let built = outcome
            .wasm(package, artifact)
            .ok_or_else(|| BuildError::NoArtifact {
                package: package.name.clone(),
            })?;
        let inputs = Inputs::gather(runner, metadata, &outcome, &job.sources, built);
        work.finish(job, built, inputs, since)?;
        events(Event::Built {
            component: job.name.clone(),
            took: started.elapsed(),
        });
    }
    Ok(())
}
