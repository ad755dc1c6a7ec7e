//! Errors as text.

use std::fmt::Write as _;

use crate::error::{CliError, Detail, Problem};
use crate::ui::{Paint, Ui, safe, snippet};

/// The lines of a detail that are shown: a stack of functions or a difference is long before it is boring.
const LINES_MAX: usize = 60;

/// All of an error: each problem with its causes, its details and what to do.
pub(crate) fn error(ui: &Ui, error: &CliError) -> String {
    let mut text = String::new();
    for problem in &error.problems {
        write_problem(ui, &mut text, &ui.paint(Paint::Error, "error:"), problem);
    }
    text
}

/// Something that could matter.
pub(crate) fn note(ui: &Ui, problem: &Problem) -> String {
    let mut text = String::new();
    write_problem(ui, &mut text, &ui.paint(Paint::Strong, "note:"), problem);
    text
}

fn write_problem(ui: &Ui, text: &mut String, word: &str, problem: &Problem) {
    line(text, &format!("{word} {}", safe(&problem.message)));
    for cause in &problem.causes {
        line(text, &format!("  caused by: {}", safe(cause)));
    }
    let mut lines = 0;
    for detail in &problem.details {
        match detail {
            Detail::Line(paint, content) => {
                lines += 1;
                if lines <= LINES_MAX {
                    line(text, &format!("  {}", ui.paint(*paint, &safe(content))));
                }
            }
            Detail::Output(output) if ui.is_quiet() => text.push_str(&safe(output)),
            Detail::Output(_) => {}
            Detail::Snippet(found) => text.push_str(&snippet::draw(ui, found)),
        }
    }
    if lines > LINES_MAX {
        line(text, &format!("  and {} more lines", lines - LINES_MAX));
    }
    for hint in &problem.hints {
        line(text, &ui.hint_line(&safe(hint)));
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}
