//! The roots.

use std::rc::Rc;

use crate::bindings::files::{
    self, Algorithm, DescriptorType, Error, ErrorCode, GuestRoot, Info, Reach,
};
use crate::operation::{At, Operation, Work};
use crate::place::{self, Names};
use crate::tree::{self, File, Node, Tree};
use crate::{Result, digest, glob, temp, watch};

/// The most that is read at once, in bytes, as the WIT says.
const READ_BYTES_MAX: u64 = 16 << 20;

pub(crate) struct Root(Rc<Tree>);

impl Root {
    fn writing(&self) -> Result<()> {
        if self.0.writable {
            Ok(())
        } else {
            Err(ErrorCode::Access.into())
        }
    }

    /// Does something with the file at a path.
    fn file<R>(&self, path: &str, work: impl FnOnce(&File) -> Result<R>) -> Result<R> {
        let top = self.0.top.borrow();
        work(place::file(&top, &place::names(&top, path)?)?)
    }
}

impl GuestRoot for Root {
    fn open(name: String) -> Result<files::Root> {
        if name.len() > 4_096 {
            return Err(ErrorCode::NameTooLong.into());
        }
        let tree = tree::root(&name).ok_or(ErrorCode::Access)?;
        Ok(files::Root::new(Self(tree)))
    }

    fn writable(&self) -> bool {
        self.0.writable
    }

    fn stat(&self, path: String) -> Result<Info> {
        let top = self.0.top.borrow();
        Ok(match place::node(&top, &place::names(&top, &path)?)? {
            Some(Node::File(file)) => Info {
                kind: DescriptorType::RegularFile,
                size: file.content().len() as u64,
                modified: file.modified,
            },
            Some(Node::Folder(..)) | None => Info {
                kind: DescriptorType::Directory,
                size: 0,
                modified: None,
            },
        })
    }

    fn read(&self, path: String) -> Result<Vec<u8>> {
        self.file(&path, |file| {
            if file.content().len() as u64 > READ_BYTES_MAX {
                return Err(Error::TooLarge(READ_BYTES_MAX));
            }
            Ok(file.content().to_vec())
        })
    }

    fn read_range(&self, path: String, offset: u64, length: u32) -> Result<Vec<u8>> {
        self.file(&path, |file| range(file, offset, length))
    }

    fn write(&self, path: String, content: Vec<u8>) -> Result<()> {
        self.writing()?;
        let mut top = self.0.top.borrow_mut();
        let (way, name) = place::place(&top, &path)?;
        place::free(&top, &way, &name)?;
        let mut file = File::new()?;
        file.append(&content)?;
        place::put(&mut top, &way, name.clone(), file)?;
        self.0.watches.changed(&[way, vec![name]].concat());
        Ok(())
    }

    fn create_folder(&self, path: String) -> Result<()> {
        self.writing()?;
        create_folder(&self.0, &path)
    }

    fn create_temp(&self, folder: String) -> Result<files::Temp> {
        self.writing()?;
        let way = {
            let top = self.0.top.borrow();
            let way = place::names(&top, &folder)?;
            place::folder(&top, &way)?;
            way
        };
        Ok(files::Temp::new(temp::Temp::new(&self.0, way)?))
    }

    fn glob(&self, pattern: String) -> Result<files::Matches> {
        let matches = glob::Matches::new(&self.0, &pattern)?;
        Ok(files::Matches::new(matches))
    }

    fn watch(&self, path: String, reach: Reach) -> Result<files::Watch> {
        let way = {
            let top = self.0.top.borrow();
            let way = place::names(&top, &path)?;
            place::folder(&top, &way)?;
            way
        };
        let watch = watch::Watch::new(&self.0.watches, way, &path, reach)?;
        Ok(files::Watch::new(watch))
    }

    fn copy_tree(
        &self,
        path: String,
        into: files::RootBorrow<'_>,
        to: String,
    ) -> Result<files::Operation> {
        let into: &Self = into.get();
        into.writing()?;
        let (from, to) = (At::source(&self.0, &path)?, At::new(&into.0, &to)?);
        to.not_inside(&from)?;
        begun(Work::Copy(from, to))
    }

    fn move_tree(
        &self,
        path: String,
        into: files::RootBorrow<'_>,
        to: String,
    ) -> Result<files::Operation> {
        let into: &Self = into.get();
        into.writing()?;
        self.writing()?;
        let (from, to) = (At::old(&self.0, &path)?, At::new(&into.0, &to)?);
        to.not_inside(&from)?;
        begun(Work::Move(from, to))
    }

    fn remove_tree(&self, path: String) -> Result<files::Operation> {
        self.writing()?;
        begun(Work::Remove(At::old(&self.0, &path)?))
    }

    fn digest(&self, path: String, algorithm: Algorithm) -> Result<Vec<u8>> {
        self.file(&path, |file| Ok(digest::file(file, algorithm)))
    }

    fn digest_tree(&self, path: String, algorithm: Algorithm) -> Result<Vec<u8>> {
        let top = self.0.top.borrow();
        let folder = place::folder(&top, &place::names(&top, &path)?)?;
        Ok(digest::tree(folder, algorithm))
    }
}

fn begun(work: Work) -> Result<files::Operation> {
    Ok(files::Operation::new(Operation::new(work)?))
}

/// A part of a file, which ends with the file.
pub(crate) fn range(file: &File, offset: u64, length: u32) -> Result<Vec<u8>> {
    if u64::from(length) > READ_BYTES_MAX {
        return Err(Error::TooLarge(READ_BYTES_MAX));
    }
    let content = file.content();
    let start = usize::try_from(offset)
        .unwrap_or(usize::MAX)
        .min(content.len());
    let end = start.saturating_add(length as usize).min(content.len());
    Ok(content.get(start..end).unwrap_or_default().to_vec())
}

fn create_folder(tree: &Tree, path: &str) -> Result<()> {
    place::check(path)?;
    let top = &mut *tree.top.borrow_mut();
    let mut way = Names::new();
    for part in path.split('/') {
        place::step(&mut way, part)?;
        let Some((name, above)) = way.split_last() else {
            continue;
        };
        let folder = place::folder_mut(top, above)?;
        match folder.get(name) {
            Some(Node::Folder(..)) => {}
            Some(Node::File(_)) => return Err(ErrorCode::NotDirectory.into()),
            None => {
                folder.insert(name.clone(), Node::folder()?);
                tree.watches.changed(&way);
            }
        }
    }
    Ok(())
}
