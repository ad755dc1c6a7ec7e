//! Debian's packages: the ones to install, and the one that is unpacked from a newer release.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::environment::Environment;
use crate::event::{Cancel, Event};
use crate::process::{self, Finished};
use crate::toolchain::{MakeError, debian};

/// A compiler with its sources, from one source package, so that the versions always match.
pub(crate) const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// The package with the C library of the target.
const LIBC: &str = "wasi-libc";

/// The first Debian release whose `wasi-libc` knows the target, as (older release, release to take it from).
const LIBC_FROM: [(&str, &str); 1] = [("bookworm", "trixie")];

/// How long a package manager may take. The packages are 200 MiB.
const APT_LIMIT: Duration = Duration::from_mins(15);

/// How long a question to the package database may take.
const QUERY_LIMIT: Duration = Duration::from_secs(20);

/// Which of Debian's packages are not installed that a target is made from.
///
/// # Errors
/// - [`MakeError::NotDebian`] where there is no `dpkg-query`.
/// - [`MakeError::Tool`] when it does not answer, and [`MakeError::Cancelled`] when the caller stopped the work.
pub fn missing_packages(
    environment: &Environment,
    cancel: &Cancel,
) -> Result<Vec<&'static str>, MakeError> {
    let query = environment.find("dpkg-query").ok_or(MakeError::NotDebian)?;
    let mut command = environment.command(&query);
    command
        .args(["--show", "--showformat", "${db:Status-Status} ${Package}\n"])
        .args(PACKAGES);
    // It fails when it knows one of them not; what it knows it says all the same.
    let finished = capture("dpkg-query", command, QUERY_LIMIT, cancel)?;
    let installed: Vec<&str> = finished
        .out
        .lines()
        .filter_map(|line| line.strip_prefix("installed "))
        .collect();
    Ok(PACKAGES
        .into_iter()
        .filter(|package| !installed.contains(package))
        .collect())
}

/// The command that a user types to install these packages.
pub(crate) fn install_command(packages: &[&str]) -> String {
    format!(
        "apt-get install --no-install-recommends {}",
        packages.join(" ")
    )
}

/// Installs these packages. None that is there is removed for them.
pub(crate) fn install(
    environment: &Environment,
    packages: &[&str],
    cancel: &Cancel,
    events: &mut dyn FnMut(Event),
) -> Result<(), MakeError> {
    let apt = environment.find("apt-get").ok_or(MakeError::NotDebian)?;
    events(Event::Installing {
        what: format!("the Debian packages {}", packages.join(", ")),
        command: Some(install_command(packages)),
    });
    let apt_get = |arguments: &[&str]| {
        let mut command = environment.command(&apt);
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments);
        command
    };
    // A machine may have old lists, or none. Where an update fails for one of several sources, the others count.
    let update = capture("apt-get", apt_get(&["update"]), APT_LIMIT, cancel)?;
    let mut command = apt_get(&["install", "--yes", "--no-install-recommends", "--no-remove"]);
    command.args(packages);
    // Neither stopped nor limited: that would leave the system's packages half installed.
    let install = capture("apt-get", command, Duration::MAX, &Cancel::new())?;
    if cancel.is_cancelled() {
        return Err(MakeError::Cancelled);
    }
    if install.status.success() {
        return Ok(());
    }
    Err(MakeError::Tool {
        command: install_command(packages),
        output: tail(&format!("{}{}", update.err, install.err)),
    })
}

