//! Children, as a component has them.

use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;
use wasmtime::component::Resource;

use crate::process::bindings::loop_::process::children::{
    self, AnyError, Command, Errors, Event, ExecError, Finished, Host, HostChild, Input, NextError,
    Signal, SpawnError, Status, Streams,
};
use crate::process::command::Allowed;
use crate::process::group::{self, Group, Held};
use crate::process::keeper::Keeper;
use crate::process::output::{CHUNK_BYTES_MAX, Output, ready, watched};
use crate::process::{ChildrenView, exec, lock};
use crate::work::blocking;

/// The most children of one instance. Each keeps up to four descriptors open, and a process has 1,024 by custom, for all its
/// instances.
pub(crate) const CHILDREN_MAX: usize = 32;

/// A child.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Debug)]
pub struct Child {
    pub(crate) inner: Arc<Inner>,
    /// Counts it.
    _one: Arc<()>,
}

/// What is done with a child.
#[derive(Debug)]
pub(crate) struct Inner {
    group: Held,
    stdin: Mutex<Option<Arc<AsyncFd<OwnedFd>>>>,
    /// Whether a write did not take everything, and that it takes more has not been told.
    is_writing: AtomicBool,
    stdout: Mutex<Option<Arc<Output>>>,
    stderr: Mutex<Option<Arc<Output>>>,
    /// An event that was found, and has not been taken.
    found: Mutex<Option<Event>>,
    /// Whether its end has been found.
    is_over: AtomicBool,
}

impl Inner {
    /// Starts a program. Blocks until it runs. Within a runtime only.
    fn start(allowed: Allowed, streams: Streams, keeper: &Arc<Keeper>) -> Result<Self, SpawnError> {
        let null_or_pipe = |pipe: bool| if pipe { Stdio::piped() } else { Stdio::null() };
        let to_stdout = matches!(streams.stdout, children::Output::Pipe);
        let mark = keeper.begin()?;
        let (mut command, _folder) = allowed.prepare(&keeper.variable(mark)?)?;
        command.stdin(null_or_pipe(matches!(streams.stdin, Input::Pipe)));
        command.stdout(null_or_pipe(to_stdout));
        command.stderr(null_or_pipe(matches!(streams.stderr, Errors::Pipe)));
        let mut both = None;
        if let (Errors::Stdout, true) = (streams.stderr, to_stdout) {
            let (reader, writer) = std::io::pipe()?;
            command.stdout(writer.try_clone()?).stderr(writer);
            both = Some(OwnedFd::from(reader));
        }
        let mut child = command.spawn()?;
        // It holds ends of the pipes that are the program's now.
        drop(command);
        let stdin = child.stdin.take().map(OwnedFd::from);
        let stdout = both.or_else(|| child.stdout.take().map(OwnedFd::from));
        let stderr = child.stderr.take().map(OwnedFd::from);
        let group = Group::hold(child, mark, keeper)?;
        Ok(Self {
            group,
            stdin: Mutex::new(stdin.map(watched).transpose()?.map(Arc::new)),
            is_writing: AtomicBool::new(false),
            stdout: output(stdout)?,
            stderr: output(stderr)?,
            found: Mutex::new(None),
            is_over: AtomicBool::new(false),
        })
    }

    /// Gives it as much to read as it takes now. None if nobody will read it.
    pub(crate) fn write(&self, bytes: &[u8]) -> Option<usize> {
        let mut stdin = lock(&self.stdin);
        let pipe = stdin.as_ref()?;
        let Some(written) = write(pipe, bytes) else {
            *stdin = None;
            return None;
        };
        self.is_writing
            .store(written < bytes.len(), Ordering::Relaxed);
        Some(written)
    }

    pub(crate) fn close_stdin(&self) {
        *lock(&self.stdin) = None;
    }

    /// What it reads from, for somebody else: it is closed for all others.
    pub(crate) fn take_stdin(&self) -> Option<Arc<AsyncFd<OwnedFd>>> {
        lock(&self.stdin).take()
    }

    /// What it writes to, for somebody else: what comes is no event any more.
    pub(crate) fn take_stdout(&self) -> Option<Arc<Output>> {
        lock(&self.stdout).take()
    }

    /// The same for its standard error.
    pub(crate) fn take_stderr(&self) -> Option<Arc<Output>> {
        lock(&self.stderr).take()
    }

    /// The program, with what it started.
    pub(crate) fn group(&self) -> Arc<Group> {
        self.group.group()
    }

