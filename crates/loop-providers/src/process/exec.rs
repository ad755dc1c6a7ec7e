//! Programs that run from beginning to end.

use crate::process::bindings::loop_::process::children::{
    Errors, Event, ExecError, Finished, Input, Output, SpawnError, Status, Streams,
};
use crate::process::child::{Inner, Order, within};

/// The most that a program may write to both streams together, in bytes: 16 MiB, as much as `loop:fsx` reads at once. It stands in
/// the host's memory and in the component's at the same time.
const OUTPUT_BYTES_MAX: usize = 16 << 20;

/// Runs a program to its end. It is killed when this is given up.
pub(crate) async fn run(
    order: Result<Order, SpawnError>,
    input: &[u8],
    timeout: Option<u64>,
) -> wasmtime::Result<Result<Finished, ExecError>> {
    let order = match order {
        Ok(order) => order,
        Err(error) => return Ok(Err(ExecError::Spawn(error))),
    };
    let streams = Streams {
        stdin: if input.is_empty() {
            Input::Empty
        } else {
            Input::Pipe
        },
        stdout: Output::Pipe,
        stderr: Errors::Pipe,
    };
    let run = async {
        let child = match order.start(streams).await? {
            Ok(child) => child,
            Err(error) => return Ok(Err(ExecError::Spawn(error))),
        };
        Ok(finish(&child.inner, input).await)
    };
    within(timeout, run)
        .await
        .unwrap_or(Ok(Err(ExecError::TimedOut)))
}

async fn finish(child: &Inner, mut input: &[u8]) -> Result<Finished, ExecError> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut status = Status::Exited(0);
    feed(child, &mut input);
    while let Some(event) = child.next().await {
        match event {
            Event::Stdout(bytes) => stdout.extend(bytes),
            Event::Stderr(bytes) => stderr.extend(bytes),
            Event::Writable => feed(child, &mut input),
            Event::Ended(how) => status = how,
        }
        if stdout.len() + stderr.len() > OUTPUT_BYTES_MAX {
            return Err(ExecError::TooLarge(OUTPUT_BYTES_MAX as u64));
        }
    }
    Ok(Finished {
        status,
        stdout,
        stderr,
    })
}

/// Gives a program as much of its input as it takes now; after the last of it, or if it reads no more, the end.
fn feed(child: &Inner, input: &mut &[u8]) {
    while let Some(written) = child.write(input) {
        *input = input.get(written..).unwrap_or_default();
        if input.is_empty() {
            break;
        }
        if written == 0 {
            return;
        }
    }
    child.close_stdin();
}
