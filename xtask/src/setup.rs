//! What the tasks need on this machine: found, or installed with a word before.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use loop_build::{Cancel, Environment, Event, Permission, RustTarget};

use crate::repo::{Repo, cargo};

/// Finds Rust's target for components, or makes it.
///
/// Says what it is about to install before it does. On a machine of one's own nothing is asked: the
/// two commands of the README promise to do all the set-up.
pub(crate) fn components(repo: &Repo) -> Result<(Environment, RustTarget)> {
    let environment = Environment::new(inherited());
    let mut say = |event: Event| match event {
        Event::Installing {
            what,
            command: Some(command),
        } => println!("installing {what}: {command}"),
        Event::Installing {
            what,
            command: None,
        } => println!("installing {what}"),
        Event::GoingOn { reason } => println!("{reason}"),
        Event::Waiting { on } => println!("waiting for another process: {on}"),
        Event::Output { line } => println!("  {line}"),
        _ => {}
    };
    let target = RustTarget::make(
        &environment,
        repo.root(),
        Permission::System,
        &Cancel::new(),
        &mut say,
    );
    match target {
        Ok(target) => {
            println!("components are built with {}", target.version);
            Ok((environment, target))
        }
        Err(error) => {
            let hint = error.hint();
            let error = anyhow::Error::new(error);
            match hint {
                Some(hint) => bail!("{error:#}\nhint: {hint}"),
                None => Err(error).context("Rust for components"),
            }
        }
    }
}

/// Whether cargo has this subcommand.
pub(crate) fn cargo_has(subcommand: &str) -> bool {
    says_version(Command::new(cargo()).arg(subcommand))
}

/// Whether this program is here.
pub(crate) fn program_answers(name: &str) -> bool {
    says_version(&mut Command::new(name))
}

fn says_version(command: &mut Command) -> bool {
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The caller's variables, without those that cargo sets for the program that it runs.
fn inherited() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        let set_by_cargo = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_CRATE_",
            "CARGO_BIN_",
        ];
        !set_by_cargo.iter().any(|start| name.starts_with(start)) && name != "CARGO"
    })
}