/// Unpacks the C library into a folder and returns the folder of the target's objects, and the version.
pub(crate) fn unpack_libc(
    environment: &Environment,
    folder: &Path,
    cancel: &Cancel,
) -> Result<(PathBuf, String), MakeError> {
    let apt = environment.find("apt-get").ok_or(MakeError::NotDebian)?;
    let dpkg = environment.find("dpkg").ok_or(MakeError::NotDebian)?;
    let [parts, preferences, lists, cache] =
        ["sources.list.d", "preferences.d", "lists", "cache"].map(|name| folder.join(name));
    for made in [
        &parts,
        &preferences,
        &lists.join("partial"),
        &cache.join("archives/partial"),
    ] {
        std::fs::create_dir_all(made).map_err(MakeError::at(made))?;
    }
    write_sources(&parts)?;

    let options = [
        "Dir::Etc::sourcelist=/dev/null".to_owned(),
        format!("Dir::Etc::sourceparts={}", parts.display()),
        "Dir::Etc::preferences=/dev/null".to_owned(),
        format!("Dir::Etc::preferencesparts={}", preferences.display()),
        format!("Dir::State::lists={}", lists.display()),
        format!("Dir::Cache={}", cache.display()),
        "Acquire::Languages=none".to_owned(),
        "Acquire::http::Timeout=30".to_owned(),
        "Acquire::https::Timeout=30".to_owned(),
    ];
    let apt_get = |arguments: &[&str]| {
        let mut command = environment.command(&apt);
        command.current_dir(folder);
        for option in &options {
            command.args(["-o", option]);
        }
        command.args(arguments);
        command
    };
    // An archive of somebody else may lack the newer release: what counts is whether the package comes.
    let update = capture("apt-get", apt_get(&["update"]), APT_LIMIT, cancel)?;
    let download = capture("apt-get", apt_get(&["download", LIBC]), APT_LIMIT, cancel)?;
    if !download.status.success() {
        return Err(MakeError::Tool {
            command: format!("apt-get download {LIBC}"),
            output: tail(&format!("{}{}", update.err, download.err)),
        });
    }
    let deb = std::fs::read_dir(folder)
        .map_err(MakeError::at(folder))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or_else(|| MakeError::Incomplete {
            what: format!("{LIBC}.deb"),
            place: folder.to_owned(),
        })?;
    let unpacked = folder.join("unpacked");
    let mut command = environment.command(&dpkg);
    command.arg("--extract").arg(&deb).arg(&unpacked);
    succeeded(
        &capture("dpkg", command, APT_LIMIT, cancel)?,
        "dpkg --extract",
    )?;
    let objects = unpacked.join("usr/lib/wasm32-wasip2");
    if !objects.join("libc.a").is_file() {
        return Err(MakeError::Incomplete {
            what: format!("libc.a of {LIBC}"),
            place: objects,
        });
    }
    let name = deb
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    Ok((objects, name))
}

/// Copies the machine's own sources with the release changed to the one that has the package.
fn write_sources(parts: &Path) -> Result<(), MakeError> {
    let release_file = Path::new("/etc/os-release");
    let release = std::fs::read_to_string(release_file).map_err(MakeError::at(release_file))?;
    let codename = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .map(|value| value.trim_matches('"'))
        .ok_or(MakeError::NotDebian)?;
    let wanted = LIBC_FROM
        .iter()
        .find(|(older, _)| *older == codename)
        .map_or(codename, |(_, newer)| *newer);

    let listed = std::fs::read_dir("/etc/apt/sources.list.d")
        .into_iter()
        .flatten()
        .flatten();
    let mut files: Vec<PathBuf> = listed.map(|entry| entry.path()).collect();
    files.push(PathBuf::from("/etc/apt/sources.list"));
    files.sort();
    let mut written = false;
    for (number, file) in files.iter().enumerate() {
        let extension = file.extension().and_then(|extension| extension.to_str());
        let (change, kind): (fn(&str, &str, &str) -> String, _) = match extension {
            Some("sources") => (change_stanzas, "sources"),
            Some("list") => (change_lines, "list"),
            _ => continue,
        };
        // `sources.list` itself is often not there.
        let Ok(text) = std::fs::read_to_string(file) else {
            continue;
        };
        let changed = change(&text, codename, wanted);
        if !changed.is_empty() {
            let path = parts.join(format!("{number}.{kind}"));
            std::fs::write(&path, changed).map_err(MakeError::at(&path))?;
            written = true;
        }
    }
    if written {
        Ok(())
    } else {
        Err(MakeError::NoSources {
            release: codename.to_owned(),
        })
    }
}

