//! Buckets: `wasi:keyvalue/store`.

use std::sync::Arc;

use wasmtime::component::Resource;

use crate::keyvalue::bindings::wasi::keyvalue::store::{Error, Host, HostBucket, KeyResponse};
use crate::keyvalue::error::{Failure, Result};
use crate::keyvalue::store::{Page, Swapped};
use crate::keyvalue::{App, View, limits};

/// A bucket, as a component has it. Its functions hold the limits, and leave the rest to the store.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Clone, Debug)]
pub struct Bucket {
    app: Arc<App>,
    /// What the store calls it.
    name: Arc<str>,
}

impl Bucket {
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        limits::key(key)?;
        self.app.store.get(&self.name, key).await
    }

    async fn exists(&self, key: &str) -> Result<bool> {
        limits::key(key)?;
        self.app.store.exists(&self.name, key).await
    }

    /// The page after a cursor, which is the last key of the page before.
    async fn list(&self, cursor: Option<String>) -> Result<Page> {
        cursor.iter().try_for_each(|cursor| limits::key(cursor))?;
        self.app.store.list(&self.name, cursor).await
    }

    pub(crate) async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>> {
        limits::keys(keys)?;
        self.app.store.get_many(&self.name, keys).await
    }

    pub(crate) async fn set(&self, entries: Vec<(String, Vec<u8>)>) -> Result<()> {
        limits::entries(&entries)?;
        self.app.store.set(&self.name, entries).await
    }

    pub(crate) async fn delete(&self, keys: Vec<String>) -> Result<()> {
        limits::keys(&keys)?;
        self.app.store.delete(&self.name, keys).await
    }

    pub(crate) async fn increment(&self, key: String, by: i64) -> Result<i64> {
        limits::key(&key)?;
        self.app.store.increment(&self.name, key, by).await
    }

    pub(crate) async fn swap(
        &self,
        key: String,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> Result<Swapped> {
        limits::value(&value)?;
        self.app.store.swap(&self.name, key, expected, value).await
    }
}

impl View<'_> {
    pub(crate) fn bucket(&self, bucket: &Resource<Bucket>) -> wasmtime::Result<Bucket> {
        Ok(self.table.get(bucket)?.clone())
    }
}

/// What a function of the WIT gives.
pub(crate) type Gives<T> = wasmtime::Result<std::result::Result<T, Error>>;

/// What became of something, as the component is told.
pub(crate) fn told<T>(result: Result<T>) -> std::result::Result<T, Error> {
    result.map_err(Failure::into)
}

impl Host for View<'_> {
    async fn open(&mut self, identifier: String) -> Gives<Resource<Bucket>> {
        let app = Arc::clone(&self.opened.app);
        let name = match app.buckets.find(&self.opened.component, &identifier) {
            Ok(name) => name.into(),
            Err(unusable) => return Ok(told(Err(unusable.into()))),
        };
        Ok(Ok(self.table.push(Bucket { app, name })?))
    }
}

impl HostBucket for View<'_> {
    async fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Gives<Option<Vec<u8>>> {
        Ok(told(self.bucket(&bucket)?.get(&key).await))
    }

    async fn set(&mut self, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Gives<()> {
        Ok(told(self.bucket(&bucket)?.set(vec![(key, value)]).await))
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Gives<()> {
        Ok(told(self.bucket(&bucket)?.delete(vec![key]).await))
    }

    async fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Gives<bool> {
        Ok(told(self.bucket(&bucket)?.exists(&key).await))
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<String>,
    ) -> Gives<KeyResponse> {
        let page = self.bucket(&bucket)?.list(cursor).await;
        Ok(told(page.map(|Page { keys, more }| {
            let cursor = keys.last().filter(|_| more).cloned();
            KeyResponse { keys, cursor }
        })))
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}