    /// Whether there is an event, now.
    fn look(&self) -> bool {
        let mut found = lock(&self.found);
        if found.is_none() && !self.is_over.load(Ordering::Relaxed) {
            *found = self.find();
        }
        found.is_some()
    }

    fn find(&self) -> Option<Event> {
        // Asked first: what it wrote before its end is in the pipes then.
        let status = self.group.status();
        let (stdout, stderr) = self.outputs();
        if status.is_some() {
            let outputs = [&stdout, &stderr].into_iter().flatten();
            outputs.for_each(|output| output.ended());
        }
        let writable = || {
            let stdin = lock(&self.stdin);
            let is_writing = self.is_writing.load(Ordering::Relaxed);
            let pipe = stdin.as_ref().filter(|_| is_writing)?;
            let is_ready = ready(pipe.get_ref(), PollFlags::OUT);
            self.is_writing.store(!is_ready, Ordering::Relaxed);
            is_ready.then_some(Event::Writable)
        };
        let stdout = || Some(Event::Stdout(stdout.as_ref()?.read()?));
        let stderr = || Some(Event::Stderr(stderr.as_ref()?.read()?));
        // Of a program that floods one of its outputs the other is heard all the same, and it is fed.
        stderr().or_else(writable).or_else(stdout).or_else(|| {
            let status = status?;
            self.is_over.store(true, Ordering::Relaxed);
            Some(Event::Ended(status.into()))
        })
    }

    /// What is heard of it.
    fn outputs(&self) -> (Option<Arc<Output>>, Option<Arc<Output>>) {
        (lock(&self.stdout).clone(), lock(&self.stderr).clone())
    }

    /// Waits until there is an event. For ever if it is over.
    async fn wait(&self) {
        while !self.look() {
            if self.is_over.load(Ordering::Relaxed) {
                return std::future::pending().await;
            }
            let stdin = lock(&self.stdin).clone();
            let (stdout, stderr) = self.outputs();
            tokio::select! {
                () = readable(stdout.as_deref()) => {}
                () = readable(stderr.as_deref()) => {}
                () = writable(stdin.filter(|_| self.is_writing.load(Ordering::Relaxed))) => {}
                () = self.group.ended() => {}
            }
        }
    }

    /// Whether its end has been told.
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed) && lock(&self.found).is_none()
    }

    /// The next event. None if it is over.
    pub(crate) async fn next(&self) -> Option<Event> {
        if self.is_over() {
            return None;
        }
        self.wait().await;
        lock(&self.found).take()
    }
}

fn output(pipe: Option<OwnedFd>) -> std::io::Result<Mutex<Option<Arc<Output>>>> {
    let output = pipe.map(Output::new).transpose()?;
    Ok(Mutex::new(output.map(Arc::new)))
}

/// Writes as much as a pipe takes now, and at most a piece. None if nobody will read it.
pub(crate) fn write(pipe: &AsyncFd<OwnedFd>, bytes: &[u8]) -> Option<usize> {
    let most = bytes.get(..CHUNK_BYTES_MAX).unwrap_or(bytes);
    loop {
        match rustix::io::write(pipe.get_ref(), most) {
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Some(0),
            Ok(count) => return Some(count),
            Err(_) => return None,
        }
    }
}

async fn readable(output: Option<&Output>) {
    match output {
        Some(output) => output.readable().await,
        None => std::future::pending().await,
    }
}

pub(crate) async fn writable(stdin: Option<Arc<AsyncFd<OwnedFd>>>) {
    let Some(pipe) = stdin else {
        return std::future::pending().await;
    };
    match pipe.writable().await {
        Ok(mut guard) => {
            if !ready(pipe.get_ref(), PollFlags::OUT) {
                guard.clear_ready();
            }
        }
        Err(_) => std::future::pending().await,
    }
}

/// Waits for what is wanted, at most so many nanoseconds.
pub(crate) async fn within<R>(timeout: Option<u64>, wanted: impl Future<Output = R>) -> Option<R> {
    match timeout {
        Some(timeout) => {
            let timeout = Duration::from_nanos(timeout);
            tokio::time::timeout(timeout, wanted).await.ok()
        }
        None => Some(wanted.await),
    }
}

/// A program that may be started.
pub(crate) struct Order {
    allowed: Allowed,
    keeper: Arc<Keeper>,
    one: Arc<()>,
}

impl Order {
    /// Starts it.
    pub(crate) async fn start(
        self,
        streams: Streams,
    ) -> wasmtime::Result<Result<Child, SpawnError>> {
        // If nobody waits for it any more, the child is dropped there.
        blocking(move |_| {
            let inner = Arc::new(Inner::start(self.allowed, streams, &self.keeper)?);
            Ok(Child {
                inner,
                _one: self.one,
            })
        })
        .await
    }
}

