//! How children end.

use suite::{gives, is};

use crate::loop_::process::children::{Event, NextError, Signal, Status};
use crate::{Case, LONG, SHORT, all, line, start};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("a signal ends it", signal),
    ("a signal can be caught", caught),
    ("a signal can be ignored, and a kill cannot", ignored),
    ("what it left behind ends with it", left_behind),
    ("nothing is done to who has ended", ended),
    ("a dropped one is gone", dropped),
];

fn ends_with(what: &str, status: Status, expected: Status) -> Result<(), String> {
    is(what, format!("{status:?}"), format!("{expected:?}"))
}

fn signal(_: &()) -> Result<(), String> {
    for (signal, number) in [
        (Signal::Hangup, 1),
        (Signal::Interrupt, 2),
        (Signal::Terminate, 15),
        (Signal::User1, 10),
        (Signal::User2, 12),
    ] {
        let child = start("echo ready; exec sleep 60")?;
        line(&child, "ready")?;
        child.signal(signal);
        let (_, _, status) = all(&child)?;
        ends_with("signal", status, Status::Killed(number))?;
    }
    Ok(())
}

fn caught(_: &()) -> Result<(), String> {
    let child = start("trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.01; done")?;
    line(&child, "ready")?;
    child.signal(Signal::Terminate);
    let (stdout, _, status) = all(&child)?;
    // The signal went to what it waited for as well, of which the shell may say something.
    is("stdout", stdout.contains("caught\n"), true)?;
    ends_with("status", status, Status::Exited(5))
}

fn ignored(_: &()) -> Result<(), String> {
    let child = start("trap '' TERM; echo ready; while :; do sleep 1; done")?;
    line(&child, "ready")?;
    child.signal(Signal::Terminate);
    match child.next(SHORT) {
        Err(NextError::TimedOut) => {}
        got => return Err(format!("it ended by {got:?}")),
    }
    child.kill();
    let (_, _, status) = all(&child)?;
    ends_with("status", status, Status::Killed(9))
}

fn left_behind(_: &()) -> Result<(), String> {
    // What it started holds the pipe open, and would for a minute.
    let child = start("sleep 60 & echo started; exit 2")?;
    let (stdout, _, status) = all(&child)?;
    is("stdout", &*stdout, "started\n")?;
    ends_with("status", status, Status::Exited(2))
}

fn ended(_: &()) -> Result<(), String> {
    let child = start("exit 0")?;
    all(&child)?;
    child.kill();
    child.signal(Signal::Terminate);
    child.close_stdin();
    match child.next(None) {
        Err(NextError::Over) => Ok(()),
        got => Err(format!("{got:?}")),
    }
}

fn dropped(_: &()) -> Result<(), String> {
    // It would keep its word, if it were still there to do so.
    let keep = start("cd /tmp 2>/dev/null; echo $$; exec sleep 60")?;
    let Event::Stdout(number) = gives("next", keep.next(LONG))? else {
        return Err("it said nothing".to_owned());
    };
    let number = String::from_utf8_lossy(&number).trim().to_owned();
    drop(keep);
    // A process that is gone cannot be sent anything.
    let watch = start(&format!(
        "while kill -0 {number} 2>/dev/null; do sleep 0.01; done; echo gone"
    ))?;
    line(&watch, "gone")
}
