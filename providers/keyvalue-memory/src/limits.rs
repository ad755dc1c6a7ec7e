//! What one call may hold. The host's providers have the same limits, with their reasons.

use crate::{Result, other};

const BUCKET_BYTES_MAX: usize = 64;
const KEY_BYTES_MAX: usize = 1024;
const VALUE_BYTES_MAX: usize = 1 << 20;
const BATCH_KEYS_MAX: usize = 10_000;
const BATCH_BYTES_MAX: usize = 16 << 20;
const CAS_BYTES_MAX: usize = 16 << 20;
pub(crate) const PAGE_KEYS_MAX: usize = 1000;

/// Whether a bucket can be called so.
pub(crate) fn is_bucket(name: &str) -> bool {
    let right = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.len() <= BUCKET_BYTES_MAX && name.bytes().all(right)
}

pub(crate) fn key(key: &str) -> Result<()> {
    at_most("a key", key.len(), KEY_BYTES_MAX, "bytes")
}

pub(crate) fn value(value: &[u8]) -> Result<()> {
    at_most("a value", value.len(), VALUE_BYTES_MAX, "bytes")
}

pub(crate) fn keys(keys: &[String]) -> Result<()> {
    at_most("a batch", keys.len(), BATCH_KEYS_MAX, "keys")?;
    keys.iter().try_for_each(|each| key(each))
}

/// The bytes of the values of a batch.
pub(crate) fn batch_bytes(bytes: usize) -> Result<()> {
    at_most("a batch", bytes, BATCH_BYTES_MAX, "bytes of values")
}

/// The bytes of the values that all handles of `cas` hold.
pub(crate) fn cas_bytes(bytes: usize) -> Result<()> {
    let what = "the handles of `cas` together have at most";
    if bytes > CAS_BYTES_MAX {
        return Err(other(format!(
            "{what} {CAS_BYTES_MAX} bytes of values: drop some"
        )));
    }
    Ok(())
}

fn at_most(what: &str, size: usize, most: usize, unit: &str) -> Result<()> {
    if size > most {
        return Err(other(format!(
            "{what} has at most {most} {unit}, and this one has {size}"
        )));
    }
    Ok(())
}
