//! Entries on a server that speaks Redis's protocol.
//!
//! A bucket is a hash, `PREFIX:BUCKET`, from keys to values, and a sorted set of the same keys, `PREFIX:BUCKET:keys`, which lists
//! them in the order of their bytes; both change together. So others can read values with `HGET`, and what they write shows in
//! lists if they write both. When a thing that was written is on the server's disk is up to the server.

mod connection;
mod parts;
mod pool;
mod target;

use std::fmt;

use redis::{ErrorKind, Pipeline, RedisError, Value};

use crate::keyvalue::error::{Failure, NO_NUMBER, Result, TOO_LARGE};
use crate::keyvalue::limits::{BATCH_BYTES_MAX, KEY_BYTES_MAX, PAGE_KEYS_MAX, VALUE_BYTES_MAX};
use crate::keyvalue::server::connection::Most;
use crate::keyvalue::server::pool::Pool;
use crate::keyvalue::store::{Page, Swapped};

pub(crate) use crate::keyvalue::server::target::Target;

/// What an answer has beside its content, and what an answer without content has: lengths, line ends, the texts of errors.
const ANSWER_BYTES: usize = 16 << 10;

/// The same for each part of an answer that is a list.
const PART_BYTES: usize = 16;

/// An answer without content: a line, or of a transaction one for each of its commands, before it and in it.
const LINE: Most = Most {
    bytes: ANSWER_BYTES,
    parts: 16,
};

/// One value, perhaps in a list.
const ONE: Most = Most {
    bytes: VALUE_BYTES_MAX + ANSWER_BYTES,
    parts: 2,
};

/// A list of so many parts, and their contents.
const fn list_of(parts: usize, contents: usize) -> Most {
    Most {
        bytes: contents + parts * PART_BYTES + ANSWER_BYTES,
        parts: parts + 1,
    }
}

/// Counts up. What the server's own numbers come to within a script is not exact, so the sum is read as text.
const INCREMENT: &str = "
redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return redis.call('HGET', KEYS[1], ARGV[1])";

/// Replaces a value if it is still what it was: nothing, where the second argument is 0. Gives 1, or a list of what is there.
const SWAP: &str = "
local now = redis.call('HGET', KEYS[1], ARGV[1])
if (ARGV[2] == '1' and now == ARGV[3]) or (ARGV[2] == '0' and not now) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
  redis.call('ZADD', KEYS[2], 0, ARGV[1])
  return 1
end
return {now}";

/// The entries of an app on a server.
pub(crate) struct ServerStore {
    prefix: String,
    pool: Pool,
}

impl ServerStore {
    /// Entries on the server that the settings name. It is connected to when it is first asked something.
    pub(crate) fn new(target: Target) -> Self {
        Self {
            prefix: target.prefix.clone(),
            pool: Pool::new(target),
        }
    }

    pub(crate) async fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>> {
        let mut get = redis::cmd("HGET");
        get.arg(self.values(bucket)).arg(key);
        bytes(self.pool.ask(&get, ONE).await?)
    }

    pub(crate) async fn exists(&self, bucket: &str, key: &str) -> Result<bool> {
        let mut exists = redis::cmd("HEXISTS");
        exists.arg(self.values(bucket)).arg(key);
        match self.pool.ask(&exists, LINE).await? {
            Value::Int(count) => Ok(count == 1),
            _ => Err(unexpected()),
        }
    }

    pub(crate) async fn list(&self, bucket: &str, after: Option<&str>) -> Result<Page> {
        let first = match after {
            Some(after) => format!("({after}"),
            None => "-".to_owned(),
        };
        let mut list = redis::cmd("ZRANGEBYLEX");
        list.arg(self.keys(bucket)).arg(first).arg("+");
        list.arg("LIMIT").arg(0).arg(PAGE_KEYS_MAX + 1);
        let keys_max = PAGE_KEYS_MAX + 1;
        let most = list_of(keys_max, keys_max * KEY_BYTES_MAX);
        let Value::Array(found) = self.pool.ask(&list, most).await? else {
            return Err(unexpected());
        };
        let keys = found.into_iter().map(|key| {
            let key = bytes(key)?.ok_or_else(unexpected)?;
            Ok(String::from_utf8_lossy(&key).into_owned())
        });
        let mut keys = keys.collect::<Result<Vec<String>>>()?;
        let more = keys.len() > PAGE_KEYS_MAX;
        keys.truncate(PAGE_KEYS_MAX);
        Ok(Page { keys, more })
    }

