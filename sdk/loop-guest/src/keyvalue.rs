//! Keys and values that outlive the component, over `wasi:keyvalue`. With the feature `keyvalue`.
//!
//! The app says under `provide` who keeps them; the component is granted nothing for it.
//!
//! ```no_run
//! use loop_guest::keyvalue::{Bucket, Error};
//!
//! # fn main() -> Result<(), Error> {
//! let pages = Bucket::open("pages")?;
//! pages.set("home", "<h1>home</h1>")?;
//! let home: Option<String> = pages.get("home")?;
//! let visits = pages.increment("visits", 1)?;
//! let best = pages.update("best", |best: Option<u64>| best.unwrap_or(0).max(7))?;
//! for key in pages.keys() {
//!     println!("{}", key?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A value is bytes, text, or a number, which is kept as decimal text ([`ToValue`], [`FromValue`]); implement both for types of your own. The limits, and
//! what happens when a store fails, are those of the provider.

mod bindings;
mod error;
mod keys;
mod value;

use bindings::{atomics, batch, store};

pub use error::Error;
pub use keys::Keys;
pub use value::{FromValue, ToValue};

/// Keys and values that are opened by one name. Dropping it closes nothing but the handle.
#[derive(Debug)]
pub struct Bucket(store::Bucket);

impl Bucket {
    /// Opens a bucket, which has no entries if it was never opened before.
    ///
    /// # Errors
    /// The name is none, or the app may not use it.
    pub fn open(name: &str) -> Result<Self, Error> {
        Ok(Self(store::open(name)?))
    }

    /// The value of a key, if there is one.
    ///
    /// # Errors
    /// The store failed, or what is there is none of these values.
    pub fn get<V: FromValue>(&self, key: &str) -> Result<Option<V>, Error> {
        let value = self.0.get(key)?;
        value.map(|value| read(key, value)).transpose()
    }

    /// Sets the value of a key.
    pub fn set(&self, key: &str, value: impl ToValue) -> Result<(), Error> {
        Ok(self.0.set(key, &value.to_value())?)
    }

    /// Removes a key, if it is there.
    pub fn delete(&self, key: &str) -> Result<(), Error> {
        Ok(self.0.delete(key)?)
    }

    /// Whether a key is there.
    pub fn exists(&self, key: &str) -> Result<bool, Error> {
        Ok(self.0.exists(key)?)
    }

    /// All keys, page by page as they are asked for.
    pub fn keys(&self) -> Keys<'_> {
        Keys::new(&self.0)
    }

    /// The values of some keys, in their order.
    pub fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let entries = batch::get_many(&self.0, keys)?;
        let values = entries.into_iter().map(|entry| Some(entry?.1));
        Ok(values.collect())
    }

    /// Sets all of these: loop-kit's providers do so entirely or not at all.
    pub fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<(), Error> {
        Ok(batch::set_many(&self.0, entries)?)
    }

    /// Removes all of these.
    pub fn delete_many(&self, keys: &[String]) -> Result<(), Error> {
        Ok(batch::delete_many(&self.0, keys)?)
    }

    /// Adds to a number, as one step: nobody else's is lost. A key that is not there counts from zero. Gives the sum.
    ///
    /// # Errors
    /// What is there is no decimal number, or the sum is beyond 64 bits; or the store failed.
    pub fn increment(&self, key: &str, by: i64) -> Result<i64, Error> {
        Ok(atomics::increment(&self.0, key, by)?)
    }

    /// Replaces a value by what is made of it, as one step: when somebody else changes it meanwhile, it is made again of what is there
    /// then. Gives what was set.
    ///
    /// # Errors
    /// The store failed, or what is there is none of these values. Nothing is set then.
    pub fn update<V: FromValue, N: ToValue>(
        &self,
        key: &str,
        mut make: impl FnMut(Option<V>) -> N,
    ) -> Result<N, Error> {
        let mut cas = atomics::Cas::new(&self.0, key)?;
        loop {
            let old = cas.current()?;
            let new = make(old.map(|old| read(key, old)).transpose()?);
            match atomics::swap(cas, &new.to_value()) {
                Ok(()) => return Ok(new),
                Err(atomics::CasError::CasFailed(again)) => cas = again,
                Err(atomics::CasError::StoreError(error)) => return Err(error.into()),
            }
        }
    }
}

fn read<V: FromValue>(key: &str, value: Vec<u8>) -> Result<V, Error> {
    let other = || Error::Form {
        key: key.to_owned(),
        expected: V::NAME,
    };
    V::from_value(value).ok_or_else(other)
}
