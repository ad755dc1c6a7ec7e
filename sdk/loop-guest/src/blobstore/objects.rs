//! The names of a container's objects, one after the other.

use std::vec::IntoIter;

use crate::blobstore::Error;
use crate::blobstore::bindings::container::StreamObjectNames;

/// How many are asked for at once.
const PAGE: u64 = 1_000;

/// The names of a container's objects. One that is written or deleted meanwhile may come or not. It ends after an error.
#[derive(Debug)]
pub struct Objects {
    names: StreamObjectNames,
    page: IntoIter<String>,
    over: bool,
}

impl Objects {
    pub(crate) fn new(names: StreamObjectNames) -> Self {
        Self {
            names,
            page: IntoIter::default(),
            over: false,
        }
    }
}

impl Iterator for Objects {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(name) = self.page.next() {
                return Some(Ok(name));
            }
            if self.over {
                return None;
            }
            match self.names.read_stream_object_names(PAGE) {
                Ok((names, over)) => {
                    self.page = names.into_iter();
                    self.over = over;
                }
                Err(error) => {
                    self.over = true;
                    return Some(Err(error.into()));
                }
            }
        }
    }
}
