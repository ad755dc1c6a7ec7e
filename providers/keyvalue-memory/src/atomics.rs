//! Numbers that are counted up, and values that are replaced if they are still the same.

use std::cell::Cell;

use crate::bindings::atomics::{BucketBorrow, Cas, CasError, Guest, GuestCas};
use crate::bucket::Named;
use crate::{Memory, Result, entries, limits, other};

thread_local! {
    /// The bytes of what all handles have seen.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// A value as it was seen.
pub(crate) struct Seen {
    bucket: Named,
    key: String,
    value: Option<Vec<u8>>,
}

impl Seen {
    fn now(bucket: Named, key: String) -> Result<Self> {
        let value = entries::with(&bucket.0, |entries| entries.get(&key).cloned());
        let held = HELD.get() + value.as_ref().map_or(0, Vec::len);
        limits::cas_bytes(held)?;
        HELD.set(held);
        Ok(Self { bucket, key, value })
    }

    fn is_there(&self) -> bool {
        entries::with(&self.bucket.0, |entries| {
            entries.get(&self.key) == self.value.as_ref()
        })
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        HELD.set(HELD.get() - self.value.as_ref().map_or(0, Vec::len));
    }
}

impl GuestCas for Seen {
    fn new(bucket: BucketBorrow<'_>, key: String) -> Result<Cas> {
        limits::key(&key)?;
        Ok(Cas::new(Self::now(bucket.get::<Named>().clone(), key)?))
    }

    fn current(&self) -> Result<Option<Vec<u8>>> {
        Ok(self.value.clone())
    }
}

impl Guest for Memory {
    type Cas = Seen;

    fn increment(bucket: BucketBorrow<'_>, key: String, delta: i64) -> Result<i64> {
        limits::key(&key)?;
        let bucket = &bucket.get::<Named>().0;
        let number = entries::with(bucket, |entries| match entries.get(&key) {
            Some(value) => number(value)
                .ok_or_else(|| other("the value is not a whole number of 64 bits in decimal text")),
            None => Ok(0),
        });
        let sum = number?
            .checked_add(delta)
            .ok_or_else(|| other("the sum is beyond the whole numbers of 64 bits"))?;
        entries::set(bucket, vec![(key, sum.to_string().into_bytes())])?;
        Ok(sum)
    }

    fn swap(cas: Cas, value: Vec<u8>) -> std::result::Result<(), CasError> {
        limits::value(&value).map_err(CasError::StoreError)?;
        let seen: Seen = cas.into_inner();
        let (bucket, key) = (seen.bucket.clone(), seen.key.clone());
        if !seen.is_there() {
            drop(seen);
            let now = Seen::now(bucket, key).map_err(CasError::StoreError)?;
            return Err(CasError::CasFailed(Cas::new(now)));
        }
        entries::set(&bucket.0, vec![(key, value)]).map_err(CasError::StoreError)
    }
}

/// The number that a value is the text of, without a plus, or a zero before it.
fn number(value: &[u8]) -> Option<i64> {
    let number: i64 = str::from_utf8(value).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == value).then_some(number)
}
