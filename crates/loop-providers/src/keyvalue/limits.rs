//! What one call may hold, and how much one instance. What an app has is in its settings.

use crate::keyvalue::error::Failure;

/// The longest key, in bytes: as long as that of an object in S3. A page of redb has 4 KiB and holds some keys then, as a tree
/// needs it.
pub(crate) const KEY_BYTES_MAX: usize = 1024;

/// The largest value, in bytes: 1 MiB. A value is read and written as a whole, where it is asked for, and is in memory a few times on
/// its way; twice as much does not cross to a component that provides. What is larger is a file.
pub(crate) const VALUE_BYTES_MAX: usize = 1 << 20;

/// The most keys of a page of `list-keys`: with keys as long as they may be, a page has a mebibyte.
pub(crate) const PAGE_KEYS_MAX: usize = 1000;

/// The most keys of a batch. Ten times what programs usually put into one, and a list of as many fits any message.
pub(crate) const BATCH_KEYS_MAX: usize = 10_000;

/// The most bytes of all values of a batch: 16 MiB, which is a transaction of tens of milliseconds on a usual disk.
pub(crate) const BATCH_BYTES_MAX: usize = 16 << 20;

/// The most bytes of values that the handles of `cas` of one instance hold in the host's memory: 16 MiB, and a handle is
/// there for a moment.
pub(crate) const CAS_BYTES_MAX: usize = 16 << 20;

pub(crate) fn key(key: &str) -> Result<(), Failure> {
    at_most("a key", key.len(), KEY_BYTES_MAX, "bytes")
}

pub(crate) fn value(value: &[u8]) -> Result<(), Failure> {
    at_most("a value", value.len(), VALUE_BYTES_MAX, "bytes")
}

/// Of a batch of these keys.
pub(crate) fn keys(keys: &[String]) -> Result<(), Failure> {
    at_most("a batch", keys.len(), BATCH_KEYS_MAX, "keys")?;
    keys.iter().try_for_each(|each| key(each))
}

/// Of a batch of these entries.
pub(crate) fn entries(entries: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    at_most("a batch", entries.len(), BATCH_KEYS_MAX, "keys")?;
    for (name, content) in entries {
        key(name)?;
        value(content)?;
    }
    let bytes = entries.iter().map(|(_, content)| content.len()).sum();
    at_most("a batch", bytes, BATCH_BYTES_MAX, "bytes of values")
}

fn at_most(what: &str, size: usize, most: usize, unit: &str) -> Result<(), Failure> {
    if size > most {
        return Err(Failure::Limit(format!(
            "{what} has at most {most} {unit}, and this one has {size}"
        )));
    }
    Ok(())
}
