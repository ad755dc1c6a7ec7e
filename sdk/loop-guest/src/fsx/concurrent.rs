//! The functions of `loop:fsx/files-async`.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use wit_bindgen::rt::async_support::StreamResult;
use wit_bindgen::{FutureReader, StreamReader, StreamWriter};

use super::bindings::loop_::fsx::files_async;
use super::bindings::wit_stream;
use super::{
    Algorithm, Entry, Error, Event, Matches, Operation, PAGE, Progress, Root, Temp, Watch,
};
use crate::time::to_nanos;

/// How much of a file is read at once, in bytes: what the host gives at once.
const PIECE: usize = 128 << 10;

impl Root {
    /// Reads a file of any size, from `offset` on, piece by piece.
    ///
    /// ```no_run
    /// # async fn shown(data: loop_guest::fsx::Root) -> Result<(), loop_guest::fsx::Error> {
    /// let mut film = data.read_async("film.mp4", 0).await?;
    /// while let Some(piece) = film.next().await? {
    ///     println!("{} bytes", piece.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_async(&self, path: &str, offset: u64) -> Result<Reading, Error> {
        let (bytes, ended) = files_async::read(&self.0, path.to_owned(), offset).await?;
        Ok(Reading {
            bytes,
            ended: Some(ended),
        })
    }

    /// Makes a file of any size, or replaces the one that is there, with what `write` writes: all of it or nothing. What was written counts once
    /// `write` is done and says that all is well; the old file stays if it fails or is dropped. Gives the number of bytes.
    ///
    /// What the file system says comes before what `write` says: nobody reads what it writes then.
    ///
    /// ```no_run
    /// # async fn shown(data: loop_guest::fsx::Root) -> Result<(), loop_guest::fsx::Error> {
    /// data.write_async("numbers", async |file| {
    ///     for number in 0..1_000_000_u32 {
    ///         file.write_all(number.to_le_bytes().to_vec()).await;
    ///     }
    ///     Ok::<_, loop_guest::fsx::Error>(())
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_async<E: From<Error>>(
        &self,
        path: &str,
        write: impl AsyncFnOnce(&mut StreamWriter<u8>) -> Result<(), E>,
    ) -> Result<u64, E> {
        // On the same file system as its place.
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let temp = self.0.create_temp(folder)?;
        let (mut writer, content) = wit_stream::new();
        let mut adding = pin!(temp.append_async(content));
        let mut writing = pin!(async move { write(&mut writer).await });
        let (mut added, mut written) = (None, None);
        poll_fn(|context| {
            if written.is_none()
                && let Poll::Ready(done) = writing.as_mut().poll(context)
            {
                written = Some(done);
            }
            if added.is_none()
                && let Poll::Ready(done) = adding.as_mut().poll(context)
            {
                added = Some(done);
            }
            match (&added, &written) {
                (Some(Err(_)), _) | (Some(Ok(_)), Some(_)) => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
        .await;
        let count = added.unwrap_or(Ok(0))?;
        written.unwrap_or(Ok(()))?;
        temp.save_async(path).await?;
        Ok(count)
    }

    /// The digest of a file.
    pub async fn digest_async(&self, path: &str, algorithm: Algorithm) -> Result<Vec<u8>, Error> {
        files_async::digest(&self.0, path.to_owned(), algorithm).await
    }

    /// The digest of a folder with all that is below it.
    pub async fn digest_tree_async(
        &self,
        path: &str,
        algorithm: Algorithm,
    ) -> Result<Vec<u8>, Error> {
        files_async::digest_tree(&self.0, path.to_owned(), algorithm).await
    }
}

/// A file that is read piece by piece. Dropping it ends that.
pub struct Reading {
    bytes: StreamReader<u8>,
    ended: Option<FutureReader<Result<(), Error>>>,
}

impl Reading {
    /// The next piece, or nothing after the last. An error is told once.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            if self.ended.is_none() {
                return Ok(None);
            }
            let (result, bytes) = self.bytes.read(Vec::with_capacity(PIECE)).await;
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
            if let (StreamResult::Dropped, Some(ended)) = (result, self.ended.take()) {
                ended.await?;
            }
        }
    }

    /// The stream, to be given to somebody else, and how it ended: a part of a file ends as a whole one does.
    pub fn into_parts(self) -> (StreamReader<u8>, Option<FutureReader<Result<(), Error>>>) {
        (self.bytes, self.ended)
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").finish_non_exhaustive()
    }
}

impl Temp {
    /// Adds what a stream gives to its end, and says how many bytes that were. The stream may have ended because its writer could not go on:
    /// whoever knows that all is there saves it.
    pub async fn append_async(&self, content: StreamReader<u8>) -> Result<u64, Error> {
        files_async::append(self, content).await
    }

    /// Puts it at a path of its root, as `save` does.
    pub async fn save_async(&self, path: &str) -> Result<(), Error> {
        files_async::save(self, path.to_owned()).await
    }
}

impl Matches {
    /// The next match, or nothing after the last. It ends after an error.
    pub async fn next_async(&mut self) -> Option<Result<Entry, Error>> {
        if self.page.is_empty() && !self.over {
            match files_async::next_matches(&self.raw, PAGE).await {
                Ok(page) => self.page = page.into(),
                Err(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
            }
            self.over = self.page.is_empty();
        }
        self.page.pop_front().map(Ok)
    }
}

impl Watch {
    /// The next events, at least one.
    pub async fn next_async(&mut self) -> Result<Vec<Event>, Error> {
        let mut events: Vec<Event> = self.batch.drain(..).collect();
        while events.is_empty() {
            events = files_async::next_events(&self.raw, PAGE, None).await?;
        }
        Ok(events)
    }
}

impl Operation {
    /// Works on until all is done or the time is over, and says how far it came.
    pub async fn work_async(&self, time: Duration) -> Result<Progress, Error> {
        files_async::work(&self.0, Some(to_nanos(time))).await
    }

    /// Works on until all is done.
    pub async fn finish_async(&self) -> Result<Progress, Error> {
        loop {
            let progress = files_async::work(&self.0, None).await?;
            if progress.done {
                return Ok(progress);
            }
        }
    }
}
