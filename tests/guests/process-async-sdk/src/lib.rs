//! Runs programs by the SDK's async functions: two at once, fed and read by streams, one into another.

use loop_guest::wit_bindgen;

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.3.0",
    inline: "package test:process-async-sdk; world guest {
        export wasi:cli/run@0.3.0;
    }",
    runtime_path: "loop_guest::wit_bindgen::rt",
    generate_all,
});

use std::error::Error;
use std::time::Duration;

use loop_guest::process::{Child, Command, Errors, Event, ExecError, Input, Output, Signal};
use suite::both;

/// Far more than all pipes on the way hold.
const PIECE: usize = 100_000;
const PIECES: u8 = 20;

struct Guest;

impl exports::wasi::cli::run::Guest for Guest {
    async fn run() -> Result<(), ()> {
        show().await.map_err(|error| println!("{error}"))
    }
}

export!(Guest);

fn sh(script: &str) -> Command {
    Command::new("sh").args(["-c", script])
}

async fn show() -> Result<(), Box<dyn Error>> {
    to_the_end().await?;
    by_streams().await?;
    one_into_another().await?;
    ended().await
}

async fn to_the_end() -> Result<(), ExecError> {
    let slow = sh("cat; exit 3").input("hello");
    let (one, other) = both(slow.run_async(), sh("echo bad >&2").run_async()).await;
    let (one, other) = (one?, other?);
    println!("one: {}, {}", text(&one.stdout), one.status);
    println!("other: {}, {}", text(&other.stderr), other.status);
    let limited = sh("sleep 60").timeout(Duration::from_millis(50));
    println!("limited: {:?}", limited.run_async().await.err());
    println!("denied: {:?}", Command::new("rm").run_async().await.err());
    Ok(())
}

async fn by_streams() -> Result<(), Box<dyn Error>> {
    let child = sh("cat; echo done >&2").spawn()?;
    let (Some(out), Some(errors)) = (child.stdout_async().await, child.stderr_async().await) else {
        return Err("no pipes".into());
    };
    println!("again: {}", child.stdout_async().await.is_some());
    let feed = child.stdin_async(async |stdin| {
        for piece in 0..PIECES {
            stdin.write_all(vec![piece; PIECE]).await;
        }
    });
    let (fed, (out, errors)) = both(feed, both(out.collect(), errors.collect())).await;
    let sum: u64 = out.iter().map(|byte| u64::from(*byte)).sum();
    println!("fed: {}, came: {}, sum: {sum}", fed?, out.len());
    println!("errors: {}", text(&errors));
    println!("fed again: {:?}", child.stdin_async(async |_| {}).await);

    // What is told by streams is no event.
    let child = sh("echo out; echo bad >&2").spawn()?;
    let out = child.stdout_async().await.ok_or("no pipe")?;
    while let event = child.next(None)?
        && !matches!(event, Event::Ended(_))
    {
        println!("event: {event:?}");
    }
    println!("stream: {}", text(&out.collect().await));

    let child = sh("read line; exit 5").spawn()?;
    let fed = child.stdin_async(
        async |stdin| {
            while stdin.write_all(b"line\n".repeat(PIECE)).await.is_empty() {}
        },
    );
    println!("some of it: {}", fed.await.is_ok());
    println!("{}", child.ended_async().await);
    Ok(())
}

async fn one_into_another() -> Result<(), Box<dyn Error>> {
    let from = sh("yes | head -c 1000000").spawn()?;
    let to = sh("wc -c").spawn()?;
    let stream = from.stdout_async().await.ok_or("no pipe")?;
    println!("passed on: {:?}", to.stdin_from(stream).await);
    let counted = to.stdout_async().await.ok_or("no pipe")?.collect().await;
    println!("counted: {}", text(&counted));
    Ok(())
}

async fn ended() -> Result<(), Box<dyn Error>> {
    let quiet = |script| sh(script).streams(Input::Pipe, Output::Discard, Errors::Discard);
    let (waiting, ending): (Child, Child) = (
        quiet("exec sleep 60").spawn()?,
        quiet("read line; exit 7").spawn()?,
    );
    println!("no pipe: {}", waiting.stdout_async().await.is_some());
    let stop = async {
        let status = ending.ended_async().await;
        waiting.signal(Signal::Terminate);
        status
    };
    ending.close_stdin();
    let (waited, ended) = both(waiting.ended_async(), stop).await;
    println!("{ended}, and then {waited}");
    Ok(())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}
