//! The target, made from Debian's packages in a cache folder of its own.
//!
//! Debian carries a Rust compiler with its sources, and the C library of the target, but not the two together:
//! the standard library is compiled here, once for each version of the compiler, and put with the C library into a
//! folder that the compiler takes for its own (`--sysroot`). The programs that link come from a rustup toolchain.
//!
//! Invariant: a folder `toolchains/wasm32-wasip2-<version>` is complete. It is made under another name, tried
//! out, and renamed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::event::{Cancel, Event};
use crate::files;
use crate::lock::{Lock, LockError};
use crate::process::{self, RunError, Stream};
use crate::toolchain::{Origin, Permission, RustTarget, TARGET, apt, sysroot};

/// Where Debian's compiler stands. A fixed place, for rustup's stand-ins come before it on most paths.
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";

/// Counted up when what is made changes, so that what older versions made is made anew.
const FORMAT: u32 = 1;

/// What a made folder's name begins with before it is complete.
const UNFINISHED: &str = ".making-";

const STAMP: &str = "stamp.json";

/// How long compiling the standard library may take: half a minute on two cores, ten on the slowest boards.
const STD_LIMIT: Duration = Duration::from_mins(20);

/// How long the trial program may take.
const TRIAL_LIMIT: Duration = Duration::from_mins(2);

/// Why the target was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeError {
    /// The system has no `apt-get` and `dpkg`.
    #[error("this is not a Debian system, where it could be made from packages")]
    NotDebian,
    /// The environment names no cache folder.
    #[error("there is no folder to make it in: neither XDG_CACHE_HOME nor HOME is set")]
    NoCache,
    /// Packages are missing and may not be installed, or not by this user.
    #[error("these Debian packages are missing: {}", packages.join(", "))]
    PackagesMissing {
        /// Their names.
        packages: Vec<String>,
    },
    /// The machine's package sources do not name the plain archive of its release.
    #[error("the package sources in /etc/apt name no archive of {release} with the component main")]
    NoSources {
        /// The release that runs here.
        release: String,
    },
    /// No toolchain of rustup's carries the linkers.
    #[error("no rustup toolchain has the linkers {}", sysroot::LINKERS.join(" and "))]
    NoLinkers,
    /// A tool failed.
    #[error("`{command}` failed\n{output}")]
    Tool {
        /// What was run.
        command: String,
        /// The end of what it wrote.
        output: String,
    },
    /// A tool did its work, but what was expected is not there.
    #[error("{what} is not in {}", place.display())]
    Incomplete {
        /// What is missing.
        what: String,
        /// Where it was expected.
        place: PathBuf,
    },
    /// A file or folder could not be read or written.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The caller stopped the work.
    #[error("stopped")]
    Cancelled,
}

impl MakeError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotDebian => Some(format!(
                "run `rustup target add {TARGET}` where the network allows it"
            )),
            Self::NoCache => {
                Some("set XDG_CACHE_HOME to a folder that can be written to".to_owned())
            }
            Self::PackagesMissing { packages } => {
                let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
                Some(format!("run `sudo {}`", apt::install_command(&packages)))
            }
            Self::NoSources { .. } => {
                Some("add Debian's archive to /etc/apt/sources.list.d/debian.sources".to_owned())
            }
            Self::NoLinkers => Some(
                "install a stable Rust with rustup, whose toolchains carry them: https://rustup.rs"
                    .to_owned(),
            ),
            Self::Tool { .. } | Self::Incomplete { .. } | Self::Io { .. } | Self::Cancelled => None,
        }
    }

    /// Makes an error of what went wrong with a file or folder.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// What a made folder was made from and with.
#[derive(Debug, Serialize, Deserialize)]
struct Stamp {
    format: u32,
    /// What the compiler calls itself.
    version: String,
    /// Size and time of the compiler, which a package upgrade changes.
    rustc: (u64, u64),
    /// The triple of this machine.
    host: String,
    /// The package of the C library, with its version.
    libc: String,
}

/// The folder that holds what was made.
pub(crate) fn folder(environment: &Environment) -> Option<PathBuf> {
    environment
        .cache
        .as_ref()
        .map(|cache| cache.join("toolchains"))
}

/// Looks for what was made. It reads a few files and starts nothing.
pub(crate) fn find(environment: &Environment) -> Option<RustTarget> {
    let entries = fs::read_dir(folder(environment)?).ok()?;
    entries
        .flatten()
        .filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
        .find_map(|entry| open(&entry.path()))
}

