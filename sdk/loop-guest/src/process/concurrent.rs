//! The functions of `loop:process/children-async`.

use std::future::poll_fn;
use std::pin::pin;

use wit_bindgen::{StreamReader, StreamWriter};

use crate::process::bindings::{children_async, wit_stream};
use crate::process::{Child, Closed, Command, ExecError, Finished, Status};
use crate::time::to_nanos;

impl Command {
    /// Runs it to its end, and collects what it writes. Dropping the future kills it.
    pub async fn run_async(&self) -> Result<Finished, ExecError> {
        let timeout = self.timeout.map(to_nanos);
        children_async::exec(self.raw.clone(), self.input.clone(), timeout).await
    }
}

impl Child {
    /// What it writes to its standard output, which is no [`Event`](crate::process::Event) from now on. Nothing if there is no pipe, or it was taken before.
    /// Dropping it closes the pipe.
    pub async fn stdout_async(&self) -> Option<StreamReader<u8>> {
        children_async::stdout(&self.raw).await.ok()
    }

    /// The same for its standard error.
    pub async fn stderr_async(&self) -> Option<StreamReader<u8>> {
        children_async::stderr(&self.raw).await.ok()
    }

    /// Gives it what `write` writes, and then the end. Says how many bytes it took: fewer, if it ended or reads no more.
    ///
    /// ```no_run
    /// # async fn shown() -> Result<(), Box<dyn std::error::Error>> {
    /// use loop_guest::process::Command;
    ///
    /// let child = Command::new("sort").spawn()?;
    /// child
    ///     .stdin_async(async |stdin| {
    ///         stdin.write_all(b"pear\napple\n".to_vec()).await;
    ///     })
    ///     .await?;
    /// if let Some(sorted) = child.stdout_async().await {
    ///     print!("{}", String::from_utf8_lossy(&sorted.collect().await));
    /// }
    /// println!("{}", child.ended_async().await);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A program that writes much while it reads has to be read meanwhile, by another future.
    pub async fn stdin_async(
        &self,
        write: impl AsyncFnOnce(&mut StreamWriter<u8>),
    ) -> Result<u64, Closed> {
        let (mut writer, content) = wit_stream::new();
        let mut feeding = pin!(self.stdin_from(content));
        let mut writing = pin!(async move { write(&mut writer).await });
        let mut written = false;
        poll_fn(|context| {
            // What is still to be written when nobody reads any more is dropped.
            written = written || writing.as_mut().poll(context).is_ready();
            feeding.as_mut().poll(context)
        })
        .await
    }

    /// Gives it what a stream brings, and then the end.
    pub async fn stdin_from(&self, content: StreamReader<u8>) -> Result<u64, Closed> {
        let given = children_async::stdin(&self.raw, content).await;
        given.map_err(|()| Closed)
    }

    /// Waits until it has ended.
    pub async fn ended_async(&self) -> Status {
        children_async::ended(&self.raw).await
    }
}
