//! Objects of any size by name, over `wasi:blobstore`. With the feature `blobstore`.
//!
//! The app says under `provide` who keeps them; the component is granted nothing for it.
//!
//! ```no_run
//! use std::io::{Read, Write};
//! use loop_guest::blobstore::{Container, Error};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pages = Container::open_or_create("pages")?;
//! pages.write("home.html", "<h1>home</h1>")?;
//! let home = pages.read("home.html")?;
//!
//! // Large ones pass through, and are not kept in memory.
//! let mut new = pages.writer("film")?;
//! std::io::copy(&mut pages.reader("film.old")?, &mut new)?;
//! new.finish()?;
//!
//! for name in pages.objects()? {
//!     println!("{}", name?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The limits, and what happens when a store fails, are those of the provider.

mod bindings;
mod objects;
mod reader;
mod writer;

use std::fmt;
use std::ops::Range;

use bindings::types::{IncomingValue, ObjectId};
use bindings::{blobstore, container};

pub use objects::Objects;
pub use reader::Reader;
pub use writer::Writer;

/// Why something was not done, as the store says it: the package has no kinds of errors, only sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<String> for Error {
    fn from(said: String) -> Self {
        Self(said)
    }
}

/// Objects that are opened by one name. Dropping it closes nothing but the handle; when the container is removed and made again, it is of the new one.
#[derive(Debug)]
pub struct Container {
    name: String,
    own: container::Container,
}

impl Container {
    /// Opens a container.
    ///
    /// # Errors
    /// There is none of this name, or the app may not use it.
    pub fn open(name: &str) -> Result<Self, Error> {
        Ok(Self::new(name, blobstore::get_container(name)?))
    }

    /// Makes a container.
    ///
    /// # Errors
    /// There is one of this name, or the app may not use it.
    pub fn create(name: &str) -> Result<Self, Error> {
        Ok(Self::new(name, blobstore::create_container(name)?))
    }

    /// Opens a container, which is made if there is none.
    ///
    /// # Errors
    /// The app may not use it, or the store failed.
    pub fn open_or_create(name: &str) -> Result<Self, Error> {
        // Another may make it meanwhile.
        Self::open(name)
            .or_else(|_| Self::create(name).or_else(|made| Self::open(name).map_err(|_| made)))
    }

    /// Whether there is a container of this name.
    pub fn exists(name: &str) -> Result<bool, Error> {
        Ok(blobstore::container_exists(name)?)
    }

    /// Removes a container with all objects in it.
    ///
    /// # Errors
    /// There is none of this name, or the store failed.
    pub fn remove(name: &str) -> Result<(), Error> {
        Ok(blobstore::delete_container(name)?)
    }

    fn new(name: &str, own: container::Container) -> Self {
        let name = name.to_owned();
        Self { name, own }
    }

    /// All of an object.
    ///
    /// # Errors
    /// There is none, or it is larger than the provider gives at once (16 MiB for those of loop-kit): use [`reader`](Self::reader).
    pub fn read(&self, object: &str) -> Result<Vec<u8>, Error> {
        let value = self.own.get_data(object, 0, u64::MAX)?;
        Ok(IncomingValue::incoming_value_consume_sync(value)?)
    }

    /// An object, to be read from its beginning. It keeps what it was when it was opened, whatever is written or deleted meanwhile.
    ///
    /// # Errors
    /// There is none, or the store failed.
    pub fn reader(&self, object: &str) -> Result<Reader, Error> {
        Reader::new(self.own.get_data(object, 0, u64::MAX)?)
    }

    /// A part of an object, as far as there is one.
    ///
    /// # Errors
    /// As [`reader`](Self::reader).
    pub fn range(&self, object: &str, bytes: Range<u64>) -> Result<Reader, Error> {
        // The package counts the last byte in, so it has no empty part.
        match bytes.end.checked_sub(1).filter(|&last| last >= bytes.start) {
            Some(last) => Reader::new(self.own.get_data(object, bytes.start, last)?),
            None => Ok(Reader::empty()),
        }
    }

    /// Makes an object with this content, or replaces the one that is there: entirely or not at all.
    ///
    /// # Errors
    /// The name is none, there is no room, or the store failed.
    pub fn write(&self, object: &str, content: impl AsRef<[u8]>) -> Result<(), Error> {
        let mut writer = self.writer(object)?;
        // Why it failed is what `finish` says.
        let _ = std::io::Write::write_all(&mut writer, content.as_ref());
        writer.finish()
    }

    /// An object that is written bit by bit. There is nothing of it before [`Writer::finish`], and nothing at all without.
    ///
    /// # Errors
    /// The name is none, or the store failed.
    pub fn writer(&self, object: &str) -> Result<Writer, Error> {
        Writer::new(&self.own, object)
    }

    /// Whether there is such an object.
    pub fn contains(&self, object: &str) -> Result<bool, Error> {
        Ok(self.own.has_object(object)?)
    }

    /// The bytes of an object.
    ///
    /// # Errors
    /// There is none, or the store failed.
    pub fn size(&self, object: &str) -> Result<u64, Error> {
        Ok(self.own.object_info(object)?.size)
    }

    /// The names of all objects, in no order.
    pub fn objects(&self) -> Result<Objects, Error> {
        Ok(Objects::new(self.own.list_objects()?))
    }

    /// Copies an object to a name of this container or another, and replaces what is there.
    ///
    /// # Errors
    /// There is none, or the store failed.
    pub fn copy(&self, object: &str, into: &Self, to: &str) -> Result<(), Error> {
        Ok(blobstore::copy_object(&self.id(object), &into.id(to))?)
    }

    /// Moves an object to a name of this container or another, and replaces what is there.
    ///
    /// # Errors
    /// There is none, or the store failed.
    pub fn rename(&self, object: &str, into: &Self, to: &str) -> Result<(), Error> {
        Ok(blobstore::move_object(&self.id(object), &into.id(to))?)
    }

    fn id(&self, object: &str) -> ObjectId {
        ObjectId {
            container: self.name.clone(),
            object: object.to_owned(),
        }
    }

    /// Deletes an object, if it is there.
    pub fn delete(&self, object: &str) -> Result<(), Error> {
        Ok(self.own.delete_object(object)?)
    }

    /// Deletes all objects.
    pub fn clear(&self) -> Result<(), Error> {
        Ok(self.own.clear()?)
    }
}
