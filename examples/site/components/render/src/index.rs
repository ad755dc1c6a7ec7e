//! The index of the search, kept in `wasi:keyvalue`: for each page its words, with the digest of the text that they were counted in.

use loop_guest::keyvalue::{Bucket, Error};
use loop_guest::log;

use crate::bindings::site::pages::words;
use crate::pages::{Pages, digest};
use crate::words::Words;

/// The bucket of the index.
const BUCKET: &str = "words";

/// The largest value that providers take, in bytes. Words of a longer page are counted at each start.
const VALUE_BYTES_MAX: usize = 1 << 20;

/// How many pages are looked up and kept at once: as many of the largest values as providers take together.
const BATCH: usize = 15;

/// The index of all pages.
pub struct Index(Bucket);

impl Index {
    /// Opens it. It is empty at the first start.
    pub fn open() -> Result<Self, Error> {
        Bucket::open(BUCKET).map(Self)
    }

    /// Gives these pages their words: those that were kept, if they are of the same text, and else those that are counted now, which are
    /// kept. Gives how many were counted.
    pub fn fill(&self, pages: &mut Pages, made: &[String]) -> Result<usize, Error> {
        let mut counted = 0;
        for paths in made.chunks(BATCH) {
            let mut new = Vec::new();
            for (path, kept) in paths.iter().zip(self.0.get_many(paths)?) {
                let Some(page) = pages.get_mut(path) else {
                    continue;
                };
                let digest = digest(&page.text);
                let kept = kept.as_deref().and_then(|kept| str::from_utf8(kept).ok());
                if let Some(words) = kept.and_then(|kept| Words::read(kept, digest)) {
                    page.words = words;
                    continue;
                }
                let words = words::count(&page.text).into_iter();
                page.words = Words::new(words.map(|word| (word.text, word.times)).collect());
                counted += 1;
                let value = page.words.write(digest);
                if value.len() <= VALUE_BYTES_MAX {
                    new.push((path.clone(), value.into_bytes()));
                } else {
                    log::warn!(path = path; "too many words to be kept");
                }
            }
            self.0.set_many(&new)?;
        }
        Ok(counted)
    }

    /// Forgets a page.
    pub fn remove(&self, path: &str) -> Result<(), Error> {
        self.0.delete(path)
    }

    /// Forgets pages that are no more.
    pub fn remove_all_but(&self, pages: &Pages) -> Result<(), Error> {
        let keys: Vec<String> = self.0.keys().collect::<Result<_, _>>()?;
        for key in keys.iter().filter(|key| pages.get(key).is_none()) {
            self.remove(key)?;
        }
        Ok(())
    }
}
