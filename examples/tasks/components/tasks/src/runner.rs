//! Runs tasks, several at once.

use loop_guest::log;
use loop_guest::process::{self, Child, Command, Event, SpawnError};

use crate::FOLDER;
use crate::list::Task;

/// A task whose program runs.
struct Running {
    task: usize,
    child: Child,
    /// What it has not been given yet.
    input: Vec<u8>,
    output: Vec<u8>,
}

/// Runs all tasks, and gives what each wrote. The first that fails ends the others.
pub(crate) fn run(tasks: &[Task]) -> Result<Vec<Vec<u8>>, String> {
    let mut outputs: Vec<Option<Vec<u8>>> = vec![None; tasks.len()];
    let mut waiting: Vec<usize> = (0..tasks.len()).collect();
    let mut running: Vec<Running> = Vec::new();
    loop {
        let has_input = |task: &Task| task.reads.iter().all(|read| outputs[*read].is_some());
        let (ready, later) = waiting
            .into_iter()
            .partition::<Vec<usize>, _>(|task| has_input(&tasks[*task]));
        waiting = later;
        for task in ready {
            let input = tasks[task]
                .reads
                .iter()
                .flat_map(|read| outputs[*read].clone());
            running.push(start(task, &tasks[task], input.flatten().collect())?);
        }
        if running.is_empty() {
            return Ok(outputs.into_iter().flatten().collect());
        }
        let children: Vec<&Child> = running.iter().map(|running| &running.child).collect();
        let busy = process::any(&children, None).map_err(|error| format!("{error:?}"))?;
        // From behind, so that one that is taken out moves none that is still to be asked.
        for index in busy.into_iter().rev().map(|index| index as usize) {
            let task = running[index].task;
            if advance(&mut running[index], &tasks[task])? {
                outputs[task] = Some(running.remove(index).output);
            }
        }
    }
}

fn start(task: usize, of: &Task, input: Vec<u8>) -> Result<Running, String> {
    let arguments = of.arguments.iter().map(String::as_str);
    let command = Command::new(&of.program).args(arguments).folder(FOLDER, "");
    let child = command.spawn().map_err(|error| match error {
        SpawnError::Denied => format!("`{}` may not be run by `{}`", of.program, of.name),
        SpawnError::NotFound => format!("there is no `{}` on this machine", of.program),
        error => format!("`{}` does not start: {error:?}", of.program),
    })?;
    log::debug!(task = of.name.as_str(), program = of.program.as_str(); "begun");
    let mut running = Running {
        task,
        child,
        input,
        output: Vec::new(),
    };
    feed(&mut running);
    Ok(running)
}

/// Takes the next event of a program. Whether it has ended.
fn advance(running: &mut Running, task: &Task) -> Result<bool, String> {
    match running.child.next(None) {
        Ok(Event::Stdout(bytes)) => running.output.extend(bytes),
        Ok(Event::Stderr(bytes)) => {
            log::warn!(task = task.name.as_str(); "{}", String::from_utf8_lossy(&bytes).trim());
        }
        Ok(Event::Writable) => feed(running),
        Ok(Event::Ended(status)) if status.success() => {
            log::info!(task = task.name.as_str(), bytes = running.output.len(); "done");
            return Ok(true);
        }
        Ok(Event::Ended(status)) => return Err(format!("`{}` failed: {status}", task.name)),
        Err(error) => return Err(format!("`{}` is lost: {error:?}", task.name)),
    }
    Ok(false)
}

/// Gives a program as much of its input as it takes now, and after the last of it the end.
fn feed(running: &mut Running) {
    while let Ok(count) = running.child.write(&running.input) {
        running.input.drain(..count);
        if running.input.is_empty() {
            break;
        }
        if count == 0 {
            return;
        }
    }
    running.child.close_stdin();
}
