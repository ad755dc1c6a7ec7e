//! The entries of all buckets, and the sum of what they hold.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::{Result, other};

/// The most bytes of all keys and values together: 64 MiB, a quarter of the memory that an instance has by default. Whoever goes
/// beyond it gets an error, where running out of memory would end the instance and all that it holds.
pub(crate) const BYTES_MAX: usize = 64 << 20;

/// What an entry takes beside its key and value.
const ENTRY_BYTES: usize = 64;

/// What a bucket takes beside its entries: its name, and a node that has room for some.
const BUCKET_BYTES: usize = 1024;

/// By the bytes of their keys, since that is how texts are ordered.
pub(crate) type Entries = BTreeMap<String, Vec<u8>>;

thread_local! {
    static BYTES: Cell<usize> = const { Cell::new(0) };
    static BUCKETS: RefCell<BTreeMap<String, Entries>> = const { RefCell::new(BTreeMap::new()) };
}

/// Looks at the entries of a bucket.
pub(crate) fn with<R>(bucket: &str, work: impl FnOnce(&Entries) -> R) -> R {
    BUCKETS.with_borrow(|buckets| match buckets.get(bucket) {
        Some(entries) => work(entries),
        None => work(&Entries::new()),
    })
}

/// Sets all of these, or none. The last of several for one key counts.
pub(crate) fn set(bucket: &str, new: Vec<(String, Vec<u8>)>) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let new: Entries = new.into_iter().collect();
    BUCKETS.with_borrow_mut(|buckets| {
        let before = buckets.get(bucket).map_or(0, |entries| {
            let replaced = new.keys().filter_map(|key| entries.get_key_value(key));
            BUCKET_BYTES + sum(replaced)
        });
        let bytes = BYTES.get() - before + BUCKET_BYTES + sum(new.iter());
        if bytes > BYTES_MAX {
            return Err(other(format!(
                "the store has at most {BYTES_MAX} bytes of keys and values"
            )));
        }
        buckets.entry(bucket.to_owned()).or_default().extend(new);
        BYTES.set(bytes);
        Ok(())
    })
}

/// A bucket without entries is not kept.
pub(crate) fn delete(bucket: &str, keys: &[String]) {
    BUCKETS.with_borrow_mut(|buckets| {
        let Some(entries) = buckets.get_mut(bucket) else {
            return;
        };
        for key in keys {
            if let Some(entry) = entries.remove_entry(key) {
                BYTES.set(BYTES.get() - sum([(&entry.0, &entry.1)].into_iter()));
            }
        }
        if entries.is_empty() {
            buckets.remove(bucket);
            BYTES.set(BYTES.get() - BUCKET_BYTES);
        }
    });
}

fn sum<'a>(entries: impl Iterator<Item = (&'a String, &'a Vec<u8>)>) -> usize {
    let bytes = entries.map(|(key, value)| ENTRY_BYTES + key.len() + value.len());
    bytes.sum()
}
