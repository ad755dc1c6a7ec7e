//! The matches of a search, in pages. The next page is looked for while the component works with the one before.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::{JoinHandle, spawn_blocking};

use crate::fsx::bindings::loop_::fsx::files::Entry;
use crate::fsx::error::Result;
use crate::fsx::glob::Search;
use crate::work::Stop;

/// The most matches that are given at once. With long paths, they are a megabyte or two.
const PAGE_MAX: u32 = 1_000;

/// The most bytes of paths that are found before they are asked for, and an entry more: a page of paths of ordinary length. All searches of an instance come
/// to 16 MiB.
const AHEAD_BYTES_MAX: usize = 256 << 10;

/// The pages of one search.
#[derive(Debug)]
pub(crate) struct Pages {
    search: Arc<Mutex<Search>>,
    /// Who looks for matches now. Whoever asks for a page has this, so that pages are given one after the other.
    looking: tokio::sync::Mutex<Option<JoinHandle<()>>>,
    /// How much was left out before the last page ended.
    left_out: AtomicU64,
    /// What is looked for when the handle is dropped is of no use.
    stop: Arc<Stop>,
}

impl Pages {
    pub(crate) fn new(search: Search) -> Self {
        Self {
            left_out: AtomicU64::new(search.left_out),
            search: Arc::new(Mutex::new(search)),
            looking: tokio::sync::Mutex::default(),
            stop: Arc::default(),
        }
    }

    /// The next page. A call that is cut off loses nothing: what was found meanwhile is in the page of the next.
    ///
    /// # Errors
    /// The inner one is what ended the search. The outer one: the work panicked, or the runtime ends.
    pub(crate) async fn next(&self, max: u32) -> wasmtime::Result<Result<Vec<Entry>>> {
        let max = max.min(PAGE_MAX) as usize;
        let mut looking = self.looking.lock().await;
        loop {
            if let Some(task) = looking.as_mut() {
                let looked = task.await;
                *looking = None;
                looked?;
            }
            let page = {
                let mut search = self.search();
                (search.found.len() >= max || search.is_over()).then(|| self.take(&mut search, max))
            };
            let Some(page) = page else {
                *looking = Some(self.look(max, usize::MAX));
                continue;
            };
            // Who asks for single matches gets as few in advance.
            if max > 0 && page.as_ref().is_ok_and(|page| page.len() == max) {
                *looking = Some(self.look(max, AHEAD_BYTES_MAX));
            }
            return Ok(page);
        }
    }

    /// How much was left out so far.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    fn search(&self) -> MutexGuard<'_, Search> {
        self.search.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, search: &mut Search, max: usize) -> Result<Vec<Entry>> {
        self.left_out.store(search.left_out, Ordering::Relaxed);
        if search.found.is_empty()
            && let Some(error) = search.failed.take()
        {
            return Err(error);
        }
        if search.found.len() <= max {
            return Ok(mem::take(&mut search.found));
        }
        Ok(search.found.drain(..max).collect())
    }

    /// Looks for so many matches, or for so many bytes of paths.
    fn look(&self, count: usize, bytes: usize) -> JoinHandle<()> {
        let (search, stop) = (Arc::clone(&self.search), Arc::clone(&self.stop));
        spawn_blocking(move || {
            let mut search = search.lock().unwrap_or_else(PoisonError::into_inner);
            search.fill(count, bytes, &stop);
        })
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.stop.stop();
    }
}
