//! Many keys at once. Each batch happens entirely or not at all.

use crate::bindings::batch::{BucketBorrow, Guest};
use crate::bucket::Named;
use crate::{Memory, Result, entries, limits};

impl Guest for Memory {
    fn get_many(
        bucket: BucketBorrow<'_>,
        keys: Vec<String>,
    ) -> Result<Vec<Option<(String, Vec<u8>)>>> {
        limits::keys(&keys)?;
        let bucket: &Named = bucket.get();
        entries::with(&bucket.0, |entries| {
            let found = keys.iter().filter_map(|key| entries.get(key));
            limits::batch_bytes(found.map(Vec::len).sum())?;
            let entry = |key| entries.get(&key).cloned().map(|value| (key, value));
            Ok(keys.into_iter().map(entry).collect())
        })
    }

    fn set_many(bucket: BucketBorrow<'_>, key_values: Vec<(String, Vec<u8>)>) -> Result<()> {
        let keys: Vec<String> = key_values.iter().map(|(key, _)| key.clone()).collect();
        limits::keys(&keys)?;
        let values = || key_values.iter().map(|(_, value)| value);
        values().try_for_each(|value| limits::value(value))?;
        limits::batch_bytes(values().map(Vec::len).sum())?;
        entries::set(&bucket.get::<Named>().0, key_values)
    }

    fn delete_many(bucket: BucketBorrow<'_>, keys: Vec<String>) -> Result<()> {
        limits::keys(&keys)?;
        entries::delete(&bucket.get::<Named>().0, &keys);
        Ok(())
    }
}
