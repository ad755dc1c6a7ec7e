//! What must stand in a compiler's folder so that it builds for the target.

use std::path::{Path, PathBuf};

use crate::environment::Environment;

/// The programs that link a component. rustup's toolchains carry both.
pub(crate) const LINKERS: [&str; 2] = ["wasm-component-ld", "rust-lld"];

/// Whether the folder of a target's libraries holds its standard library.
pub(crate) fn has_std(libraries: &Path) -> bool {
    std::fs::read_dir(libraries)
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
    let mut toolchains: Vec<PathBuf> = std::fs::read_dir(rustup_home.join("toolchains"))
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