/// The stanzas (`*.sources`) about the plain archive of `from`, about `to` instead. Security and updates of a
/// release have archives of their own names, and are left out: they hold no package that the plain one lacks.
fn change_stanzas(text: &str, from: &str, to: &str) -> String {
    let mut changed = String::new();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for stanza in lines.split(|line| line.trim().is_empty()) {
        let field = |name: &str| -> Vec<&str> {
            let mut words = Vec::new();
            let mut inside = false;
            for line in stanza {
                match line.split_once(':') {
                    Some((key, value)) if !line.starts_with([' ', '\t']) => {
                        inside = key.eq_ignore_ascii_case(name);
                        if inside {
                            words.extend(value.split_whitespace());
                        }
                    }
                    _ if inside => words.extend(line.split_whitespace()),
                    _ => {}
                }
            }
            words
        };
        let enabled = !field("Enabled")
            .iter()
            .any(|word| word.eq_ignore_ascii_case("no"));
        if !enabled
            || !field("Types").contains(&"deb")
            || !field("Suites").contains(&from)
            || !field("Components").contains(&"main")
        {
            continue;
        }
        changed.extend(["Types: deb\nSuites: ", to, "\nComponents: main\n"]);
        let mut keep = false;
        for line in stanza {
            if let Some((key, _)) = line
                .split_once(':')
                .filter(|_| !line.starts_with([' ', '\t']))
            {
                keep = !["Types", "Suites", "Components"]
                    .iter()
                    .any(|own| key.eq_ignore_ascii_case(own));
            }
            if keep {
                changed.push_str(line);
                changed.push('\n');
            }
        }
        changed.push('\n');
    }
    changed
}

/// The same for one-line sources (`*.list`): `deb [options] address release components`.
fn change_lines(text: &str, from: &str, to: &str) -> String {
    let mut changed = String::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some(rest) = line
            .strip_prefix("deb")
            .filter(|rest| rest.starts_with([' ', '\t']))
        else {
            continue;
        };
        let rest = rest.trim_start();
        let (options, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((options, rest)) => (format!("[{}] ", options.trim()), rest),
            None => (String::new(), rest),
        };
        let mut words = rest.split_whitespace();
        let (Some(address), Some(release)) = (words.next(), words.next()) else {
            continue;
        };
        if release == from && words.any(|component| component == "main") {
            changed.extend(["deb ", &options, address, " ", to, " main\n"]);
        }
    }
    changed
}

/// Runs a tool of the package manager, keeping what it says.
fn capture(
    name: &str,
    command: Command,
    limit: Duration,
    cancel: &Cancel,
) -> Result<Finished, MakeError> {
    process::capture(command, limit, cancel).map_err(|error| debian::tool_error(name, error))
}

pub(crate) fn succeeded(finished: &Finished, command: &str) -> Result<(), MakeError> {
    if finished.status.success() {
        return Ok(());
    }
    Err(MakeError::Tool {
        command: command.to_owned(),
        output: tail(&finished.err),
    })
}

/// The end of what a tool wrote: its error stands there.
pub(crate) fn tail(output: &str) -> String {
    /// Enough for an error and what led to it, and still one screen.
    const LINES: usize = 20;
    let lines: Vec<&str> = output.lines().collect();
    lines
        .get(lines.len().saturating_sub(LINES)..)
        .unwrap_or_default()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::{change_lines, change_stanzas};

    #[test]
    fn of_a_file_with_both_archives_the_plain_one_is_changed_and_the_others_are_left_out() {
        let text = "\
Types: deb deb-src
# a comment in between
URIs: http://archive.example.org/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://archive.example.org/debian-security
Suites: bookworm-security
Components: main

Types: deb
Enabled: no
URIs: http://example.com/off
Suites: bookworm
Components: main
";
        insta::assert_snapshot!(change_stanzas(text, "bookworm", "trixie"), @r"
        Types: deb
        Suites: trixie
        Components: main
        URIs: http://archive.example.org/debian
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
        ");
    }

    #[test]
    fn fields_that_go_on_over_lines_are_read_and_kept() {
        let text = "Types: deb\nURIs: http://a\nSuites:\n bookworm\n bookworm-updates\nComponents: main\nSigned-By:\n -----BEGIN-----\n .\n abc:def\n";
        insta::assert_snapshot!(change_stanzas(text, "bookworm", "trixie"), @r"
        Types: deb
        Suites: trixie
        Components: main
        URIs: http://a
        Signed-By:
         -----BEGIN-----
         .
         abc:def
        ");
    }

    #[test]
    fn one_line_sources_are_changed_too() {
        let text = "\
deb http://archive.example.org/debian bookworm main contrib # mine
deb-src http://archive.example.org/debian bookworm main
deb [ signed-by=/k.gpg arch=amd64 ] http://archive.example.org/debian\tbookworm main
deb http://archive.example.org/debian-security bookworm-security main
# deb http://off bookworm main
deb http://example.com/flat ./
";
        insta::assert_snapshot!(change_lines(text, "bookworm", "trixie"), @r"
        deb http://archive.example.org/debian trixie main
        deb [signed-by=/k.gpg arch=amd64] http://archive.example.org/debian trixie main
        ");
    }
}
