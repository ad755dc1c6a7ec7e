//! What goes in and what comes out.

use suite::{fails, gives, is};

use crate::loop_::process::children::{
    AnyError, Child, Errors, Event, Input, Output, Signal, Status, Streams, any,
};
use crate::{Case, LONG, PIPES, SHORT, all, command, line, script, start};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("each stream is told apart", apart),
    ("both streams in one", together),
    ("what nobody wants is discarded", discarded),
    ("it is talked with", talk),
    ("a full pipe takes no more", full),
    ("a closed input takes nothing", closed),
    ("who writes without end is held", held),
    ("one stream does not drown the other", both),
    ("events are of a bounded size", bounded),
    ("all that was written comes before the end", before_the_end),
];

fn apart(_: &()) -> Result<(), String> {
    let (stdout, stderr, status) = all(&start("echo a; echo b >&2; echo c; echo d >&2")?)?;
    is("stdout", &*stdout, "a\nc\n")?;
    is("stderr", &*stderr, "b\nd\n")?;
    is("success", matches!(status, Status::Exited(0)), true)
}

fn together(_: &()) -> Result<(), String> {
    let streams = |stdout| Streams {
        stdin: Input::Empty,
        stdout,
        stderr: Errors::Stdout,
    };
    let talk = script("echo a; echo b >&2; echo c; echo d >&2");
    let child = gives("spawn", Child::spawn(&talk, streams(Output::Pipe)))?;
    let (stdout, stderr, _) = all(&child)?;
    is("stdout", &*stdout, "a\nb\nc\nd\n")?;
    is("stderr", &*stderr, "")?;
    let child = gives("spawn", Child::spawn(&talk, streams(Output::Discard)))?;
    let (stdout, stderr, _) = all(&child)?;
    is("nothing", &*(stdout + &stderr), "")
}

fn discarded(_: &()) -> Result<(), String> {
    let streams = Streams {
        stdin: Input::Empty,
        stdout: Output::Discard,
        stderr: Errors::Discard,
    };
    let talk = script("read line && exit 9; echo a; echo b >&2; exit 4");
    let child = gives("spawn", Child::spawn(&talk, streams))?;
    is("write", child.write(b"x"), Err(()))?;
    let (stdout, stderr, status) = all(&child)?;
    is("nothing", &*(stdout + &stderr), "")?;
    is("status", matches!(status, Status::Exited(4)), true)
}

fn talk(_: &()) -> Result<(), String> {
    let child = start("while read -r line; do echo \"got $line\"; done; echo end; exit 7")?;
    for word in ["one", "two", "three"] {
        is(
            "write",
            child.write(format!("{word}\n").as_bytes()),
            Ok(word.len() as u32 + 1),
        )?;
        line(&child, &format!("got {word}"))?;
    }
    child.close_stdin();
    child.close_stdin();
    is("write", child.write(b"more"), Err(()))?;
    let (stdout, _, status) = all(&child)?;
    is("stdout", &*stdout, "end\n")?;
    is("status", matches!(status, Status::Exited(7)), true)
}

fn full(_: &()) -> Result<(), String> {
    let child = start("echo ready; exec sleep 60")?;
    line(&child, "ready")?;
    is("nothing", child.write(b""), Ok(0))?;
    // More than a write takes, and no more than need be: between components it goes byte by byte.
    let much = vec![b'x'; 70_000];
    let mut written = 0;
    loop {
        let count = child.write(&much).map_err(|()| "it is closed")? as usize;
        is("at most a pipe", count <= 65_536, true)?;
        written += count;
        if count == 0 {
            break;
        }
    }
    is("some", written > 0 && written < 1 << 20, true)?;
    is("still", child.write(&much), Ok(0))?;
    match child.next(SHORT) {
        Err(_) => {}
        got => return Err(format!("a full pipe: {got:?}")),
    }
    child.signal(Signal::Terminate);
    let (_, _, status) = all(&child)?;
    is("status", matches!(status, Status::Killed(15)), true)?;
    // It begins to read when another is gone.
    let gate = start("echo $$; read -r line")?;
    let Event::Stdout(number) = gives("next", gate.next(LONG))? else {
        return Err("it said nothing".to_owned());
    };
    let number = String::from_utf8_lossy(&number).trim().to_owned();
    let child = start(&format!(
        "echo ready; while kill -0 {number} 2>/dev/null; do sleep 0.01; done; exec cat > /dev/null"
    ))?;
    line(&child, "ready")?;
    while child.write(&much).map_err(|()| "it is closed")? > 0 {}
    drop(gate);
    match gives("next", child.next(LONG))? {
        Event::Writable => {}
        got => return Err(format!("{got:?}")),
    }
    is("again", child.write(b"x"), Ok(1))
}

fn closed(_: &()) -> Result<(), String> {
    let child = start("exec <&-; echo closed; read -r line < /dev/null; sleep 60")?;
    line(&child, "closed")?;
    is("write", child.write(b"x"), Err(()))?;
    let child = start("exit 0")?;
    all(&child)?;
    is("after the end", child.write(b"x"), Err(()))
}

fn held(_: &()) -> Result<(), String> {
    let much = 1_000_000;
    let child = start(&format!("head -c {much} /dev/zero; echo done >&2"))?;
    fails("a while", any(&[], SHORT), AnyError::TimedOut)?;
    let mut taken = 0;
    loop {
        match gives("next", child.next(LONG))? {
            Event::Stdout(bytes) => taken += bytes.len(),
            // What it had not written by now was in the pipe and in one event.
            Event::Stderr(_) => break is("taken", taken + 2 * 65_536 >= much, true),
            event => break Err(format!("{event:?}")),
        }
    }
}

fn both(_: &()) -> Result<(), String> {
    for (flood, other) in [("", " >&2"), (" >&2", "")] {
        let text = format!(
            "(sleep 0.05; echo here{other}) & while :; do echo flooding flooding flooding{flood}; done"
        );
        let child = start(&text)?;
        let mut heard = false;
        for _ in 0..20_000 {
            let bytes = match (gives("next", child.next(LONG))?, other) {
                (Event::Stdout(bytes), "") | (Event::Stderr(bytes), " >&2") => bytes,
                _ => continue,
            };
            is("the other", &*bytes, b"here\n")?;
            heard = true;
            break;
        }
        is("heard", heard, true)?;
    }
    Ok(())
}

fn bounded(_: &()) -> Result<(), String> {
    let child = gives(
        "spawn",
        Child::spawn(&command("cat", &["/dev/zero"]), PIPES),
    )?;
    for _ in 0..20 {
        match gives("next", child.next(LONG))? {
            Event::Stdout(bytes) => is("size", (1..=65_536).contains(&bytes.len()), true)?,
            event => return Err(format!("{event:?}")),
        }
    }
    Ok(())
}

fn before_the_end(_: &()) -> Result<(), String> {
    for _ in 0..30 {
        let child = start("echo one; echo two >&2; echo three")?;
        let (stdout, stderr, _) = all(&child)?;
        is("stdout", &*stdout, "one\nthree\n")?;
        is("stderr", &*stderr, "two\n")?;
    }
    Ok(())
}
