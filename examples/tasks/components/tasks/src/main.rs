//! Runs the programs of `project/tasks.txt`, each as soon as the tasks that it reads from have ended. What no task reads is printed.

mod list;
mod runner;

use std::process::ExitCode;

use loop_guest::log;

use crate::list::Task;

/// The granted folder, in which the list stands and the programs start.
const FOLDER: &str = "project";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let path = format!("{FOLDER}/tasks.txt");
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|error| format!("cannot read {path}: {error}"))?;
    let tasks = list::parse(&text)?;
    let outputs = runner::run(&tasks)?;
    log::info!(tasks = tasks.len(); "all tasks are done");
    for (index, (task, output)) in tasks.iter().zip(outputs).enumerate() {
        let is_read = |other: &Task| other.reads.contains(&index);
        if !tasks.iter().any(is_read) {
            println!("{}: {}", task.name, String::from_utf8_lossy(&output).trim());
        }
    }
    Ok(())
}
