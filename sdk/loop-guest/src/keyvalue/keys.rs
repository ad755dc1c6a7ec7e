//! The keys of a bucket, one after the other.

use std::vec::IntoIter;

use crate::keyvalue::Error;
use crate::keyvalue::bindings::store::{Bucket, KeyResponse};

/// The keys of a bucket. One that is set or deleted meanwhile may come or not. It ends after an error.
#[derive(Debug)]
pub struct Keys<'a> {
    bucket: &'a Bucket,
    page: IntoIter<String>,
    next: Next,
}

/// What comes after a page.
#[derive(Debug)]
enum Next {
    First,
    After(String),
    Nothing,
}

impl<'a> Keys<'a> {
    pub(crate) fn new(bucket: &'a Bucket) -> Self {
        Self {
            bucket,
            page: IntoIter::default(),
            next: Next::First,
        }
    }

    fn turn(&mut self) -> Result<(), Error> {
        let cursor = match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::First => None,
            Next::After(cursor) => Some(cursor),
            Next::Nothing => return Ok(()),
        };
        let KeyResponse { keys, cursor } = self.bucket.list_keys(cursor.as_deref())?;
        self.page = keys.into_iter();
        self.next = cursor.map_or(Next::Nothing, Next::After);
        Ok(())
    }
}

impl Iterator for Keys<'_> {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(key) = self.page.next() {
                return Some(Ok(key));
            }
            if matches!(self.next, Next::Nothing) {
                return None;
            }
            if let Err(error) = self.turn() {
                return Some(Err(error));
            }
        }
    }
}
