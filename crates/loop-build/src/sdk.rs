//! The SDK and the WIT that this build carries, put into workspaces that use them.
//!
//! They stand in `.loop/sdk` and `.loop/wit`, in the same places to each other as in the repository they come from.
//! Components name them as path dependencies. The folder is not kept in version control: it is written anew
//! when it is missing or of another build of this crate, so that a workspace always has the SDK of the `loop` that
//! builds it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::carried;
use crate::files;

/// Where the SDK stands in a workspace. A component says so in its `Cargo.toml`.
pub const PLACE: &str = ".loop/sdk/loop-guest";

/// Why the SDK was not written.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written", path.display())]
pub struct SdkError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system says.
    #[source]
    pub source: io::Error,
}

impl SdkError {
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { path, source }
    }
}

/// Writes the SDK and the WIT into the workspace, unless they are there.
///
/// A process that is killed in between leaves what the next one writes anew.
pub fn unpack(workspace: &Path) -> Result<(), SdkError> {
    let place = workspace.join(".loop");
    let stamp = place.join("sdk/stamp");
    if fs::read_to_string(&stamp).is_ok_and(|text| text == carried::DIGEST) {
        return Ok(());
    }
    fs::create_dir_all(&place).map_err(SdkError::at(&place))?;
    let new = tempfile::Builder::new()
        .prefix(".unpacking-")
        .tempdir_in(&place)
        .map_err(SdkError::at(&place))?;
    write_all(&new.path().join("sdk/loop-guest"), carried::SDK)?;
    write_all(&new.path().join("wit"), carried::WIT)?;
    let in_new = new.path().join("sdk/stamp");
    fs::write(&in_new, carried::DIGEST).map_err(SdkError::at(&in_new))?;
    // The stamp goes away with the old SDK and comes with the new one, after the WIT.
    for name in ["sdk", "wit"] {
        let (old, aside) = (place.join(name), new.path().join(format!("old-{name}")));
        match fs::rename(&old, &aside) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(SdkError::at(&old)(error)),
        }
    }
    for name in ["wit", "sdk"] {
        let to = place.join(name);
        fs::rename(new.path().join(name), &to).map_err(SdkError::at(&to))?;
    }
    let ignore = place.join(".gitignore");
    files::write_atomically(&ignore, b"*\n").map_err(SdkError::at(&ignore))
}

/// Writes the SDK where one of these components depends on it.
pub(crate) fn restore<'a>(
    workspace: &Path,
    components: impl Iterator<Item = &'a Path>,
) -> Result<(), SdkError> {
    let uses = |folder: &Path| {
        fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|text| text.contains(".loop/"))
    };
    if uses(workspace) || components.into_iter().any(uses) {
        unpack(workspace)
    } else {
        Ok(())
    }
}

fn write_all(folder: &Path, table: &[(&str, &[u8])]) -> Result<(), SdkError> {
    for (name, content) in table {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(SdkError::at(parent))?;
        }
        fs::write(&path, content).map_err(SdkError::at(&path))?;
    }
    Ok(())
}
