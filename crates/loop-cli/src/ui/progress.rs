//! What goes on during a build, as a person or a log wants to see it.
//!
//! On a terminal the last line shows what is being done and is wiped away at the end. Elsewhere there is a line for
//! each component that is built, and nothing for those that need no building. What a compiler complains about is
//! shown in both.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use loop_build::Event;

use crate::ui::{Paint, Ui, safe_line};

/// How often the line is drawn at most: often enough to look alive.
const REDRAW: Duration = Duration::from_millis(80);

/// Tells about a build.
#[derive(Debug)]
pub(crate) struct Progress {
    ui: Ui,
    building: Vec<String>,
    started: Instant,
    drawn: Option<Instant>,
    /// What was waited for last: it is said once.
    waited_for: Option<String>,
}

impl Progress {
    /// Begins to tell.
    pub(crate) fn new(ui: Ui) -> Self {
        Self {
            ui,
            building: Vec::new(),
            started: Instant::now(),
            drawn: None,
            waited_for: None,
        }
    }

    /// Takes notice of an event.
    pub(crate) fn event(&mut self, event: Event) {
        match event {
            Event::Installing { what, command } => {
                self.say(&safe_line(&format!("installing {what}")));
                if let Some(command) = command {
                    let command = format!("  $ {}", safe_line(&command));
                    self.say(&self.ui.paint(Paint::Faint, &command));
                }
            }
            Event::GoingOn { reason } => self.say(&safe_line(&reason)),
            Event::Waiting { on } => {
                if self.waited_for.as_ref() != Some(&on) {
                    self.say(&format!("waiting for {on}"));
                }
                self.waited_for = Some(on);
            }
            Event::Building { component } => {
                if !self.ui.is_live() {
                    self.say(&format!("building {component}"));
                }
                self.building.push(component);
                self.draw("");
            }
            Event::Built { component, took } => {
                self.building.retain(|name| *name != component);
                self.say(&format!("built {component} in {}", duration(took)));
            }
            Event::Output { line } if is_status(&line) => self.draw(&line),
            Event::Output { line } => self.say(&safe_line(&line)),
            // What is fresh needs no words, and events that are new here are no reason to fail.
            Event::Fresh { .. } | _ => {}
        }
    }

    fn say(&mut self, line: &str) {
        self.wipe();
        self.ui.say(line);
    }

    fn draw(&mut self, detail: &str) {
        if !self.ui.is_live() || self.drawn.is_some_and(|at| at.elapsed() < REDRAW) {
            return;
        }
        let what = match self.building.as_slice() {
            [] => "working".to_owned(),
            [one] => format!("building {one}"),
            [first, rest @ ..] => format!("building {first} and {} more", rest.len()),
        };
        let text = format!(
            "{what} ({}) {}",
            duration(self.started.elapsed()),
            detail.trim()
        );
        let line: String = safe_line(&text)
            .chars()
            .take(self.ui.width.saturating_sub(1))
            .collect();
        let _ = io::stderr().write_all(format!("\r\x1b[K{line}").as_bytes());
        self.drawn = Some(Instant::now());
    }

    fn wipe(&mut self) {
        if self.drawn.take().is_some() {
            let _ = io::stderr().write_all(b"\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// A length of time as a person says it.
fn duration(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds @ 1..60 => format!("{seconds}.{} s", time.subsec_millis() / 100),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Whether a line of Cargo's says what it does, rather than what is wrong: `   Compiling serde v1.0.228`.
fn is_status(line: &str) -> bool {
    const WORDS: [&str; 11] = [
        "Adding",
        "Blocking",
        "Compiling",
        "Downloaded",
        "Downloading",
        "Finished",
        "Fresh",
        "Locking",
        "Running",
        "Updating",
        "Building",
    ];
    let first = line.split_whitespace().next();
    line.is_empty() || line.starts_with(' ') && first.is_some_and(|word| WORDS.contains(&word))
}
