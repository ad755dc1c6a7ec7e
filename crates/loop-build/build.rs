//! Puts the SDK, the WIT, the templates and the example of a host into the crate, so that the `loop` binary carries them.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The folders that are carried: the name of the table, and the folder from the repository's root.
const CARRIED: [(&str, &str); 6] = [
    ("SDK", "sdk/loop-guest"),
    ("SDK_JS", "sdk/js-guest/src"),
    ("SDK_PYTHON", "sdk/python-guest/loop_guest"),
    ("WIT", "wit"),
    ("TEMPLATES", "templates"),
    ("EMBED", "examples/embed"),
];

/// Names that are made by builds and belong to nobody else's.
const LEFT_OUT: [&str; 4] = ["target", "Cargo.lock", ".loop", "__pycache__"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?)
        .join("../..")
        .canonicalize()?;
    let mut code = String::new();
    let mut digest = Sha256::new();
    for (table, folder) in CARRIED {
        let folder = root.join(folder);
        let mut files = Vec::new();
        walk(&folder, &mut files)?;
        files.sort();
        writeln!(code, "pub(crate) static {table}: &[(&str, &[u8])] = &[")?;
        for file in files {
            let name = file
                .strip_prefix(&folder)?
                .to_str()
                .ok_or("a name that is not UTF-8")?;
            let place = file.to_str().ok_or("a name that is not UTF-8")?;
            writeln!(code, "    ({name:?}, include_bytes!({place:?})),")?;
            if table.starts_with("SDK") || table == "WIT" {
                digest.update(name);
                digest.update([0]);
                digest.update(Sha256::digest(std::fs::read(&file)?));
            }
        }
        writeln!(code, "];")?;
    }
    let manifest = root.join("Cargo.toml");
    println!("cargo::rerun-if-changed={}", manifest.display());
    let manifest = manifest.to_str().ok_or("a name that is not UTF-8")?;
    writeln!(
        code,
        "/// The repository's own, which has the versions of what the example uses.\n\
         pub(crate) static ROOT: &[(&str, &[u8])] = &[(\"Cargo.toml\", include_bytes!({manifest:?}))];"
    )?;
    let digest = digest
        .finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
    writeln!(
        code,
        "/// Of the SDKs and the WIT.\npub(crate) const DIGEST: &str = {digest:?};"
    )?;
    std::fs::write(
        Path::new(&std::env::var("OUT_DIR")?).join("carried.rs"),
        code,
    )?;
    Ok(())
}

/// Finds the files below a folder, and has this script run again when one changes, comes or goes.
///
/// Cargo looks at a folder with all that is below it, build outputs too. Where there are some it is told of the files
/// only, and of the folders within that have none. Returns whether there are none.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<bool, Box<dyn Error>> {
    let mut clean = true;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if LEFT_OUT.iter().any(|left_out| name == *left_out) {
            clean = false;
        } else if entry.file_type()?.is_dir() {
            clean &= walk(&entry.path(), files)?;
        } else {
            println!("cargo::rerun-if-changed={}", entry.path().display());
            files.push(entry.path());
        }
    }
    if clean {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    Ok(clean)
}