/// Reads what was made in this folder, unless it is of another compiler or no longer complete.
fn open(made: &Path) -> Option<RustTarget> {
    let stamp = made.join(STAMP);
    let Stamp {
        format,
        version,
        rustc,
        host,
        ..
    } = serde_json::from_slice(&fs::read(&stamp).ok()?).ok()?;
    let linkers = made.join("lib/rustlib").join(host).join("bin");
    let complete = format == FORMAT
        && size_and_time(Path::new(RUSTC)) == Some(rustc)
        && Path::new(CARGO).is_file()
        && sysroot::has_std(&sysroot::libraries(made))
        // They are links into a toolchain, which may be gone.
        && sysroot::LINKERS.iter().all(|linker| linkers.join(linker).is_file());
    complete.then(|| RustTarget {
        origin: Origin::Made,
        version,
        sysroot: made.to_owned(),
        cargo: PathBuf::from(CARGO),
        rustc: Some(made.join("bin/rustc")),
        witnesses: vec![PathBuf::from(RUSTC), stamp],
    })
}

/// Whether it might be made.
pub(crate) fn is_possible(environment: &Environment) -> bool {
    environment.find("apt-get").is_some() && environment.find("dpkg").is_some()
}

/// Makes the target, unless another process does it in the meantime.
pub(crate) fn make(
    environment: &Environment,
    permission: Permission,
    cancel: &Cancel,
    events: &mut dyn FnMut(Event),
) -> Result<RustTarget, MakeError> {
    if !is_possible(environment) {
        return Err(MakeError::NotDebian);
    }
    let toolchains = folder(environment).ok_or(MakeError::NoCache)?;
    fs::create_dir_all(&toolchains).map_err(MakeError::at(&toolchains))?;
    let lock_file = toolchains.join(".lock");
    let on = format!("another process that makes the Rust target {TARGET}");
    let _lock = Lock::take(&lock_file, &on, cancel, events).map_err(|error| match error {
        LockError::Io(source) => MakeError::Io {
            path: lock_file.clone(),
            source,
        },
        LockError::Cancelled => MakeError::Cancelled,
    })?;
    if let Some(target) = find(environment) {
        return Ok(target);
    }
    remove_unfinished(&toolchains);

    let missing = apt::missing_packages(environment, cancel)?;
    if !missing.is_empty() {
        if permission < Permission::System || !environment.superuser {
            let packages = missing.into_iter().map(str::to_owned).collect();
            return Err(MakeError::PackagesMissing { packages });
        }
        apt::install(environment, &missing, cancel, events)?;
    }
    let compiler = Compiler::ask(environment, cancel)?;
    let linkers = sysroot::linkers(environment, &compiler.host).ok_or(MakeError::NoLinkers)?;

    let made = toolchains.join(format!("{TARGET}-{}", compiler.release));
    events(Event::Installing {
        what: format!(
            "the Rust target {TARGET} for {}, into {}",
            compiler.version,
            made.display()
        ),
        command: None,
    });
    let work = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(&toolchains)
        .map_err(MakeError::at(&toolchains))?;
    let apt_folder = work.path().join("apt");
    fs::create_dir(&apt_folder).map_err(MakeError::at(&apt_folder))?;
    let (objects, libc) = apt::unpack_libc(environment, &apt_folder, cancel)?;
    let rlibs = compile_std(environment, &work.path().join("std"), cancel, events)?;
    let root = work.path().join("sysroot");
    sysroot::assemble(&root, &compiler.host, &linkers, &objects, &rlibs)
        .map_err(MakeError::at(&root))?;
    try_out(
        environment,
        &root,
        &work.path().join("trial"),
        cancel,
        events,
    )?;

    let stamp = Stamp {
        format: FORMAT,
        version: compiler.version,
        rustc: size_and_time(Path::new(RUSTC)).unwrap_or_default(),
        host: compiler.host,
        libc,
    };
    let stamp = serde_json::to_vec_pretty(&stamp).map_err(|error| MakeError::Io {
        path: root.join(STAMP),
        source: io::Error::other(error),
    })?;
    fs::write(root.join(STAMP), stamp).map_err(MakeError::at(&root))?;
    if made.exists() {
        // Of an older version of the same packages. Moved away in one step, so that it is never half there.
        let old = work.path().join("old");
        fs::rename(&made, &old).map_err(MakeError::at(&made))?;
    }
    fs::rename(&root, &made).map_err(MakeError::at(&made))?;
    open(&made).ok_or_else(|| MakeError::Incomplete {
        what: "the target".to_owned(),
        place: made,
    })
}

/// What Debian's compiler says of itself.
struct Compiler {
    version: String,
    release: String,
    host: String,
}

impl Compiler {
    fn ask(environment: &Environment, cancel: &Cancel) -> Result<Self, MakeError> {
        let mut command = environment.command(Path::new(RUSTC));
        command.arg("-vV");
        let finished = process::capture(command, TRIAL_LIMIT, cancel)
            .map_err(|error| tool_error("rustc -vV", error))?;
        apt::succeeded(&finished, "rustc -vV")?;
        let field = |name: &str| {
            finished
                .out
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(|value| value.trim_start_matches(':').trim().to_owned())
                .ok_or_else(|| MakeError::Incomplete {
                    what: format!("`{name}`"),
                    place: PathBuf::from(RUSTC),
                })
        };
        Ok(Self {
            version: finished.first_line().to_owned(),
            release: field("release")?,
            host: field("host")?,
        })
    }
}

