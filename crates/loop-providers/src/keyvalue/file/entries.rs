//! What is in a file: a table of entries, and one that says how many bytes they have.

use redb::{
    CommitError, Database, ReadOnlyTable, ReadableDatabase as _, ReadableTable as _, StorageError,
    Table, TableDefinition, TableError, TransactionError,
};

use crate::keyvalue::error::{Failure, NO_NUMBER, TOO_LARGE};
use crate::keyvalue::limits::{BATCH_BYTES_MAX, PAGE_KEYS_MAX};
use crate::keyvalue::store::{Page, Swapped};

/// The name of an entry is that of its bucket, [`END`] and its key.
type Entries = TableDefinition<'static, &'static [u8], &'static [u8]>;
const ENTRIES: Entries = TableDefinition::new("loop entries");

/// What is known of the file.
const ABOUT: TableDefinition<'static, &'static str, u64> = TableDefinition::new("loop about");

/// How entries are written. Another number is another way.
const FORMAT: (&str, u64) = ("format", 1);

/// The bytes of all names and values.
const BYTES: &str = "bytes";

/// Stands after the name of a bucket, which has no such byte.
const END: u8 = 0;

/// Why something was not done.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It may not be.
    Refused(Failure),
    /// redb failed.
    Engine(redb::Error),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure)
    }
}

macro_rules! of_redb {
    ($($error:ty),*) => {
        $(impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                Self::Engine(error.into())
            }
        })*
    };
}

of_redb!(StorageError, TableError, TransactionError, CommitError);

type Result<T> = std::result::Result<T, Problem>;

fn name(bucket: &str, key: &str) -> Vec<u8> {
    [bucket.as_bytes(), &[END], key.as_bytes()].concat()
}

/// Makes the tables of a new file.
pub(crate) fn begin(database: &Database) -> Result<()> {
    let writing = database.begin_write()?;
    writing.open_table(ENTRIES)?;
    {
        let mut about = writing.open_table(ABOUT)?;
        about.insert(FORMAT.0, FORMAT.1)?;
        about.insert(BYTES, 0)?;
    }
    writing.commit()?;
    Ok(())
}

/// Whether a file holds entries as they are written here.
pub(crate) fn is_ours(database: &Database) -> Result<bool> {
    let about = match database.begin_read()?.open_table(ABOUT) {
        Ok(about) => about,
        Err(TableError::Storage(error)) => return Err(error.into()),
        Err(_) => return Ok(false),
    };
    let format = about.get(FORMAT.0)?;
    Ok(format.is_some_and(|format| format.value() == FORMAT.1))
}

/// Entries that are being read, as they were when they were opened.
pub(crate) type Reading = ReadOnlyTable<&'static [u8], &'static [u8]>;

pub(crate) fn reading(database: &Database) -> Result<Reading> {
    Ok(database.begin_read()?.open_table(ENTRIES)?)
}

pub(crate) fn get(entries: &Reading, bucket: &str, key: &str) -> Result<Option<Vec<u8>>> {
    let value = entries.get(&*name(bucket, key))?;
    Ok(value.map(|value| value.value().to_vec()))
}

pub(crate) fn exists(entries: &Reading, bucket: &str, key: &str) -> Result<bool> {
    Ok(entries.get(&*name(bucket, key))?.is_some())
}

pub(crate) fn get_many(
    entries: &Reading,
    bucket: &str,
    keys: &[String],
) -> Result<Vec<Option<Vec<u8>>>> {
    let mut bytes = 0;
    let values = keys.iter().map(|key| {
        let Some(value) = entries.get(&*name(bucket, key))? else {
            return Ok(None);
        };
        let value = value.value();
        bytes += value.len();
        if bytes > BATCH_BYTES_MAX {
            return Err(Failure::batch_too_large().into());
        }
        Ok(Some(value.to_vec()))
    });
    values.collect()
}

