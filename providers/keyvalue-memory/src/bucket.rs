//! Buckets.

use std::ops::Bound;

use crate::bindings::store::{Bucket, Error, Guest, GuestBucket, KeyResponse};
use crate::{Memory, Result, entries, limits};

/// A bucket, by its name.
#[derive(Clone)]
pub(crate) struct Named(pub(crate) String);

impl Guest for Memory {
    type Bucket = Named;

    fn open(identifier: String) -> Result<Bucket> {
        if !limits::is_bucket(&identifier) {
            return Err(Error::NoSuchStore);
        }
        Ok(Bucket::new(Named(identifier)))
    }
}

impl GuestBucket for Named {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>> {
        limits::key(&key)?;
        Ok(entries::with(&self.0, |entries| entries.get(&key).cloned()))
    }

    fn set(&self, key: String, value: Vec<u8>) -> Result<()> {
        limits::key(&key)?;
        limits::value(&value)?;
        entries::set(&self.0, vec![(key, value)])
    }

    fn delete(&self, key: String) -> Result<()> {
        limits::key(&key)?;
        entries::delete(&self.0, &[key]);
        Ok(())
    }

    fn exists(&self, key: String) -> Result<bool> {
        limits::key(&key)?;
        Ok(entries::with(&self.0, |entries| entries.contains_key(&key)))
    }

    /// A cursor is the last key of the page before.
    fn list_keys(&self, cursor: Option<String>) -> Result<KeyResponse> {
        cursor.iter().try_for_each(|cursor| limits::key(cursor))?;
        let after = cursor.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(entries::with(&self.0, |entries| {
            let mut rest = entries.range((after, Bound::Unbounded));
            let page = rest.by_ref().take(limits::PAGE_KEYS_MAX);
            let keys: Vec<String> = page.map(|(key, _)| key.clone()).collect();
            let cursor = keys.last().filter(|_| rest.next().is_some()).cloned();
            KeyResponse { keys, cursor }
        }))
    }
}
