//! What goes in and what comes out, as streams.

use std::pin::pin;

use suite::{begun, both, gives, is};
use wit_bindgen::rt::async_support::StreamResult;

use crate::loop_::process::children::{Event, Status};
use crate::loop_::process::children_async::{ended, stderr, stdin, stdout};
use crate::{Case, start, wit_stream};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("what it writes", |()| Box::pin(written())),
    ("it is read while it is fed", |()| Box::pin(through())),
    ("one program feeds another", |()| Box::pin(joined())),
    ("a stream is given once", |()| Box::pin(once())),
    ("what is no stream is an event", |()| Box::pin(events())),
    ("nobody reads it any more", |()| Box::pin(broken())),
    ("it reads no more", |()| Box::pin(unread())),
    ("feeding is given up", |()| Box::pin(given_up())),
    ("it is dropped", |()| Box::pin(dropped())),
    ("what it started writes on", |()| Box::pin(left())),
];

/// Far more than all pipes on the way hold.
const SIZE: usize = 3_000_000;

fn numbered() -> Vec<u8> {
    (0..SIZE).map(|at| (at / 3) as u8).collect()
}

fn exited(status: Status, code: u8) -> bool {
    matches!(status, Status::Exited(got) if got == code)
}

async fn written() -> Result<(), String> {
    let child = start("echo a; echo b >&2; echo c; exit 4")?;
    let out = gives("stdout", stdout(&child).await)?;
    let errors = gives("stderr", stderr(&child).await)?;
    let (out, errors) = both(out.collect(), errors.collect()).await;
    is("stdout", out, b"a\nc\n".to_vec())?;
    is("stderr", errors, b"b\n".to_vec())?;
    is("status", exited(ended(&child).await, 4), true)
}

async fn through() -> Result<(), String> {
    let child = start("cat")?;
    let out = gives("stdout", stdout(&child).await)?;
    let (mut writer, content) = wit_stream::new();
    let write = async {
        let left = writer.write_all(numbered()).await;
        drop(writer);
        left.len()
    };
    let ((fed, left), out) = both(both(stdin(&child, content), write), out.collect()).await;
    is("left", left, 0)?;
    is("fed", gives("stdin", fed)?, SIZE as u64)?;
    is("content", out == numbered(), true)?;
    is("status", exited(ended(&child).await, 0), true)
}

/// Its bytes never enter the component.
async fn joined() -> Result<(), String> {
    let (one, other) = (start("yes | head -c 1000000")?, start("wc -c")?);
    let from = gives("stdout", stdout(&one).await)?;
    let fed = stdin(&other, from).await;
    is("fed", gives("stdin", fed)?, 1_000_000)?;
    let out = gives("stdout", stdout(&other).await)?.collect().await;
    is("counted", String::from_utf8_lossy(&out).trim(), "1000000")
}

async fn once() -> Result<(), String> {
    let child = start("read line; echo $line")?;
    let out = gives("stdout", stdout(&child).await)?;
    is("again", stdout(&child).await.is_err(), true)?;
    let (mut writer, content) = wit_stream::new();
    let (_other, second) = wit_stream::new::<u8>();
    let mut feeding = pin!(stdin(&child, content));
    is("feeds", begun(feeding.as_mut()).await.is_none(), true)?;
    is("again", stdin(&child, second).await, Err(()))?;
    is("write", child.write(b"x"), Err(()))?;
    writer.write_all(b"hello\n".to_vec()).await;
    drop(writer);
    is("fed", gives("stdin", feeding.await)?, 6)?;
    is("content", out.collect().await, b"hello\n".to_vec())
}

async fn events() -> Result<(), String> {
    let child = start("echo a; echo b >&2")?;
    let out = gives("stdout", stdout(&child).await)?;
    let mut told = Vec::new();
    loop {
        match gives("next", child.next(None))? {
            Event::Stderr(bytes) => told.extend(bytes),
            Event::Ended(status) => break is("status", exited(status, 0), true)?,
            other => return Err(format!("{other:?}")),
        }
    }
    is("told", told, b"b\n".to_vec())?;
    is("stdout", out.collect().await, b"a\n".to_vec())
}

async fn broken() -> Result<(), String> {
    let child = start("exec yes")?;
    let mut out = gives("stdout", stdout(&child).await)?;
    is("a byte", out.next().await, Some(b'y'))?;
    drop(out);
    // `SIGPIPE`, or what `yes` makes of it where the signal is ignored.
    let status = ended(&child).await;
    is(
        "status",
        matches!(status, Status::Killed(13) | Status::Exited(1)),
        true,
    )
}

async fn unread() -> Result<(), String> {
    let child = start("read line; exit 5")?;
    let (mut writer, content) = wit_stream::new();
    let write = async {
        let left = writer.write_all(numbered()).await;
        drop(writer);
        left.len()
    };
    let (fed, left) = both(stdin(&child, content), write).await;
    is("left", left > 0, true)?;
    is("fed", gives("stdin", fed)? < SIZE as u64, true)?;
    // Of bytes that are no line, `read` says so.
    is(
        "ended",
        matches!(ended(&child).await, Status::Exited(_)),
        true,
    )
}

async fn given_up() -> Result<(), String> {
    let child = start("cat")?;
    let (mut writer, content) = wit_stream::new();
    {
        let mut feeding = pin!(stdin(&child, content));
        is("feeds", begun(feeding.as_mut()).await.is_none(), true)?;
        let (result, _) = writer.write(b"some".to_vec()).await;
        is("taken", result, StreamResult::Complete(4))?;
    }
    // It finds the end, whatever it was given before.
    is("status", exited(ended(&child).await, 0), true)?;
    let left = writer.write_all(numbered()).await;
    is("left", left.is_empty(), false)
}

async fn dropped() -> Result<(), String> {
    let child = start("echo begun; sleep 60")?;
    let mut out = gives("stdout", stdout(&child).await)?;
    is("a byte", out.next().await, Some(b'b'))?;
    drop(child);
    is("the rest", out.collect().await, b"egun\n".to_vec())
}

/// In the background, which ends with the program.
async fn left() -> Result<(), String> {
    let child = start("(while :; do echo x; sleep 0.01; done) & echo begun; exit 2")?;
    let out = gives("stdout", stdout(&child).await)?.collect().await;
    is(
        "begun",
        String::from_utf8_lossy(&out).contains("begun"),
        true,
    )?;
    is("status", exited(ended(&child).await, 2), true)
}
