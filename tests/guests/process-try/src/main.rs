//! Does one thing with `loop:process` and prints what came of it: `process-try FUNCTION [NAME=VALUE | NAME= | @ROOT/PATH]... PROGRAM
//! [ARGUMENT]...`. `NAME=` passes the host's own value on.

wit_bindgen::generate!({
    path: ["../../../wit/vendor/wasi-0.2.12", "../../../wit/process"],
    world: "loop:process/imports",
    generate_all,
});

use std::io::Write as _;
use std::process::ExitCode;

use crate::loop_::process::children::{
    Child, Command, Errors, Event, ExecError, Folder, Input, Output, SpawnError, Streams, Variable,
    any, exec,
};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let function = args.next().unwrap_or_default();
    let command = command(args);
    match function.as_str() {
        "exec" => run(&command),
        "hold" => hold(&command, After::Listen),
        "abandon" => hold(&command, After::Abort),
        "drop" => hold(&command, After::Drop),
        _ => ExitCode::from(2),
    }
}

fn command(args: impl Iterator<Item = String>) -> Command {
    let mut command = Command {
        program: String::new(),
        arguments: Vec::new(),
        variables: Vec::new(),
        folder: None,
    };
    let mut args = args.peekable();
    while let Some(word) = args.next_if(|word| word.starts_with('@') || word.contains('=')) {
        if let Some(folder) = word.strip_prefix('@') {
            let (root, path) = folder.split_once('/').unwrap_or((folder, ""));
            command.folder = Some(Folder {
                root: root.to_owned(),
                path: path.to_owned(),
            });
        } else if let Some((name, value)) = word.split_once('=') {
            command.variables.push(Variable {
                name: name.to_owned(),
                value: (!value.is_empty()).then(|| value.to_owned()),
            });
        }
    }
    command.program = args.next().unwrap_or_default();
    command.arguments = args.collect();
    command
}

/// Runs it to its end, with nothing to read.
fn run(command: &Command) -> ExitCode {
    match exec(command, &[], None) {
        Ok(finished) => {
            print(&finished.stdout);
            print(&finished.stderr);
            println!("{:?}", finished.status);
            ExitCode::SUCCESS
        }
        Err(ExecError::Spawn(error)) => failed(&error),
        Err(error) => {
            println!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

/// What is done after a line of its output.
enum After {
    Listen,
    Abort,
    Drop,
}

fn hold(command: &Command, after: After) -> ExitCode {
    let streams = Streams {
        stdin: Input::Pipe,
        stdout: Output::Pipe,
        stderr: Errors::Stdout,
    };
    let child = match Child::spawn(command, streams) {
        Ok(child) => child,
        Err(error) => return failed(&error),
    };
    let mut line = Vec::new();
    while !line.contains(&b'\n') {
        match child.next(None) {
            Ok(Event::Stdout(bytes)) => line.extend(bytes),
            other => println!("{other:?}"),
        }
    }
    print(&line);
    match after {
        After::Listen => loop {
            match child.next(None) {
                Ok(Event::Stdout(bytes)) => print(&bytes),
                other => {
                    println!("{other:?}");
                    return ExitCode::SUCCESS;
                }
            }
        },
        After::Abort => std::process::abort(),
        After::Drop => {
            drop(child);
            println!("dropped");
            // For ever, as far as a test is concerned.
            println!("{:?}", any(&[], Some(u64::MAX)));
            ExitCode::SUCCESS
        }
    }
}

fn print(bytes: &[u8]) {
    let _ = std::io::stdout().write_all(bytes);
}

fn failed(error: &SpawnError) -> ExitCode {
    match error {
        SpawnError::Failed(code) => println!("failed: {}", code.name()),
        error => println!("{error:?}"),
    }
    ExitCode::FAILURE
}
