//! Programs that run to their end, and ends.

use std::pin::pin;

use suite::{begun, both, gives, is};

use crate::loop_::process::children::{ExecError, Signal, SpawnError, Status};
use crate::loop_::process::children_async::{ended, exec};
use crate::{Case, command, start};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("two at once", |()| Box::pin(two())),
    ("one that may not be started", |()| Box::pin(denied())),
    ("one that takes too long", |()| Box::pin(too_long())),
    ("one that is given up", |()| Box::pin(given_up())),
    ("how it ended", |()| Box::pin(how())),
    ("waiting is given up", |()| Box::pin(not_waited())),
];

/// That one does not wait for the other is shown where one never ends.
async fn two() -> Result<(), String> {
    let run = |text: &str| exec(command("sh", &["-c", text]), b"hello".to_vec(), None);
    let (one, other) = both(run("cat; exit 3"), run("cat >&2; exit 4")).await;
    let (one, other) = (gives("exec", one)?, gives("exec", other)?);
    is("one", one.stdout, b"hello".to_vec())?;
    is("its status", matches!(one.status, Status::Exited(3)), true)?;
    is("other", other.stderr, b"hello".to_vec())?;
    is(
        "its status",
        matches!(other.status, Status::Exited(4)),
        true,
    )
}

async fn denied() -> Result<(), String> {
    match exec(command("rm", &["-rf", "/"]), Vec::new(), None).await {
        Err(ExecError::Spawn(SpawnError::Denied)) => Ok(()),
        got => Err(format!("{got:?}")),
    }
}

async fn too_long() -> Result<(), String> {
    match exec(
        command("sh", &["-c", "sleep 60"]),
        Vec::new(),
        Some(50_000_000),
    )
    .await
    {
        Err(ExecError::TimedOut) => Ok(()),
        got => Err(format!("{got:?}")),
    }
}

/// It would hold a place of the 32 otherwise.
async fn given_up() -> Result<(), String> {
    for _ in 0..40 {
        let mut running = pin!(exec(command("sh", &["-c", "sleep 60"]), Vec::new(), None));
        is("runs", begun(running.as_mut()).await.is_none(), true)?;
        // Time for it to be started.
        let wait = exec(command("sh", &["-c", ":"]), Vec::new(), None);
        gives("exec", wait.await)?;
    }
    Ok(())
}

async fn how() -> Result<(), String> {
    let child = start("exit 7")?;
    for _ in 0..2 {
        let status = ended(&child).await;
        is("status", matches!(status, Status::Exited(7)), true)?;
    }
    let child = start("echo begun; exec sleep 60")?;
    let mut waiting = pin!(ended(&child));
    is("runs", begun(waiting.as_mut()).await.is_none(), true)?;
    child.signal(Signal::Terminate);
    is("status", matches!(waiting.await, Status::Killed(15)), true)
}

async fn not_waited() -> Result<(), String> {
    let child = start("read line; exit 3")?;
    {
        let mut waiting = pin!(ended(&child));
        is("runs", begun(waiting.as_mut()).await.is_none(), true)?;
    }
    child.close_stdin();
    is(
        "status",
        matches!(ended(&child).await, Status::Exited(1 | 3)),
        true,
    )
}
