//! Runs `wasi:cli` commands, of WASI 0.2 and 0.3.

use wasmtime_wasi::{I32Exit, p2, p3};

use crate::app::{Exit, outside};
use crate::error::CallError;
use crate::instances::{Instances, Live};

/// Runs the command once, in an instance of its own.
pub(crate) async fn run(root: &Instances, args: &[String]) -> Result<Exit, CallError> {
    let linked = &*root.linked;
    let call = match linked.limits.call {
        Some(limit) => outside().within(limit.0),
        // A command that a person started runs until it is done.
        None => outside(),
    };
    let pre = &linked.pre;
    let version = if p2::bindings::CommandIndices::new(pre).is_ok() {
        Version::Two
    } else if p3::bindings::CommandIndices::new(pre).is_ok() {
        Version::Three
    } else {
        return Err(CallError::NoExport {
            component: linked.name.to_string(),
            wanted: "command (`wasi:cli/run`)".to_owned(),
            exports: crate::invoke::exports(linked),
        });
    };
    let mut argv = vec![linked.name.to_string()];
    argv.extend_from_slice(args);
    let result = root
        .with_args(&call, &argv, move |live| {
            Box::pin(async move {
                let returned = match version {
                    Version::Two => run_p2(live).await,
                    Version::Three => run_p3(live).await,
                };
                match returned {
                    Ok(Ok(())) => Ok(Exit { code: 0 }),
                    Ok(Err(())) => Ok(Exit { code: 1 }),
                    Err(error) => match error.downcast_ref::<I32Exit>() {
                        Some(I32Exit(code)) => Ok(Exit { code: *code }),
                        None => Err(error),
                    },
                }
            })
        })
        .await?;
    Ok(result)
}

#[derive(Clone, Copy)]
enum Version {
    Two,
    Three,
}

async fn run_p2(live: &mut Live) -> wasmtime::Result<Result<(), ()>> {
    let command = p2::bindings::Command::new(&mut live.store, &live.instance)?;
    command.wasi_cli_run().call_run(&mut live.store).await
}

async fn run_p3(live: &mut Live) -> wasmtime::Result<Result<(), ()>> {
    let command = p3::bindings::Command::new(&mut live.store, &live.instance)?;
    live.store
        .run_concurrent(async |store| command.wasi_cli_run().call_run(store).await)
        .await?
}
