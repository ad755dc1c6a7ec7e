//! Steps of a task: each is announced, timed and counted, and a failed one does not stop the next.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    /// Nothing was checked, and why.
    Skipped(String),
}

/// The steps done so far.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<Step>);

#[derive(Debug)]
struct Step {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

impl Steps {
    /// Does one step. Its error is its outcome.
    pub(crate) fn run(&mut self, name: &'static str, step: impl FnOnce() -> Result<Outcome>) {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = step().unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
        let took = start.elapsed();
        match &outcome {
            Outcome::Passed => {}
            Outcome::Failed(why) => eprintln!("error: {name}: {why}"),
            Outcome::Skipped(why) => println!("skipped: {why}"),
        }
        self.0.push(Step {
            name,
            outcome,
            took,
        });
    }

    /// Prints what was done, and says whether all of it passed.
    pub(crate) fn finish(&self) -> ExitCode {
        println!("\n{}", self.summary());
        if self.count(|outcome| matches!(outcome, Outcome::Failed(_))) == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn summary(&self) -> String {
        let mut lines: Vec<String> = self.0.iter().map(Step::line).collect();
        lines.push(format!(
            "steps: {} passed, {} failed, {} skipped",
            self.count(|outcome| *outcome == Outcome::Passed),
            self.count(|outcome| matches!(outcome, Outcome::Failed(_))),
            self.count(|outcome| matches!(outcome, Outcome::Skipped(_))),
        ));
        lines.join("\n")
    }

    fn count(&self, which: impl Fn(&Outcome) -> bool) -> usize {
        self.0.iter().filter(|step| which(&step.outcome)).count()
    }
}

impl Step {
    fn line(&self) -> String {
        let word = match &self.outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed(why) => format!("FAILED: {why}"),
            Outcome::Skipped(why) => format!("skipped: {why}"),
        };
        format!("{:>8.1} s  {}: {word}", self.took.as_secs_f64(), self.name)
    }
}

/// Shows a command and runs it, with the caller's standard output and error and no standard input.
pub(crate) fn run(command: &mut Command) -> Result<Outcome> {
    println!("$ {}", shown(command));
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("start `{}`", command.get_program().to_string_lossy()))?;
    Ok(if status.success() {
        Outcome::Passed
    } else {
        Outcome::Failed(format!("`{}` ended with {status}", shown(command)))
    })
}

/// Runs the commands in turn; the first that fails decides.
pub(crate) fn run_all(commands: impl IntoIterator<Item = Command>) -> Result<Outcome> {
    let mut outcome = Outcome::Passed;
    for mut command in commands {
        let this = run(&mut command)?;
        if outcome == Outcome::Passed {
            outcome = this;
        }
    }
    Ok(outcome)
}

fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let mut text = name.to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text += &argument.to_string_lossy();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_does_not_stop_the_next() {
        let mut steps = Steps::default();
        steps.run("one", || anyhow::bail!("broken"));
        steps.run("two", || Ok(Outcome::Passed));
        steps.run("three", || Ok(Outcome::Skipped("no tool".into())));
        let summary = steps.summary();
        assert!(summary.contains("one: FAILED: broken"), "{summary}");
        assert!(
            summary.ends_with("steps: 1 passed, 1 failed, 1 skipped"),
            "{summary}"
        );
        assert_eq!(steps.finish(), ExitCode::FAILURE);
    }

    #[test]
    fn skipped_steps_do_not_fail() {
        let mut steps = Steps::default();
        steps.run("one", || Ok(Outcome::Skipped("no tool".into())));
        assert_eq!(steps.finish(), ExitCode::SUCCESS);
    }

    #[test]
    fn the_first_failure_decides() {
        let command = |text: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", text]);
            command
        };
        let outcome = run_all([command("true"), command("exit 3"), command("exit 4")]).unwrap();
        assert!(
            matches!(&outcome, Outcome::Failed(why) if why.contains("exit 3")),
            "{outcome:?}"
        );
    }
}