impl ChildrenView<'_> {
    /// Asks whether the component may start a program. It counts from now on.
    pub(crate) fn order(&self, command: Command) -> Result<Order, SpawnError> {
        let granted = &*self.granted;
        if Arc::strong_count(&granted.children) > CHILDREN_MAX {
            let max = u32::try_from(CHILDREN_MAX).unwrap_or(u32::MAX);
            return Err(SpawnError::TooMany(max));
        }
        Ok(Order {
            allowed: Allowed::new(granted, command)?,
            keeper: Arc::clone(&granted.keeper),
            one: Arc::clone(&granted.children),
        })
    }

    pub(crate) fn child(&self, child: &Resource<Child>) -> wasmtime::Result<Arc<Inner>> {
        Ok(Arc::clone(&self.table.get(child)?.inner))
    }
}

impl HostChild for ChildrenView<'_> {
    async fn spawn(
        &mut self,
        command: Command,
        streams: Streams,
    ) -> wasmtime::Result<Result<Resource<Child>, SpawnError>> {
        let order = match self.order(command) {
            Ok(order) => order,
            Err(error) => return Ok(Err(error)),
        };
        match order.start(streams).await? {
            Ok(child) => Ok(Ok(self.table.push(child)?)),
            Err(error) => Ok(Err(error)),
        }
    }

    fn write(
        &mut self,
        child: Resource<Child>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<u32, ()>> {
        let written = self.child(&child)?.write(&bytes);
        Ok(written
            .and_then(|count| u32::try_from(count).ok())
            .ok_or(()))
    }

    fn close_stdin(&mut self, child: Resource<Child>) -> wasmtime::Result<()> {
        self.child(&child)?.close_stdin();
        Ok(())
    }

    async fn next(
        &mut self,
        child: Resource<Child>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<Event, NextError>> {
        let child = self.child(&child)?;
        Ok(match within(timeout, child.next()).await {
            Some(Some(event)) => Ok(event),
            Some(None) => Err(NextError::Over),
            None => Err(NextError::TimedOut),
        })
    }

    fn signal(&mut self, child: Resource<Child>, signal: Signal) -> wasmtime::Result<()> {
        use rustix::process::Signal as System;

        self.child(&child)?.group.signal(match signal {
            Signal::Hangup => System::HUP,
            Signal::Interrupt => System::INT,
            Signal::Quit => System::QUIT,
            Signal::Terminate => System::TERM,
            Signal::User1 => System::USR1,
            Signal::User2 => System::USR2,
        });
        Ok(())
    }

    fn kill(&mut self, child: Resource<Child>) -> wasmtime::Result<()> {
        self.child(&child)?
            .group
            .signal(rustix::process::Signal::KILL);
        Ok(())
    }

    async fn drop(&mut self, child: Resource<Child>) -> wasmtime::Result<()> {
        self.table.delete(child)?;
        Ok(())
    }
}

impl Host for ChildrenView<'_> {
    async fn any(
        &mut self,
        children: Vec<Resource<Child>>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<Vec<u32>, AnyError>> {
        if children.len() > CHILDREN_MAX {
            let max = u32::try_from(CHILDREN_MAX).unwrap_or(u32::MAX);
            return Ok(Err(AnyError::TooMany(max)));
        }
        let children = children.iter().map(|child| self.child(child));
        let children = children.collect::<Result<Vec<_>, _>>()?;
        if timeout.is_none() && children.iter().all(|child| child.is_over()) {
            return Ok(Err(AnyError::NothingToWaitFor));
        }
        let mut waits: Vec<_> = children
            .iter()
            .map(|child| Box::pin(child.wait()))
            .collect();
        let first = std::future::poll_fn(|context| {
            if waits
                .iter_mut()
                .any(|wait| wait.as_mut().poll(context).is_ready())
            {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        if within(timeout, first).await.is_none() {
            return Ok(Err(AnyError::TimedOut));
        }
        let ready = (0..).zip(&children).filter(|(_, child)| child.look());
        Ok(Ok(ready.map(|(index, _)| index).collect()))
    }

    async fn exec(
        &mut self,
        command: Command,
        input: Vec<u8>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<Finished, ExecError>> {
        exec::run(self.order(command), &input, timeout).await
    }
}

impl From<group::Status> for Status {
    fn from(status: group::Status) -> Self {
        match status {
            group::Status::Exited(code) => Self::Exited(code),
            group::Status::Killed(signal) => Self::Killed(signal),
        }
    }
}
