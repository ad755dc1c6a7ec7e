//! Numbers that are counted up, and values that are replaced if they are still the same: `wasi:keyvalue/atomics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasmtime::component::Resource;

use crate::keyvalue::View;
use crate::keyvalue::bindings::wasi::keyvalue::atomics::{CasError, Host, HostCas};
use crate::keyvalue::bucket::{Bucket, Gives, told};
use crate::keyvalue::error::{Failure, Result};
use crate::keyvalue::limits::CAS_BYTES_MAX;
use crate::keyvalue::store::Swapped;

/// A value as it was seen, to be replaced if it is still there.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Debug)]
pub struct Cas {
    bucket: Bucket,
    key: String,
    seen: Option<Vec<u8>>,
    _share: Share,
}

/// How many bytes of values the handles of an instance hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held(Arc<AtomicUsize>);

/// The part of one handle.
#[derive(Debug)]
struct Share(Held, usize);

impl Held {
    fn share(&self, bytes: usize) -> Result<Share> {
        // One instance does one thing at a time.
        let held = self.0.load(Ordering::Relaxed) + bytes;
        if held > CAS_BYTES_MAX {
            return Err(Failure::Limit(format!(
                "the handles of `cas` together have at most {CAS_BYTES_MAX} bytes of values: drop some"
            )));
        }
        self.0.store(held, Ordering::Relaxed);
        Ok(Share(self.clone(), bytes))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.0.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}

impl View<'_> {
    fn cas(&mut self, bucket: Bucket, key: String, seen: Option<Vec<u8>>) -> Gives<Resource<Cas>> {
        match self.opened.held.share(seen.as_ref().map_or(0, Vec::len)) {
            Ok(share) => Ok(Ok(self.table.push(Cas {
                bucket,
                key,
                seen,
                _share: share,
            })?)),
            Err(failure) => Ok(Err(failure.into())),
        }
    }
}

impl HostCas for View<'_> {
    async fn new(&mut self, bucket: Resource<Bucket>, key: String) -> Gives<Resource<Cas>> {
        let bucket = self.bucket(&bucket)?;
        match bucket.get(&key).await {
            Ok(seen) => self.cas(bucket, key, seen),
            Err(failure) => Ok(Err(failure.into())),
        }
    }

    /// What was seen when the handle was made: that is what a swap replaces.
    async fn current(&mut self, cas: Resource<Cas>) -> Gives<Option<Vec<u8>>> {
        Ok(Ok(self.table.get(&cas)?.seen.clone()))
    }

    async fn drop(&mut self, cas: Resource<Cas>) -> wasmtime::Result<()> {
        self.table.delete(cas)?;
        Ok(())
    }
}

impl Host for View<'_> {
    async fn increment(&mut self, bucket: Resource<Bucket>, key: String, delta: i64) -> Gives<i64> {
        Ok(told(self.bucket(&bucket)?.increment(key, delta).await))
    }

    /// Two values are the same if their bytes are.
    async fn swap(
        &mut self,
        cas: Resource<Cas>,
        value: Vec<u8>,
    ) -> wasmtime::Result<std::result::Result<(), CasError>> {
        let Cas {
            bucket, key, seen, ..
        } = self.table.delete(cas)?;
        let again = match bucket.swap(key.clone(), seen, value).await {
            Ok(Swapped::Done) => return Ok(Ok(())),
            Ok(Swapped::Other(now)) => self.cas(bucket, key, now)?,
            Err(failure) => Err(failure.into()),
        };
        Ok(Err(match again {
            Ok(again) => CasError::CasFailed(again),
            Err(error) => CasError::StoreError(error),
        }))
    }
}
