//! A compiler's folder: what must stand in it so that it builds for the target, and putting one together.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::toolchain::TARGET;

/// The programs that link a component. rustup's toolchains carry both.
pub(crate) const LINKERS: [&str; 2] = ["wasm-component-ld", "rust-lld"];

/// The compiler that is started instead of Debian's own, with our folder as its own.
const WRAPPER: &str = "#!/bin/sh\nexec /usr/bin/rustc --sysroot \"${0%/*}/..\" \"$@\"\n";

/// Whether the folder of a target's libraries holds its standard library.
pub(crate) fn has_std(libraries: &Path) -> bool {
    fs::read_dir(libraries)
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| {
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            name.starts_with(b"libstd-") && name.ends_with(b".rlib")
        })
}

/// The folder of one of rustup's toolchains that holds the linkers for this host.
pub(crate) fn linkers(environment: &Environment, host: &str) -> Option<PathBuf> {
    let rustup_home = environment
        .variable("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| {
            environment
                .variable("HOME")
                .map(|home| Path::new(home).join(".rustup"))
        })?;
    let mut toolchains: Vec<PathBuf> = fs::read_dir(rustup_home.join("toolchains"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    // `stable` sorts behind `nightly` and the numbered ones, and is what most people have.
    toolchains.sort();
    toolchains
        .into_iter()
        .rev()
        .map(|toolchain| toolchain.join("lib/rustlib").join(host).join("bin"))
        .find(|folder| LINKERS.iter().all(|linker| folder.join(linker).is_file()))
}

/// The folder of the target's libraries below a compiler's folder.
pub(crate) fn libraries(root: &Path) -> PathBuf {
    root.join("lib/rustlib").join(TARGET).join("lib")
}

/// Puts a compiler's folder together: its libraries for this machine, which build scripts need, and those for the target.
pub(crate) fn assemble(
    root: &Path,
    host: &str,
    linkers: &Path,
    objects: &Path,
    rlibs: &[PathBuf],
) -> io::Result<()> {
    let for_host = root.join("lib/rustlib").join(host);
    let for_target = libraries(root);
    let contained = for_target.join("self-contained");
    for folder in [&root.join("bin"), &for_host.join("bin"), &contained] {
        fs::create_dir_all(folder)?;
    }
    link(
        &Path::new("/usr/lib/rustlib").join(host).join("lib"),
        &for_host.join("lib"),
    )?;
    for linker in LINKERS {
        link(&linkers.join(linker), &for_host.join("bin").join(linker))?;
    }
    for rlib in rlibs {
        if let Some(name) = rlib.file_name() {
            fs::copy(rlib, for_target.join(name))?;
        }
    }
    for entry in fs::read_dir(objects)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), contained.join(entry.file_name()))?;
        }
    }
    let wrapper = root.join("bin/rustc");
    fs::write(&wrapper, WRAPPER)?;
    make_executable(&wrapper)
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}
