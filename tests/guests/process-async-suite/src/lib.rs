//! The conformance suite of `loop:process/children-async`, written against the WIT.
//!
//! It needs the programs `sh` and `cat`, which may be given any arguments. It prints a line for each case that failed, and how many went well.

wit_bindgen::generate!({
    path: [
        "../../../wit/vendor/wasi-0.2.12",
        "../../../wit/vendor/wasi-0.3.0",
        "../../../wit/process",
    ],
    inline: "package test:process-async-suite; world guest {
        include loop:process/imports-async@0.1.0;
        export wasi:cli/run@0.3.0;
    }",
    generate_all,
});

mod runs;
mod streams;

use suite::gives;

use crate::loop_::process::children::{Child, Command, Errors, Input, Output, Streams};

pub(crate) type Case = suite::AsyncCase<()>;

struct Suite;

impl exports::wasi::cli0_3_0::run::Guest for Suite {
    async fn run() -> Result<(), ()> {
        let groups = [("runs", runs::CASES), ("streams", streams::CASES)];
        let good = suite::run_async(&(), &groups).await;
        good.then_some(()).ok_or(())
    }
}

export!(Suite);

pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    Command {
        program: program.to_owned(),
        arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
        variables: Vec::new(),
        folder: None,
    }
}

/// Starts a script of the shell, all of whose streams are pipes.
pub(crate) fn start(text: &str) -> Result<Child, String> {
    let streams = Streams {
        stdin: Input::Pipe,
        stdout: Output::Pipe,
        stderr: Errors::Pipe,
    };
    gives(
        "spawn",
        Child::spawn(&command("sh", &["-c", text]), streams),
    )
}