    pub(crate) async fn get_many(
        &self,
        bucket: &str,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut get = redis::cmd("HMGET");
        get.arg(self.values(bucket)).arg(keys);
        let most = list_of(keys.len(), BATCH_BYTES_MAX);
        let Value::Array(values) = self.pool.ask(&get, most).await? else {
            return Err(unexpected());
        };
        if values.len() != keys.len() {
            return Err(unexpected());
        }
        let values = values.into_iter().map(bytes).collect::<Result<Vec<_>>>()?;
        let sum: usize = values.iter().flatten().map(Vec::len).sum();
        if sum > BATCH_BYTES_MAX {
            return Err(Failure::batch_too_large());
        }
        Ok(values)
    }

    pub(crate) async fn set(&self, bucket: &str, entries: &[(String, Vec<u8>)]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let scored: Vec<(u8, &str)> = entries.iter().map(|(key, _)| (0, &**key)).collect();
        let mut both = redis::pipe();
        both.cmd("HSET").arg(self.values(bucket)).arg(entries);
        both.cmd("ZADD").arg(self.keys(bucket)).arg(scored);
        self.together(both).await
    }

    pub(crate) async fn delete(&self, bucket: &str, keys: &[String]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut both = redis::pipe();
        both.cmd("HDEL").arg(self.values(bucket)).arg(keys);
        both.cmd("ZREM").arg(self.keys(bucket)).arg(keys);
        self.together(both).await
    }

    pub(crate) async fn increment(&self, bucket: &str, key: &str, by: i64) -> Result<i64> {
        let mut increment = redis::cmd("EVAL");
        increment.arg(INCREMENT).arg(2);
        increment.arg(self.values(bucket)).arg(self.keys(bucket));
        increment.arg(key).arg(by);
        let sum = bytes(self.pool.ask(&increment, LINE).await?)?;
        let sum = sum.and_then(|sum| str::from_utf8(&sum).ok()?.parse().ok());
        sum.ok_or_else(unexpected)
    }

    pub(crate) async fn swap(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<&[u8]>,
        value: &[u8],
    ) -> Result<Swapped> {
        let mut swap = redis::cmd("EVAL");
        swap.arg(SWAP).arg(2);
        swap.arg(self.values(bucket)).arg(self.keys(bucket));
        swap.arg(key).arg(u8::from(expected.is_some()));
        swap.arg(expected.unwrap_or_default()).arg(value);
        match self.pool.ask(&swap, ONE).await? {
            Value::Int(1) => Ok(Swapped::Done),
            Value::Array(now) => {
                let [now] = <[Value; 1]>::try_from(now).map_err(|_| unexpected())?;
                Ok(Swapped::Other(bytes(now)?))
            }
            _ => Err(unexpected()),
        }
    }

    /// Does several things as one, whose answers do not matter.
    async fn together(&self, mut pipeline: Pipeline) -> Result<()> {
        pipeline.atomic();
        self.pool.ask(&pipeline, LINE).await.map(drop)
    }

    /// The hash of a bucket.
    fn values(&self, bucket: &str) -> String {
        format!("{}:{bucket}", self.prefix)
    }

    /// The sorted set of its keys.
    fn keys(&self, bucket: &str) -> String {
        format!("{}:{bucket}:keys", self.prefix)
    }
}

impl fmt::Debug for ServerStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

fn bytes(value: Value) -> Result<Option<Vec<u8>>> {
    match value {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes)),
        _ => Err(unexpected()),
    }
}

/// The answer is none to what was asked.
fn unexpected() -> Failure {
    Failure::Broken("the store's server answered something else than it was asked".to_owned())
}

/// What a component is told of an error that the server answered; none if the error is not that. The server's own text is not passed
/// on.
fn refused(error: &RedisError) -> Option<Failure> {
    if error.kind() == ErrorKind::AuthenticationFailed {
        return Some(Failure::Denied);
    }
    // A transaction has one for each of its commands.
    let errors = error.clone().into_server_errors()?;
    let known = errors.iter().find_map(|(_, error)| {
        let detail = error.details().unwrap_or_default();
        Some(match error.code() {
            "NOPERM" | "NOAUTH" | "WRONGPASS" => Failure::Denied,
            "OOM" => Failure::Full("there is no room left on the store's server".to_owned()),
            _ if detail.contains("not an integer") => NO_NUMBER,
            _ if detail.contains("would overflow") => TOO_LARGE,
            _ => return None,
        })
    });
    let other = || Failure::Broken("the store's server refused".to_owned());
    Some(known.unwrap_or_else(other))
}
