//! The folders of a component, and the policy on what it does with paths, for WASI 0.2 and 0.3.
//!
//! wasmtime-wasi hands out handles to the granted folders and keeps every path below them. But what is not granted has
//! no handle, so a component's C library says "no such file" by itself, and neither the policy nor the user hears
//! of it. So a component gets one more folder, the last one, named `/`: libraries fall back to it for paths
//! that lead into no other. It stands for all that is not granted.
//!
//! | path, relative to | what is asked | if that is denied |
//! |---|---|---|
//! | `/` | `OpenFolder`, of the first part of the path; each time | `access` |
//! | a granted folder, when the call needs more than was granted | `OpenFolder` of that folder; each time | `access` |
//! | a granted folder, otherwise | nothing: it was asked when the app was linked | |
//! | a granted folder, where `..` leads out of it | wasmtime-wasi refuses, and the policy is asked so that it is told | `not-permitted` |
//! | a folder that was opened below a granted one | nothing: wasmtime-wasi holds it to the same access | `not-permitted` |
//!
//! `/` itself may be looked at (`stat`), as programs do on the way to something else, and is not listed.
//!
//! A grant names a folder, and a path of one part may be a file: [`Target`] says how it is taken.
//!
//! Invariant: no path is resolved below the handle of `/`. It is one of a device, so the system would refuse as well.

/// The methods that do nothing but take paths, with what each wants of the folder that a path is relative to. They are the same
/// in both versions, and the types of each version stand where this is called.
macro_rules! with_paths {
    ($asks:ident) => {
        $asks!("open-at", open_at(fd: Handle, follow: PathFlags, path: String, how: OpenFlags, flags: DescriptorFlags),
            fd/path: opening(how, flags));
        $asks!("readlink-at", readlink_at(fd: Handle, path: String), fd/path: Want::LOOK);
        $asks!("set-times-at", set_times_at(fd: Handle, follow: PathFlags, path: String, read: NewTimestamp, changed: NewTimestamp),
            fd/path: Want::TOUCH);
        $asks!("create-directory-at", create_directory_at(fd: Handle, path: String), fd/path: Want::MAKE_FOLDER);
        $asks!("remove-directory-at", remove_directory_at(fd: Handle, path: String), fd/path: Want::CHANGE);
        $asks!("unlink-file-at", unlink_file_at(fd: Handle, path: String), fd/path: Want::CHANGE);
        $asks!("symlink-at", symlink_at(fd: Handle, target: String, path: String), fd/path: Want::CHANGE);
        $asks!("rename-at", rename_at(fd: Handle, path: String, new_fd: Handle, new_path: String),
            fd/path: Want::CHANGE, new_fd/new_path: Want::CHANGE);
        $asks!("link-at", link_at(fd: Handle, follow: PathFlags, path: String, new_fd: Handle, new_path: String),
            fd/path: Want::CHANGE, new_fd/new_path: Want::CHANGE);
    };
}

mod p2;
mod p3;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use loop_core::grants::Access;
use loop_core::policy::Request;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::filesystem::{Descriptor, Dir, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::{FsPerms, OpenMode};

use crate::gate::Gate;
use crate::state::State;

pub(crate) use p2::add_to_linker_p2;
pub(crate) use p3::add_to_linker_p3;

/// The name of the folder that stands for what is not granted.
const REST: &str = "/";

/// The handle of `/`, one for all instances; none on a system that has no such device, and there `/` is not given.
///
/// A folder that was removed would do, but has to be made first, which takes a disk and time at each start.
static NOWHERE: LazyLock<Option<Dir>> = LazyLock::new(|| {
    let device = File::open("/dev/null").ok()?;
    Some(Dir::new(device, FsPerms::ReadOnly, OpenMode::READ, false))
});

/// A handle as a component holds it.
type Handle = Resource<Descriptor>;

/// The folders of one instance.
pub(crate) struct Folders {
    gate: Gate,
    /// Those that it was given so far, which is all of them or none.
    given: Vec<Given>,
}

/// A granted folder whose handle the component has.
struct Given {
    /// All handles to the folder share this.
    file: Arc<File>,
    name: String,
    access: Access,
    /// Whether the instance did something with it.
    used: AtomicBool,
}

/// What a call is about to do with a path.
#[derive(Clone, Copy, Debug)]
struct Want {
    access: Access,
    target: Target,
}

/// What the last part of a path stands for, as far as a call tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    /// A folder: it is opened as one, or made.
    Folder,
    /// Something in a folder: it is opened as a file, removed, renamed or linked.
    Entry,
    /// It is only looked at. A name with a dot is taken for a file's, like `config.toml` and `.env`.
    Either,
}

impl Want {
    const LOOK: Self = Self {
        access: Access::Read,
        target: Target::Either,
    };
    const TOUCH: Self = Self {
        access: Access::ReadWrite,
        target: Target::Either,
    };
    const CHANGE: Self = Self {
        access: Access::ReadWrite,
        target: Target::Entry,
    };
    const MAKE_FOLDER: Self = Self {
        access: Access::ReadWrite,
        target: Target::Folder,
    };
    const LIST: Self = Self {
        access: Access::Read,
        target: Target::Folder,
    };
}

/// Whether a call goes on.
enum Answer {
    /// wasmtime-wasi does it.
    Go(Pass),
    /// The path is `/` itself, and is only looked at.
    Root,
    /// The policy refused: `access`.
    Denied,
    /// The policy has nothing against it, but there is nothing at this place below `/`: `no-entry`.
    Nothing,
}

/// What is left to do when wasmtime-wasi is done.
#[derive(Default)]
struct Pass {
    /// A path that leads out of its folder.
    leaving: Option<(Gate, String, Access)>,
}