/// Removes what processes left behind that were killed. Only for who holds the lock.
fn remove_unfinished(toolchains: &Path) {
    for entry in fs::read_dir(toolchains).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(UNFINISHED.as_bytes())
        {
            // What cannot be removed takes room and does no other harm.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Compiles the standard library and returns its parts.
fn compile_std(
    environment: &Environment,
    folder: &Path,
    cancel: &Cancel,
    events: &mut dyn FnMut(Event),
) -> Result<Vec<PathBuf>, MakeError> {
    write_package(folder, "std-seed", "lib.rs", "").map_err(MakeError::at(folder))?;
    let mut command = clean_cargo(environment, folder);
    command.env("RUSTC", RUSTC).env("RUSTC_BOOTSTRAP", "1");
    command.args([
        "build",
        "--release",
        "-Z",
        "build-std=std,panic_abort",
        "--target",
        TARGET,
    ]);
    run_cargo(command, STD_LIMIT, cancel, events)?;
    let built = folder.join("target").join(TARGET).join("release/deps");
    let rlibs: Vec<PathBuf> = fs::read_dir(&built)
        .map_err(MakeError::at(&built))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "rlib")
        })
        .filter(|path| !path.to_string_lossy().contains("libstd_seed-"))
        .collect();
    if sysroot::has_std(&built) {
        Ok(rlibs)
    } else {
        Err(MakeError::Incomplete {
            what: "the standard library".to_owned(),
            place: built,
        })
    }
}

/// Builds a small program, which shows that compiler, libraries and linkers go together.
fn try_out(
    environment: &Environment,
    root: &Path,
    folder: &Path,
    cancel: &Cancel,
    events: &mut dyn FnMut(Event),
) -> Result<(), MakeError> {
    write_package(
        folder,
        "trial",
        "main.rs",
        "fn main() { println!(\"{:?}\", std::env::args()); }\n",
    )
    .map_err(MakeError::at(folder))?;
    let mut command = clean_cargo(environment, folder);
    command.env("RUSTC", root.join("bin/rustc"));
    command.args(["build", "--target", TARGET]);
    run_cargo(command, TRIAL_LIMIT, cancel, events)?;
    let built = folder.join("target").join(TARGET).join("debug/trial.wasm");
    if files::is_component(&built).map_err(MakeError::at(&built))? {
        Ok(())
    } else {
        Err(MakeError::Incomplete {
            what: "a component".to_owned(),
            place: built,
        })
    }
}

fn write_package(folder: &Path, name: &str, file: &str, source: &str) -> io::Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src").join(file), source)
}

/// Debian's cargo in this folder, deaf to what the user set for builds of his own.
fn clean_cargo(environment: &Environment, folder: &Path) -> Command {
    let mut command = environment.command(Path::new(CARGO));
    for name in environment.variables.keys() {
        let text = name.to_string_lossy();
        let of_builds = [
            "CARGO_BUILD_",
            "CARGO_TARGET_",
            "CARGO_PROFILE_",
            "RUSTC",
            "RUSTFLAGS",
            "CARGO_ENCODED_",
        ];
        if of_builds.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    // The variable wins over any configuration file, of which the home folder may hold one.
    command
        .env("RUSTFLAGS", "")
        .env("CARGO_TARGET_DIR", folder.join("target"));
    command.current_dir(folder);
    command
}

fn run_cargo(
    command: Command,
    limit: Duration,
    cancel: &Cancel,
    events: &mut dyn FnMut(Event),
) -> Result<(), MakeError> {
    let mut output = String::new();
    let status = process::run(command, Some(limit), cancel, &mut |stream, line| {
        if stream == Stream::Err {
            events(Event::Output {
                line: line.to_owned(),
            });
            output.push_str(line);
            output.push('\n');
        }
    })
    .map_err(|error| tool_error("cargo build", error))?;
    if status.success() {
        return Ok(());
    }
    Err(MakeError::Tool {
        command: "cargo build".to_owned(),
        output: apt::tail(&output),
    })
}

pub(crate) fn tool_error(command: &str, error: RunError) -> MakeError {
    let output = match error {
        RunError::Cancelled => return MakeError::Cancelled,
        RunError::Io(error) => error.to_string(),
        RunError::TimedOut(limit) => format!("it did not end in {} s", limit.as_secs()),
    };
    MakeError::Tool {
        command: command.to_owned(),
        output,
    }
}

/// Size and time of a file. The time of the inode is left out: unpacking an image of a machine changes it.
fn size_and_time(path: &Path) -> Option<(u64, u64)> {
    files::Facts::of(path).map(|facts| (facts.size(), facts.modified()))
}
