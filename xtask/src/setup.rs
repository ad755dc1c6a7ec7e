//! What the tasks need on this machine: found, or installed with a word before.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
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

/// A program that the tests start, and a package of Debian's of the same name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    name: &'static str,
    /// What it is called elsewhere.
    others: &'static [&'static str],
    /// The variable that names the program, for whoever has another.
    pub(crate) variable: &'static str,
}

/// For the wire.
pub(crate) const NATS: Program = Program {
    name: "nats-server",
    others: &[],
    variable: "LOOP_NATS_SERVER",
};

/// For the providers of storage.
pub(crate) const REDIS: Program = Program {
    name: "redis-server",
    others: &[],
    variable: "LOOP_REDIS_SERVER",
};

/// For the demo.
pub(crate) const CHROMIUM: Program = Program {
    name: "chromium",
    others: &["chromium-browser", "google-chrome"],
    variable: "LOOP_CHROMIUM",
};

impl Program {
    /// Finds the program, or fetches it.
    ///
    /// Debian's packages, those of its libraries too, are unpacked under the target folder and not installed: that would make it a service of
    /// the system.
    pub(crate) fn find(self, repo: &Repo) -> Result<PathBuf> {
        let Self {
            name,
            others,
            variable,
        } = self;
        if let Some(named) = std::env::var_os(variable) {
            return Ok(named.into());
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folder = repo.target().join(name);
        // Debian puts some where users who are not root do not look. What was fetched begins with a script.
        let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), folder.clone()]);
        let names = || std::iter::once(name).chain(others.iter().copied());
        let mut programs = folders.flat_map(|folder| names().map(move |name| folder.join(name)));
        if let Some(found) = programs.find(|program| program.is_file()) {
            return Ok(found);
        }
        println!("fetching {name} and what it needs: apt-get download {name}");
        println!("it is unpacked in {}, and not installed", folder.display());
        let fetched = self.fetch(&folder);
        fetched.with_context(|| {
            format!("a test needs {name}: name the program in {variable}, or have it in PATH")
        })
    }

    fn fetch(self, folder: &Path) -> Result<PathBuf> {
        let name = self.name;
        std::fs::create_dir_all(folder)?;
        let run = |program: &str, arguments: &[&str]| {
            output(Command::new(program).current_dir(folder).args(arguments))
        };
        // What is not installed of it and of what it depends on.
        let ask = [
            "install",
            "--print-uris",
            "--no-install-recommends",
            "-qq",
            name,
        ];
        let again = |_| {
            // A machine may have old lists, or none.
            run("apt-get", &["update"])?;
            run("apt-get", &ask)
        };
        let wanted = run("apt-get", &ask).or_else(again)?;
        let packages = wanted.lines().filter_map(|line| {
            let file = line.split(' ').nth(1)?;
            file.split('_').next()
        });
        let packages: Vec<&str> = packages.collect();
        let download: Vec<&str> = ["download"].into_iter().chain(packages).collect();
        if run("apt-get", &download).is_err() {
            run("apt-get", &["update"])?;
            run("apt-get", &download)?;
        }
        for file in std::fs::read_dir(folder)? {
            let file = file?.path();
            if file.extension().is_some_and(|ending| ending == "deb") {
                run("dpkg-deb", &["--extract", &file.to_string_lossy(), "."])?;
            }
        }
        // A program with a folder of its own is begun there: what stands for it in usr/bin only knows where it would be installed.
        let places = [
            format!("usr/lib/{name}"),
            "usr/sbin".into(),
            "usr/bin".into(),
        ];
        let program = places.map(|place| folder.join(place).join(name));
        let program = program.into_iter().find(|program| program.is_file());
        let program = program.context("no program came with the package")?;
        // Its libraries stand beside it.
        let script = format!(
            r#"#!/bin/sh
for folder in {}/usr/lib/*-linux-gnu; do
  LD_LIBRARY_PATH="$folder${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
done
export LD_LIBRARY_PATH
exec {} "$@"
"#,
            quoted(folder),
            quoted(&program),
        );
        let begin = folder.join(name);
        std::fs::write(&begin, script)?;
        run("chmod", &["+x", name])?;
        Ok(begin)
    }
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

/// Whether cargo has this subcommand.
pub(crate) fn cargo_has(subcommand: &str) -> bool {
    says_version(Command::new(cargo()).arg(subcommand))
}

/// Whether this program is here.
pub(crate) fn program_answers(name: &str) -> bool {
    says_version(&mut Command::new(name))
}

/// Whether Python is here with what makes a place for packages, which Debian has in a package of its own.
pub(crate) fn python_has_venv() -> bool {
    succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]))
}

fn says_version(command: &mut Command) -> bool {
    succeeds(command.arg("--version"))
}

fn succeeds(command: &mut Command) -> bool {
    command
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