pub(crate) fn list(entries: &Reading, bucket: &str, after: Option<&str>) -> Result<Page> {
    let first = match after {
        // The next name in the order of bytes.
        Some(after) => [&name(bucket, after)[..], &[0]].concat(),
        None => name(bucket, ""),
    };
    let end = [bucket.as_bytes(), &[END + 1]].concat();
    let mut page = Page::default();
    for entry in entries.range(&*first..&*end)? {
        if page.keys.len() == PAGE_KEYS_MAX {
            page.more = true;
            break;
        }
        let (name, _) = entry?;
        let key = name.value().get(bucket.len() + 1..).unwrap_or_default();
        page.keys.push(String::from_utf8_lossy(key).into_owned());
    }
    Ok(page)
}

/// Entries that are being written.
pub(crate) struct Writing<'t> {
    entries: Table<'t, &'static [u8], &'static [u8]>,
    bytes: u64,
}

/// Writes, and brings it to the disk. `size` is the most bytes of all names and values.
pub(crate) fn write<R>(
    database: &Database,
    size: u64,
    work: impl FnOnce(&mut Writing<'_>) -> Result<R>,
) -> Result<R> {
    let transaction = database.begin_write()?;
    let done = {
        let mut about = transaction.open_table(ABOUT)?;
        let before = about.get(BYTES)?.map_or(0, |bytes| bytes.value());
        let mut writing = Writing {
            entries: transaction.open_table(ENTRIES)?,
            bytes: before,
        };
        let done = work(&mut writing)?;
        let bytes = writing.bytes;
        // A file that is larger than a new setting says may still become smaller.
        if bytes > size && bytes > before {
            return Err(Failure::Full(format!(
                "the store has at most {size} bytes of keys and values, and would have {bytes}"
            ))
            .into());
        }
        about.insert(BYTES, bytes)?;
        done
    };
    transaction.commit()?;
    Ok(done)
}

impl Writing<'_> {
    pub(crate) fn insert(&mut self, bucket: &str, key: &str, value: &[u8]) -> Result<()> {
        let name = name(bucket, key);
        let old = self.entries.insert(&*name, value)?;
        let old = old.map_or(0, |old| name.len() + old.value().len());
        self.count(old, name.len() + value.len());
        Ok(())
    }

    pub(crate) fn remove(&mut self, bucket: &str, key: &str) -> Result<()> {
        let name = name(bucket, key);
        let old = self.entries.remove(&*name)?;
        let old = old.map_or(0, |old| name.len() + old.value().len());
        self.count(old, 0);
        Ok(())
    }

    pub(crate) fn increment(&mut self, bucket: &str, key: &str, by: i64) -> Result<i64> {
        let number = match self.entries.get(&*name(bucket, key))? {
            Some(value) => number(value.value()).ok_or(NO_NUMBER)?,
            None => 0,
        };
        let sum = number.checked_add(by).ok_or(TOO_LARGE)?;
        self.insert(bucket, key, sum.to_string().as_bytes())?;
        Ok(sum)
    }

    pub(crate) fn swap(
        &mut self,
        bucket: &str,
        key: &str,
        expected: Option<&[u8]>,
        value: &[u8],
    ) -> Result<Swapped> {
        let now = self.entries.get(&*name(bucket, key))?;
        let now = now.map(|now| now.value().to_vec());
        if now.as_deref() != expected {
            return Ok(Swapped::Other(now));
        }
        self.insert(bucket, key, value)?;
        Ok(Swapped::Done)
    }

    fn count(&mut self, before: usize, after: usize) {
        let (before, after) = (before as u64, after as u64);
        self.bytes = self.bytes.saturating_sub(before).saturating_add(after);
    }
}

/// The number that a value is the text of, as this and Redis write it: without a plus, or a zero before it.
fn number(value: &[u8]) -> Option<i64> {
    let number: i64 = str::from_utf8(value).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == value).then_some(number)
}
