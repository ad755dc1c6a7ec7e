//! Files in granted folders, by `loop:fsx`. With the feature `fsx`.
//!
//! ```no_run
//! use loop_guest::fsx::{Reach, Root, Event};
//!
//! # fn main() -> Result<(), loop_guest::fsx::Error> {
//! let data = Root::open("data")?;
//! data.write("index.json", b"{}")?; // the old content or the new one, never a part
//! for page in data.glob("pages/**/*.md")? {
//!     println!("{}", page?.path);
//! }
//! data.copy_tree("pages", &data, "backup")?.finish()?;
//! for event in data.watch("pages", Reach::Tree)? {
//!     match event? {
//!         Event::Changed(path) => println!("look at {path}"),
//!         Event::Removed(path) => println!("forget {path}"),
//!         Event::Overflow | Event::Gone | Event::Back => println!("look at everything"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `async` as well, what takes its time has a form of WASI 0.3 that holds up nothing else of the component: functions whose names end
//! in `_async`, by `loop:fsx/files-async`. A component that calls none of them does not import it.
//!
//! Paths, limits and errors are those of `wit/fsx`. A root, a temporary file, a search, a watch and an operation are handles: dropping one gives it back, and
//! what that means for the files is said there.

#[cfg(feature = "async")]
mod concurrent;

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::to_nanos;

#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    reason = "generated from wit/fsx"
)]
mod bindings {
    #[cfg(not(feature = "async"))]
    wit_bindgen::generate!({
        world: "loop:fsx/imports",
        path: ["../../wit/vendor/wasi-0.2.12", "../../wit/fsx"],
        generate_all,
    });
    #[cfg(feature = "async")]
    wit_bindgen::generate!({
        world: "loop:fsx/imports-async",
        path: ["../../wit/vendor/wasi-0.2.12", "../../wit/fsx"],
        generate_all,
    });
}

use bindings::loop_::fsx::files;

#[cfg(feature = "async")]
pub use concurrent::Reading;

pub use bindings::wasi::filesystem::types::{DescriptorType, ErrorCode};
pub use files::{Algorithm, Entry, Error, Event, Info, Progress, Reach, Temp};

/// How many matches or events are asked for at once.
const PAGE: u32 = 256;

/// A granted folder.
#[derive(Debug)]
pub struct Root(files::Root);

impl Root {
    /// Opens the folder that is granted under this name.
    pub fn open(name: &str) -> Result<Self, Error> {
        files::Root::open(name).map(Self)
    }

    /// Whether it may be changed.
    pub fn writable(&self) -> bool {
        self.0.writable()
    }

    /// What is at this path.
    pub fn stat(&self, path: &str) -> Result<Info, Error> {
        self.0.stat(path)
    }

    /// A whole file, of 16 MiB at most.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.0.read(path)
    }

    /// A whole file of text. One that is not UTF-8 fails with `illegal-byte-sequence`.
    pub fn read_to_string(&self, path: &str) -> Result<String, Error> {
        String::from_utf8(self.0.read(path)?)
            .map_err(|_| Error::Code(ErrorCode::IllegalByteSequence))
    }

    /// A part of a file, of 16 MiB at most.
    pub fn read_range(&self, path: &str, offset: u64, length: u32) -> Result<Vec<u8>, Error> {
        self.0.read_range(path, offset, length)
    }

    /// Makes a file, or replaces the one that is there: whoever opens it finds the old content or the new one, and never a part.
    pub fn write(&self, path: &str, content: &[u8]) -> Result<(), Error> {
        self.0.write(path, content)
    }

    /// Makes a folder, and those above it.
    pub fn create_folder(&self, path: &str) -> Result<(), Error> {
        self.0.create_folder(path)
    }

    /// Makes a temporary file in this folder, for what is too large to be written at once.
    pub fn create_temp(&self, folder: &str) -> Result<Temp, Error> {
        self.0.create_temp(folder)
    }

    /// What has a path like this pattern, found while it is asked for.
    pub fn glob(&self, pattern: &str) -> Result<Matches, Error> {
        Ok(Matches {
            raw: self.0.glob(pattern)?,
            page: VecDeque::new(),
            over: false,
        })
    }

    /// Watches a folder from now on.
    pub fn watch(&self, path: &str, reach: Reach) -> Result<Watch, Error> {
        Ok(Watch {
            raw: self.0.watch(path, reach)?,
            batch: VecDeque::new(),
            over: false,
        })
    }

    /// Begins to copy what is at a path, with all that is below it.
    pub fn copy_tree(&self, path: &str, into: &Self, to: &str) -> Result<Operation, Error> {
        self.0.copy_tree(path, &into.0, to).map(Operation)
    }

    /// Begins to move what is at a path, with all that is below it.
    pub fn move_tree(&self, path: &str, into: &Self, to: &str) -> Result<Operation, Error> {
        self.0.move_tree(path, &into.0, to).map(Operation)
    }

    /// Begins to remove what is at a path, with all that is below it.
    pub fn remove_tree(&self, path: &str) -> Result<Operation, Error> {
        self.0.remove_tree(path).map(Operation)
    }

    /// The digest of a file.
    pub fn digest(&self, path: &str, algorithm: Algorithm) -> Result<Vec<u8>, Error> {
        self.0.digest(path, algorithm)
    }

    /// The digest of a folder with all that is below it.
    pub fn digest_tree(&self, path: &str, algorithm: Algorithm) -> Result<Vec<u8>, Error> {
        self.0.digest_tree(path, algorithm)
    }
}

/// What a pattern matches. It ends after an error.
#[derive(Debug)]
pub struct Matches {
    raw: files::Matches,
    page: VecDeque<Entry>,
    over: bool,
}

impl Matches {
    /// How much was left out so far, because its name is not UTF-8 or it could not be read.
    pub fn left_out(&self) -> u64 {
        self.raw.left_out()
    }
}

impl Iterator for Matches {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty() && !self.over {
            match self.raw.next(PAGE) {
                Ok(page) => self.page = page.into(),
                Err(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
            }
            self.over = self.page.is_empty();
        }
        self.page.pop_front().map(Ok)
    }
}

/// A watched folder. As an iterator it blocks until there is an event, for as long as the call may take, and ends after an error.
#[derive(Debug)]
pub struct Watch {
    raw: files::Watch,
    batch: VecDeque<Event>,
    over: bool,
}

impl Watch {
    /// The next events, or none if there are none within this time. [`Duration::ZERO`] only looks.
    pub fn next_within(&mut self, timeout: Duration) -> Result<Vec<Event>, Error> {
        if self.batch.is_empty() {
            self.raw.next(PAGE, Some(to_nanos(timeout)))
        } else {
            Ok(self.batch.drain(..).collect())
        }
    }
}

impl Iterator for Watch {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.batch.is_empty() && !self.over {
            match self.raw.next(PAGE, None) {
                Ok(batch) => self.batch = batch.into(),
                Err(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
            }
        }
        self.batch.pop_front().map(Ok)
    }
}

/// Something that is done to a tree, by and by. Dropping it ends it where it is.
#[derive(Debug)]
pub struct Operation(files::Operation);

impl Operation {
    /// Works on until all is done or the time is over, and says how far it came.
    pub fn work(&self, time: Duration) -> Result<Progress, Error> {
        self.0.next(Some(to_nanos(time)))
    }

    /// Works on until all is done.
    pub fn finish(&self) -> Result<Progress, Error> {
        loop {
            let progress = self.0.next(None)?;
            if progress.done {
                return Ok(progress);
            }
        }
    }
}
