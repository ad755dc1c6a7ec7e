//! Where the entries are.
//!
//! A store knows buckets by the names that it is given, and holds what [`crate::keyvalue::limits`] let through. Each of its functions
//! happens entirely or not at all, the batches too; what was written is there for whoever reads after that.

use crate::keyvalue::error::Result;
use crate::keyvalue::file::FileStore;
#[cfg(feature = "keyvalue-redis")]
use crate::keyvalue::server::ServerStore;

/// A page of keys.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// In the order of their bytes.
    pub(crate) keys: Vec<String>,
    /// Whether there are more after the last of them.
    pub(crate) more: bool,
}

/// What became of a swap.
#[derive(Debug)]
pub(crate) enum Swapped {
    /// The new value is there.
    Done,
    /// It is not, for this was there.
    Other(Option<Vec<u8>>),
}

/// The entries of an app.
#[derive(Debug)]
pub(crate) enum Store {
    /// In a file.
    File(FileStore),
    /// On a server.
    #[cfg(feature = "keyvalue-redis")]
    Server(ServerStore),
}

impl Store {
    pub(crate) async fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>> {
        match self {
            Self::File(file) => file.get(bucket, key).await,
            #[cfg(feature = "keyvalue-redis")]
            Self::Server(server) => server.get(bucket, key).await,
        }
    }

    pub(crate) async fn exists(&self, bucket: &str, key: &str) -> Result<bool> {
        match self {
            Self::File(file) => file.exists(bucket, key).await,
            #[cfg(feature = "keyvalue-redis")]
            Self::Server(server) => server.exists(bucket, key).await,
        }
    }

    /// The first keys after this one, or of all; [`PAGE_KEYS_MAX`](crate::keyvalue::limits::PAGE_KEYS_MAX) at most.
    pub(crate) async fn list(&self, bucket: &str, after: Option<String>) -> Result<Page> {
        match self {
            Self::File(file) => file.list(bucket, after).await,
            #[cfg(feature = "keyvalue-redis")]
            Self::Server(server) => server.list(bucket, after.as_deref()).await,
        }
    }

    /// The values in the order of the keys.
    pub(crate) async fn get_many(
        &self,
        bucket: &str,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>> {
        match self {
            Self::File(file) => file.get_many(bucket, keys).await,
            #[cfg(feature = "keyvalue-redis")]
            Self::Server(server) => server.get_many(bucket, keys).await,
        }
    }

    pub(crate) async fn set(&self, bucket: &str, entries: Vec<(String, Vec<u8>)>) -> Result<()> {
        match self {
            Self::File(file) => file.set(bucket, entries).await,
            #[cfg(feature = "keyvalue-redis")]
            Self::Server(server) => server.set(bucket, &entries).await,
        }
    }

    pub(crate) async fn delete(&self, bucket: &str, keys: Vec<String>) -> Result<()> {
        match self {
            Self::File(file) => file.delete(bucket, keys).await,
            #[cfg(feature = "keyvalue-redis")]
            Self::Server(server) => server.delete(bucket, &keys).await,
        }
    }

    pub(crate) async fn increment(&self, bucket: &str, key: String, by: i64) -> Result<i64> {
        match self {
            Self::File(file) => file.increment(bucket, key, by).await,
            #[cfg(feature = "keyvalue-redis")]
            Self::Server(server) => server.increment(bucket, &key, by).await,
        }
    }

    /// Writes a value where `expected` is.
    pub(crate) async fn swap(
        &self,
        bucket: &str,
        key: String,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> Result<Swapped> {
        match self {
            Self::File(file) => file.swap(bucket, key, expected, value).await,
            #[cfg(feature = "keyvalue-redis")]
            Self::Server(server) => server.swap(bucket, &key, expected.as_deref(), &value).await,
        }
    }
}
