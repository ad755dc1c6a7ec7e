//! The granted folders.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use loop_core::grants::Access;
use loop_core::policy::Request;
use wasmtime::component::Resource;

use crate::fsx::FilesView;
use crate::fsx::bindings::loop_::fsx::files::{
    Algorithm, DescriptorType, Error, ErrorCode, HostRoot, Info, Reach,
};
use crate::fsx::error::Result;
use crate::fsx::glob::{Matches, SEARCHES_MAX};
use crate::fsx::temp::{TEMPS_MAX, Temp};
use crate::fsx::tree::{OPERATIONS_MAX, Operation};
use crate::fsx::walk::Entries;
use crate::fsx::watch::{WATCHES_MAX, Watch};
use crate::fsx::{cached, digest, file, walk};
use crate::work::{Stop, blocking};

/// A granted folder, as a component has it.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Clone, Debug)]
pub struct Root {
    pub(crate) dir: Arc<Dir>,
    /// Where it was opened, and is opened again if it is replaced.
    pub(crate) path: Arc<Path>,
    name: Arc<str>,
    access: Access,
}

impl FilesView<'_> {
    pub(crate) fn root(&self, root: &Resource<Root>) -> wasmtime::Result<Root> {
        Ok(self.table.get(root)?.clone())
    }

    /// Asks the policy for more than was granted.
    fn ask(&self, name: &str, access: Access) -> Result<()> {
        let asked = self.granted.gate.ask(&Request::OpenFolder { name, access });
        asked.map_err(|_| ErrorCode::Access.into())
    }

    /// Does something in a root that changes nothing there.
    async fn looking<R: Send + 'static>(
        &mut self,
        root: &Resource<Root>,
        work: impl FnOnce(&Root, &Stop) -> Result<R> + Send + 'static,
    ) -> wasmtime::Result<Result<R>> {
        let root = self.root(root)?;
        blocking(move |stop| work(&root, stop)).await
    }

    /// Does something in a root that changes it, if it may be changed.
    async fn changing<R: Send + 'static>(
        &mut self,
        root: &Resource<Root>,
        work: impl FnOnce(&Root) -> Result<R> + Send + 'static,
    ) -> wasmtime::Result<Result<R>> {
        let root = self.root(root)?;
        if let Err(error) = self.may_change(&root) {
            return Ok(Err(error));
        }
        blocking(move |_| work(&root)).await
    }

    fn may_change(&self, root: &Root) -> Result<()> {
        match root.access {
            Access::ReadWrite => Ok(()),
            Access::Read => self.ask(&root.name, Access::ReadWrite),
        }
    }

    /// Gives the component a handle to what was made.
    fn hand_over<R: Send + 'static>(
        &mut self,
        made: Result<R>,
    ) -> wasmtime::Result<Result<Resource<R>>> {
        Ok(match made {
            Ok(made) => Ok(self.table.push(made)?),
            Err(error) => Err(error),
        })
    }

    /// Makes an operation that changes a root.
    async fn operation(
        &mut self,
        root: &Resource<Root>,
        work: impl FnOnce(&Root, Arc<()>) -> Result<Operation> + Send + 'static,
    ) -> wasmtime::Result<Result<Resource<Operation>>> {
        if Arc::strong_count(&self.granted.operations) > OPERATIONS_MAX {
            return Ok(Err(Error::TooMany(OPERATIONS_MAX as u64)));
        }
        let one = Arc::clone(&self.granted.operations);
        let made = self.changing(root, move |root| work(root, one)).await?;
        self.hand_over(made)
    }
}

