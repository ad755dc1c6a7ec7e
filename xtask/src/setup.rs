//! What the tasks need on this machine: found, or installed with a word before.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use loop_build::{Cancel, Environment, Event, Permission, RustTarget};

use crate::repo::{Repo, cargo, output};

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

/// Finds the server of NATS that the tests of the wire start, or fetches it.
///
/// Debian's package is unpacked under the target folder and not installed: that would make it a service of the system.
pub(crate) fn nats_server(repo: &Repo) -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("LOOP_NATS_SERVER") {
        return Ok(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folder = repo.target().join("nats-server");
    // Debian puts it where users who are not root do not look.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), folder.join("usr/sbin")]);
    let mut programs = folders.map(|folder| folder.join("nats-server"));
    if let Some(found) = programs.find(|program| program.is_file()) {
        return Ok(found);
    }
    println!("fetching nats-server: apt-get download nats-server");
    println!("it is unpacked in {}, and not installed", folder.display());
    std::fs::create_dir_all(&folder).context("the folder of nats-server")?;
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        let hint = "the tests of NATS need nats-server: name the program in LOOP_NATS_SERVER, or have it in PATH";
        output(command.current_dir(&folder).args(arguments)).context(hint)
    };
    if run("apt-get", &["download", "nats-server"]).is_err() {
        // A machine may have old lists, or none.
        run("apt-get", &["update"])?;
        run("apt-get", &["download", "nats-server"])?;
    }
    let files = std::fs::read_dir(&folder)?;
    let mut names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let package = names.find(|name| name.ends_with(".deb"));
    run(
        "dpkg-deb",
        &["--extract", &package.context("no package came")?, "."],
    )?;
    Ok(folder.join("usr/sbin/nats-server"))
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