impl Pass {
    /// What both leave to do.
    fn and(self, other: Self) -> Self {
        Self {
            leaving: self.leaving.or(other.leaving),
        }
    }

    /// Tells the policy of a path that wasmtime-wasi did not let out of its folder. The name holds a `..`, so no
    /// answer could let it through.
    fn refused(self) {
        if let Some((gate, name, access)) = self.leaving {
            let _ = gate.ask(&Request::OpenFolder {
                name: &name,
                access,
            });
        }
    }
}

impl Folders {
    pub(crate) fn new(gate: Gate) -> Self {
        Self {
            gate,
            given: Vec::new(),
        }
    }

    /// Whether the component may do that with a path that is relative to a handle.
    ///
    /// # Errors
    /// The handle is none.
    fn ask(
        &self,
        table: &ResourceTable,
        handle: &Handle,
        path: &str,
        want: Want,
    ) -> wasmtime::Result<Answer> {
        let Descriptor::Dir(dir) = table.get(handle)? else {
            return Ok(Answer::Go(Pass::default()));
        };
        if is_nowhere(dir) {
            if want.target == Target::Either && want.access == Access::Read && is_root(path) {
                return Ok(Answer::Root);
            }
            let allowed = self.allows(&wanted(path, want.target), want.access);
            return Ok(if allowed {
                Answer::Nothing
            } else {
                Answer::Denied
            });
        }
        let given = self
            .given
            .iter()
            .find(|given| Arc::ptr_eq(&given.file, &dir.dir));
        let Some(given) = given else {
            return Ok(Answer::Go(Pass::default()));
        };
        if want.access > given.access && !self.allows(&given.name, want.access) {
            return Ok(Answer::Denied);
        }
        // wasmtime-wasi refuses an absolute path. It means what it would mean to a C library.
        if path.starts_with('/') && !self.allows(&wanted(path, want.target), want.access) {
            return Ok(Answer::Denied);
        }
        if !given.used.swap(true, Ordering::Relaxed) {
            self.gate.folder_used(&given.name);
        }
        // Links may lead back in, which only wasmtime-wasi can tell.
        let leaving = leaves(parts(path)).then(|| {
            let path = format!("{}/{path}", given.name);
            (self.gate.clone(), path, want.access)
        });
        Ok(Answer::Go(Pass { leaving }))
    }

    fn allows(&self, name: &str, access: Access) -> bool {
        self.gate.ask(&Request::OpenFolder { name, access }).is_ok()
    }
}

/// Gives the granted folders, as wasmtime-wasi does, and then `/`, if that is not the name of one of them.
///
/// # Errors
/// The component has too many handles.
fn directories(state: &mut State) -> wasmtime::Result<Vec<(Handle, String)>> {
    let mut directories = preopens::Host::get_directories(&mut state.filesystem())?;
    let State { folders, table, .. } = state;
    if folders.given.is_empty() {
        for (handle, name) in &directories {
            let Descriptor::Dir(dir) = table.get(handle)? else {
                continue;
            };
            folders.given.push(Given {
                file: Arc::clone(&dir.dir),
                name: name.clone(),
                access: match dir.perms {
                    FsPerms::ReadOnly => Access::Read,
                    FsPerms::ReadWrite => Access::ReadWrite,
                },
                used: AtomicBool::new(false),
            });
        }
    }
    if let Some(nowhere) = &*NOWHERE
        && !directories.iter().any(|(_, name)| is_root(name))
    {
        let handle = table.push(Descriptor::Dir(nowhere.clone()))?;
        directories.push((handle, REST.to_owned()));
    }
    Ok(directories)
}

/// Whether the component may do that with a path that is relative to a handle.
///
/// # Errors
/// The handle is none.
fn ask(state: &State, handle: &Handle, path: &str, want: Want) -> wasmtime::Result<Answer> {
    state.folders.ask(&state.table, handle, path, want)
}

/// Whether a handle is the one of `/`.
///
/// # Errors
/// It is none.
fn is_rest(state: &State, handle: &Handle) -> wasmtime::Result<bool> {
    let descriptor = state.table.get(handle)?;
    Ok(matches!(descriptor, Descriptor::Dir(dir) if is_nowhere(dir)))
}

fn is_nowhere(dir: &Dir) -> bool {
    NOWHERE
        .as_ref()
        .is_some_and(|nowhere| Arc::ptr_eq(&nowhere.dir, &dir.dir))
}

/// The name of the folder that a grant would have to have for a path below `/`.
fn wanted(path: &str, target: Target) -> String {
    let mut parts = parts(path);
    let Some(first) = parts.next() else {
        return ".".to_owned();
    };
    let alone = parts.clone().next().is_none();
    if first == ".." || leaves(parts) {
        // The whole path: it has a part `..`, and no folder can have such a name.
        return path.trim_start_matches('/').to_owned();
    }
    let in_folder = match target {
        Target::Folder => false,
        Target::Entry => true,
        Target::Either => first.contains('.'),
    };
    if alone && in_folder {
        ".".to_owned()
    } else {
        first.to_owned()
    }
}

/// Whether a path is the folder to which it is relative, or `/`.
fn is_root(path: &str) -> bool {
    parts(path).next().is_none()
}

/// Whether a path leads above its beginning, if none of its parts is a link.
fn leaves<'a>(parts: impl Iterator<Item = &'a str>) -> bool {
    let mut depth = 0_usize;
    for part in parts {
        if part != ".." {
            depth += 1;
        } else if depth == 0 {
            return true;
        } else {
            depth -= 1;
        }
    }
    false
}

fn parts(path: &str) -> impl Iterator<Item = &str> + Clone {
    path.split('/')
        .filter(|part| !part.is_empty() && *part != ".")
}