impl HostRoot for FilesView<'_> {
    async fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<Root>>> {
        if name.len() > file::PATH_BYTES_MAX {
            return Ok(Err(ErrorCode::NameTooLong.into()));
        }
        let granted = &mut *self.granted;
        let at = granted
            .folders
            .iter()
            .position(|folder| folder.name == name);
        let Some((folder, told)) =
            at.and_then(|at| Some((granted.folders.get(at)?.clone(), granted.told.get_mut(at)?)))
        else {
            let denied = self.ask(&name, Access::Read);
            return Ok(Err(denied.err().unwrap_or(ErrorCode::Access.into())));
        };
        if !std::mem::replace(told, true) {
            granted.gate.folder_used(&name);
        }
        let (path, access) = (Arc::<Path>::from(folder.path), folder.access);
        let opened = Arc::clone(&path);
        let dir = blocking(move |_| Dir::open_ambient_dir(opened, ambient_authority())).await?;
        let dir = match dir {
            Ok(dir) => Arc::new(dir),
            Err(error) => return Ok(Err(error.into())),
        };
        let name = name.into();
        let root = Root {
            dir,
            path,
            name,
            access,
        };
        Ok(Ok(self.table.push(root)?))
    }

    fn writable(&mut self, root: Resource<Root>) -> wasmtime::Result<bool> {
        Ok(self.root(&root)?.access == Access::ReadWrite)
    }

    async fn stat(&mut self, root: Resource<Root>, path: String) -> wasmtime::Result<Result<Info>> {
        self.looking(&root, move |root, _| stat(&root.dir, &path))
            .await
    }

    async fn read(
        &mut self,
        root: Resource<Root>,
        path: String,
    ) -> wasmtime::Result<Result<Vec<u8>>> {
        if let Ok(at) = file::path(&path)
            && let Some(content) = cached::read(&self.table.get(&root)?.dir, at)
        {
            return Ok(Ok(content));
        }
        self.looking(&root, move |root, _| {
            file::read(&root.dir, file::path(&path)?)
        })
        .await
    }

    async fn read_range(
        &mut self,
        root: Resource<Root>,
        path: String,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Result<Vec<u8>>> {
        if let Ok(at) = file::path(&path)
            && let Some(content) =
                cached::read_range(&self.table.get(&root)?.dir, at, offset, length)
        {
            return Ok(Ok(content));
        }
        self.looking(&root, move |root, _| {
            let file = file::open(&root.dir, file::path(&path)?)?;
            file::read_range(&file, offset, length)
        })
        .await
    }

    async fn write(
        &mut self,
        root: Resource<Root>,
        path: String,
        content: Vec<u8>,
    ) -> wasmtime::Result<Result<()>> {
        self.changing(&root, move |root| {
            file::write(&root.dir, file::path(&path)?, &content)
        })
        .await
    }

    async fn create_folder(
        &mut self,
        root: Resource<Root>,
        path: String,
    ) -> wasmtime::Result<Result<()>> {
        self.changing(&root, move |root| create_folder(&root.dir, &path))
            .await
    }

    async fn create_temp(
        &mut self,
        root: Resource<Root>,
        folder: String,
    ) -> wasmtime::Result<Result<Resource<Temp>>> {
        if Arc::strong_count(&self.granted.temps) > TEMPS_MAX {
            return Ok(Err(Error::TooMany(TEMPS_MAX as u64)));
        }
        let one = Arc::clone(&self.granted.temps);
        let temp = self.changing(&root, move |root| {
            let folder = root.dir.open_dir(file::path(&folder)?)?;
            Temp::new(root, folder, one)
        });
        let made = temp.await?;
        self.hand_over(made)
    }

    async fn glob(
        &mut self,
        root: Resource<Root>,
        pattern: String,
    ) -> wasmtime::Result<Result<Resource<Matches>>> {
        if Arc::strong_count(&self.granted.searches) > SEARCHES_MAX {
            return Ok(Err(Error::TooMany(SEARCHES_MAX as u64)));
        }
        let one = Arc::clone(&self.granted.searches);
        let entries = self.granted.entries.clone();
        let matches = self.looking(&root, move |root, _| {
            Matches::new(&root.dir, &pattern, entries, one)
        });
        let made = matches.await?;
        self.hand_over(made)
    }

    async fn watch(
        &mut self,
        root: Resource<Root>,
        path: String,
        reach: Reach,
    ) -> wasmtime::Result<Result<Resource<Watch>>> {
        if Arc::strong_count(&self.granted.watches) > WATCHES_MAX {
            return Ok(Err(Error::TooMany(WATCHES_MAX as u64)));
        }
        let one = Arc::clone(&self.granted.watches);
        let watch = self.looking(&root, move |root, stop| {
            Watch::new(root, path, reach, one, stop)
        });
        let made = watch.await?;
        self.hand_over(made)
    }

    async fn copy_tree(
        &mut self,
        root: Resource<Root>,
        path: String,
        into: Resource<Root>,
        to: String,
    ) -> wasmtime::Result<Result<Resource<Operation>>> {
        let from = self.root(&root)?;
        let entries = self.granted.entries.clone();
        self.operation(&into, move |into, one| {
            Operation::copy(&from.dir, &path, &into.dir, &to, entries, one)
        })
        .await
    }

    async fn move_tree(
        &mut self,
        root: Resource<Root>,
        path: String,
        into: Resource<Root>,
        to: String,
    ) -> wasmtime::Result<Result<Resource<Operation>>> {
        let into = self.root(&into)?;
        if let Err(error) = self.may_change(&into) {
            return Ok(Err(error));
        }
        let entries = self.granted.entries.clone();
        self.operation(&root, move |root, one| {
            Operation::relocate(&root.dir, &path, &into.dir, &to, entries, one)
        })
        .await
    }

    async fn remove_tree(
        &mut self,
        root: Resource<Root>,
        path: String,
    ) -> wasmtime::Result<Result<Resource<Operation>>> {
        let entries = self.granted.entries.clone();
        self.operation(&root, move |root, one| {
            Operation::remove(&root.dir, &path, entries, one)
        })
        .await
    }

    async fn digest(
        &mut self,
        root: Resource<Root>,
        path: String,
        algorithm: Algorithm,
    ) -> wasmtime::Result<Result<Vec<u8>>> {
        self::digest(self.root(&root)?, path, algorithm).await
    }

    async fn digest_tree(
        &mut self,
        root: Resource<Root>,
        path: String,
        algorithm: Algorithm,
    ) -> wasmtime::Result<Result<Vec<u8>>> {
        let entries = self.granted.entries.clone();
        self::digest_tree(self.root(&root)?, path, algorithm, entries).await
    }

    async fn drop(&mut self, root: Resource<Root>) -> wasmtime::Result<()> {
        self.table.delete(root)?;
        Ok(())
    }
}

