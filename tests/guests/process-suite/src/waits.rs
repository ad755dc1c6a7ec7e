//! Waiting.

use suite::{fails, gives, is};

use crate::loop_::process::children::{AnyError, Child, Event, NextError, any};
use crate::{Case, LONG, SHORT, all, line, start};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("waiting has an end", timeouts),
    ("to look is enough", looks),
    ("the first of several", several),
    ("what can be waited for", nothing),
];

fn timeouts(_: &()) -> Result<(), String> {
    let child = start("read -r line")?;
    for timeout in [Some(0), Some(1), SHORT] {
        fails("next", child.next(timeout), NextError::TimedOut)?;
        fails("any", any(&[&child], timeout), AnyError::TimedOut)?;
    }
    Ok(())
}

fn looks(_: &()) -> Result<(), String> {
    let child = start("echo a; exit 1")?;
    // Looking is all that is done, again and again.
    let mut seen = Vec::new();
    loop {
        match child.next(Some(0)) {
            Ok(Event::Stdout(bytes)) => seen.extend(bytes),
            Ok(Event::Ended(_)) => break,
            Err(NextError::TimedOut) => {}
            got => return Err(format!("{got:?}")),
        }
    }
    is("stdout", &*seen, b"a\n")
}

fn several(_: &()) -> Result<(), String> {
    let children = [
        start("read -r line; echo a")?,
        start("read -r line; echo b")?,
        start("read -r line; echo c")?,
    ];
    let all_of: Vec<&Child> = children.iter().collect();
    fails("none", any(&all_of, Some(0)), AnyError::TimedOut)?;
    for index in [2, 0, 1] {
        is("write", children[index].write(b"\n"), Ok(1))?;
        is(
            "ready",
            gives("any", any(&all_of, LONG))?,
            vec![index as u32],
        )?;
        is(
            "again",
            gives("any", any(&all_of, LONG))?,
            vec![index as u32],
        )?;
        line(&children[index], ["a", "b", "c"][index])?;
        is(
            "ended",
            gives("any", any(&all_of, LONG))?,
            vec![index as u32],
        )?;
        all(&children[index])?;
        fails("none", any(&all_of, Some(0)), AnyError::TimedOut)?;
    }
    fails("all over", any(&all_of, None), AnyError::NothingToWaitFor)
}

fn nothing(_: &()) -> Result<(), String> {
    fails("nothing", any(&[], None), AnyError::NothingToWaitFor)?;
    fails("a while", any(&[], SHORT), AnyError::TimedOut)?;
    let child = start("read -r line")?;
    let many = vec![&child; 33];
    fails("many", any(&many, LONG), AnyError::TooMany(32))?;
    is("write", child.write(b"\n"), Ok(1))?;
    // The same one may be named twice.
    is(
        "twice",
        gives("any", any(&[&child, &child], LONG))?,
        vec![0, 1],
    )
}
