//! `loop:process/children-async`: children beside what else the instance does.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::Sender;
use wasmtime::component::{Accessor, Resource, StreamReader};

use crate::process::bindings::loop_::process::children::{Command, ExecError, Finished, Status};
use crate::process::bindings::loop_::process::children_async::{Host, HostWithStore};
use crate::process::child::{Child, writable, write};
use crate::process::group::Group;
use crate::process::output::Output;
use crate::process::{Children, ChildrenView, exec};
use crate::stream::{from_instance, to_instance};

impl Host for ChildrenView<'_> {}

impl<T: 'static> HostWithStore<T> for Children {
    async fn stdout(
        store: &Accessor<T, Self>,
        child: Resource<Child>,
    ) -> wasmtime::Result<Result<StreamReader<u8>, ()>> {
        let child = store.with(|mut view| view.get().child(&child))?;
        stream(store, child.take_stdout(), child.group())
    }

    async fn stderr(
        store: &Accessor<T, Self>,
        child: Resource<Child>,
    ) -> wasmtime::Result<Result<StreamReader<u8>, ()>> {
        let child = store.with(|mut view| view.get().child(&child))?;
        stream(store, child.take_stderr(), child.group())
    }

    async fn stdin(
        store: &Accessor<T, Self>,
        child: Resource<Child>,
        content: StreamReader<u8>,
    ) -> wasmtime::Result<Result<u64, ()>> {
        let child = store.with(|mut view| view.get().child(&child))?;
        let mut pieces = store.with(|view| from_instance(view, content))?;
        let Some(pipe) = child.take_stdin() else {
            return Ok(Err(()));
        };
        // Not to be kept by who waits for the component.
        drop(child);
        let mut count = 0;
        while let Some(piece) = pieces.recv().await {
            let written = feed(&pipe, &piece).await;
            count += written as u64;
            if written < piece.len() {
                break;
            }
        }
        Ok(Ok(count))
    }

    async fn ended(store: &Accessor<T, Self>, child: Resource<Child>) -> wasmtime::Result<Status> {
        let group =
            store.with(|mut view| Ok::<_, wasmtime::Error>(view.get().child(&child)?.group()))?;
        loop {
            if let Some(status) = group.status() {
                return Ok(status.into());
            }
            group.ended().await;
        }
    }

    async fn exec(
        store: &Accessor<T, Self>,
        command: Command,
        input: Vec<u8>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<Finished, ExecError>> {
        let order = store.with(|mut view| view.get().order(command));
        exec::run(order, &input, timeout).await
    }
}

/// What comes from an output, if it is still there.
fn stream<T: 'static>(
    store: &Accessor<T, Children>,
    output: Option<Arc<Output>>,
    group: Arc<Group>,
) -> wasmtime::Result<Result<StreamReader<u8>, ()>> {
    let Some(output) = output else {
        return Ok(Err(()));
    };
    let (pieces, bytes) = store.with(|view| to_instance(view, ()))?;
    tokio::spawn(send(output, group, pieces));
    Ok(Ok(bytes))
}

/// Sends what a program writes, until it writes no more or nobody reads it.
async fn send(output: Arc<Output>, group: Arc<Group>, pieces: Sender<Vec<u8>>) {
    loop {
        // Asked first: what it wrote before its end is in the pipe then.
        if group.status().is_some() {
            output.ended();
        }
        match output.read() {
            Some(piece) => {
                if pieces.send(piece).await.is_err() {
                    return;
                }
            }
            None if output.is_over() => return,
            None => tokio::select! {
                () = output.readable() => {}
                () = group.ended() => {}
                () = pieces.closed() => return,
            },
        }
    }
}

/// Gives a program all of a piece to read; less, if it reads no more.
async fn feed(pipe: &Arc<AsyncFd<OwnedFd>>, piece: &[u8]) -> usize {
    let mut count = 0;
    while let Some(rest) = piece.get(count..).filter(|rest| !rest.is_empty()) {
        match write(pipe, rest) {
            Some(0) => writable(Some(Arc::clone(pipe))).await,
            Some(written) => count += written,
            None => break,
        }
    }
    count
}