/// The digest of a file.
pub(crate) async fn digest(
    root: Root,
    path: String,
    algorithm: Algorithm,
) -> wasmtime::Result<Result<Vec<u8>>> {
    blocking(move |stop| {
        let file = file::open(&root.dir, file::path(&path)?)?;
        Ok(digest::file(file, algorithm, stop)?.to_vec())
    })
    .await
}

/// The digest of a tree.
pub(crate) async fn digest_tree(
    root: Root,
    path: String,
    algorithm: Algorithm,
    entries: Entries,
) -> wasmtime::Result<Result<Vec<u8>>> {
    blocking(move |stop| Ok(digest::tree(&root.dir, &path, algorithm, entries, stop)?.to_vec()))
        .await
}

fn stat(dir: &Dir, path: &str) -> Result<Info> {
    let found = dir.symlink_metadata(file::path(path)?)?;
    let kind = walk::kind(found.file_type());
    let modified = found.modified().ok().and_then(|time| {
        let since = time
            .into_std()
            .duration_since(SystemTime::UNIX_EPOCH)
            .ok()?;
        u64::try_from(since.as_nanos()).ok()
    });
    let size = match kind {
        DescriptorType::RegularFile => found.len(),
        _ => 0,
    };
    Ok(Info {
        kind,
        size,
        modified,
    })
}

fn create_folder(dir: &Dir, path: &str) -> Result<()> {
    let path = file::path(path)?;
    match dir.create_dir_all(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if dir.metadata(path)?.is_dir() {
                Ok(())
            } else {
                Err(ErrorCode::NotDirectory.into())
            }
        }
        Err(error) => Err(error.into()),
    }
}
