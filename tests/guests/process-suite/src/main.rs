//! The conformance suite of `loop:process`: what every provider of it does alike, written against the WIT.
//!
//! It needs the programs `sh`, `cat` and `env`, which may be given any arguments, and for `sh` the variables `GREETING` and
//! `OTHER`; `missing`, which is granted and nowhere; and an empty folder `data`. It prints a line for each case that failed, and how
//! many went well.

wit_bindgen::generate!({
    path: ["../../../wit/vendor/wasi-0.2.12", "../../../wit/process"],
    world: "loop:process/imports",
    generate_all,
});

mod ends;
mod runs;
mod spawns;
mod streams;
mod waits;

use std::process::ExitCode;

use suite::gives;

use crate::loop_::process::children::{
    Child, Command, Errors, Event, Input, NextError, Output, Status, Streams, Variable,
};

pub(crate) type Case = suite::Case<()>;

/// A length of time that is never over, in nanoseconds: a minute.
pub(crate) const LONG: Option<u64> = Some(60_000_000_000);

/// Some milliseconds, in nanoseconds.
pub(crate) const SHORT: Option<u64> = Some(20_000_000);

fn main() -> ExitCode {
    suite::run(
        &(),
        &[
            ("runs", runs::CASES),
            ("spawns", spawns::CASES),
            ("streams", streams::CASES),
            ("ends", ends::CASES),
            ("waits", waits::CASES),
        ],
    )
}

/// A program with arguments and nothing else.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    Command {
        program: program.to_owned(),
        arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
        variables: Vec::new(),
        folder: None,
    }
}

/// A script of the shell.
pub(crate) fn script(text: &str) -> Command {
    command("sh", &["-c", text])
}

pub(crate) fn variable(name: &str, value: Option<&str>) -> Variable {
    Variable {
        name: name.to_owned(),
        value: value.map(str::to_owned),
    }
}

pub(crate) const PIPES: Streams = Streams {
    stdin: Input::Pipe,
    stdout: Output::Pipe,
    stderr: Errors::Pipe,
};

/// Starts a script, all of whose streams are pipes.
pub(crate) fn start(text: &str) -> Result<Child, String> {
    gives("spawn", Child::spawn(&script(text), PIPES))
}

/// Takes events until the end: what came from standard output, from standard error, and how it ended.
pub(crate) fn all(child: &Child) -> Result<(String, String, Status), String> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    loop {
        match gives("next", child.next(LONG))? {
            Event::Stdout(bytes) => stdout.extend(bytes),
            Event::Stderr(bytes) => stderr.extend(bytes),
            Event::Writable => {}
            Event::Ended(status) => {
                suite::fails("after the end", child.next(LONG), NextError::Over)?;
                return Ok((text(stdout)?, text(stderr)?, status));
            }
        }
    }
}

/// Waits for a line on standard output, which tells that a script has come that far.
pub(crate) fn line(child: &Child, expected: &str) -> Result<(), String> {
    let mut stdout = Vec::new();
    while !stdout.ends_with(b"\n") {
        match gives("next", child.next(LONG))? {
            Event::Stdout(bytes) => stdout.extend(bytes),
            event => return Err(format!("{event:?} instead of a line")),
        }
    }
    suite::is("line", text(stdout)?, format!("{expected}\n"))
}

pub(crate) fn text(bytes: Vec<u8>) -> Result<String, String> {
    gives("text", String::from_utf8(bytes))
}
