//! `loop:fsx/files-async`: what takes its time, beside what else the instance does.

use std::fs::File;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use crate::fsx::bindings::loop_::fsx::files::{
    Algorithm, Entry, Error, ErrorCode, Event, Progress,
};
use crate::fsx::bindings::loop_::fsx::files_async::{Host, HostWithStore};
use crate::fsx::error::Result;
use crate::fsx::glob::Matches;
use crate::fsx::root::{self, Root};
use crate::fsx::temp::Temp;
use crate::fsx::tree::{self, Operation};
use crate::fsx::watch::{self, Unawaited, Watch};
use crate::fsx::{Files, FilesView, file};
use crate::stream::{PIECE_BYTES_MAX, from_instance, to_instance};
use crate::work::blocking;

/// The most files that an instance reads as streams at once. Each keeps a file open, of which a process has 1,024 by custom for all its instances,
/// and up to three pieces in memory.
const READS_MAX: usize = 64;

/// A file as a stream, and how it ended.
type Reading = (StreamReader<u8>, FutureReader<Result<()>>);

impl Host for FilesView<'_> {}

impl<T: 'static> HostWithStore<T> for Files {
    async fn read(
        store: &Accessor<T, Self>,
        root: Resource<Root>,
        path: String,
        offset: u64,
    ) -> wasmtime::Result<Result<Reading>> {
        let (root, one) = store.with(|mut view| {
            let view = view.get();
            Ok::<_, wasmtime::Error>((view.root(&root)?, Arc::clone(&view.granted.reads)))
        })?;
        // Each has a clone, and so has the instance.
        if Arc::strong_count(&one) > READS_MAX + 1 {
            return Ok(Err(Error::TooMany(READS_MAX as u64)));
        }
        let opened = blocking(move |_| file::open(&root.dir, file::path(&path)?)).await?;
        let file = match opened {
            Ok(file) => Arc::new(file),
            Err(error) => return Ok(Err(error)),
        };
        let (done, ended) = oneshot::channel();
        let (pieces, bytes) = store.with(|view| to_instance(view, one))?;
        let ended = store.with(|view| FutureReader::new(view, ended))?;
        tokio::spawn(async move {
            let end = send(&file, offset, pieces).await;
            // Nobody may want to know.
            let _ = done.send(end);
        });
        Ok(Ok((bytes, ended)))
    }

    async fn append(
        store: &Accessor<T, Self>,
        temp: Resource<Temp>,
        content: StreamReader<u8>,
    ) -> wasmtime::Result<Result<u64>> {
        let temp = store.with(|mut view| view.get().temp(&temp))?;
        let mut pieces = store.with(|view| from_instance(view, content))?;
        let adding = match temp.begin_to_add() {
            Ok(adding) => Arc::new(adding),
            Err(error) => return Ok(Err(error)),
        };
        let mut count = 0;
        while let Some(piece) = pieces.recv().await {
            count += piece.len() as u64;
            let adding = Arc::clone(&adding);
            if let Err(error) = blocking(move |_| adding.add(&piece)).await? {
                return Ok(Err(error));
            }
        }
        Ok(Ok(count))
    }

    async fn save(
        store: &Accessor<T, Self>,
        temp: Resource<Temp>,
        path: String,
    ) -> wasmtime::Result<Result<()>> {
        let temp = store.with(|mut view| view.get().temp(&temp))?;
        blocking(move |_| temp.save(&path)).await
    }

    async fn next_matches(
        store: &Accessor<T, Self>,
        matches: Resource<Matches>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<Entry>>> {
        let search = store.with(|mut view| view.get().search(&matches))?;
        search.next(max).await
    }

    async fn next_events(
        store: &Accessor<T, Self>,
        watch: Resource<Watch>,
        max: u32,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<Vec<Event>>> {
        let watch = store.with(|mut view| view.get().watched(&watch))?;
        watch::next(watch, max, timeout, Unawaited::GoesOn).await
    }

    async fn work(
        store: &Accessor<T, Self>,
        operation: Resource<Operation>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<Progress>> {
        let operation = store.with(|mut view| view.get().begun(&operation))?;
        tree::next(operation, timeout).await
    }

    async fn digest(
        store: &Accessor<T, Self>,
        root: Resource<Root>,
        path: String,
        algorithm: Algorithm,
    ) -> wasmtime::Result<Result<Vec<u8>>> {
        let root = store.with(|mut view| view.get().root(&root))?;
        root::digest(root, path, algorithm).await
    }

    async fn digest_tree(
        store: &Accessor<T, Self>,
        root: Resource<Root>,
        path: String,
        algorithm: Algorithm,
    ) -> wasmtime::Result<Result<Vec<u8>>> {
        let (root, entries) = store.with(|mut view| {
            let view = view.get();
            Ok::<_, wasmtime::Error>((view.root(&root)?, view.granted.entries.clone()))
        })?;
        root::digest_tree(root, path, algorithm, entries).await
    }
}

/// Sends a file from here on, until nobody reads any more.
async fn send(file: &Arc<File>, mut offset: u64, pieces: Sender<Vec<u8>>) -> Result<()> {
    let length = u32::try_from(PIECE_BYTES_MAX).unwrap_or(u32::MAX);
    loop {
        let file = Arc::clone(file);
        let read = blocking(move |_| file::read_range(&file, offset, length)).await;
        let piece = read.map_err(|_| Error::Code(ErrorCode::Io))??;
        offset = offset.saturating_add(piece.len() as u64);
        if piece.is_empty() || pieces.send(piece).await.is_err() {
            return Ok(());
        }
    }
}
