//! What conformance suites share: cases in groups, and what a case says.
//!
//! A suite is a command, written against the WIT of a package: it runs over every provider of the package, and says what all
//! of them do alike.

use std::fmt::Debug;
use std::process::ExitCode;

/// A case. It works on what the suite opened before, and fails with a sentence.
pub type Case<T> = fn(&T) -> Result<(), String>;

/// The name of a group, and its cases with their names.
pub type Group<'a, T> = (&'a str, &'a [(&'a str, Case<T>)]);

/// Runs all cases, one after the other. Prints a line for each that fails, and how many went well.
pub fn run<T>(given: &T, groups: &[Group<'_, T>]) -> ExitCode {
    let (mut good, mut bad) = (0, 0);
    for (group, cases) in groups {
        for (name, case) in *cases {
            match case(given) {
                Ok(()) => good += 1,
                Err(why) => {
                    println!("{group}: {name}: {why}");
                    bad += 1;
                }
            }
        }
    }
    println!("{good} cases went well, {bad} failed");
    ExitCode::from(u8::from(bad > 0))
}

/// Whether it is what was expected.
pub fn is<T: PartialEq + Debug>(what: &str, got: T, expected: T) -> Result<(), String> {
    if got == expected {
        Ok(())
    } else {
        Err(format!("{what}: got {got:?}, not {expected:?}"))
    }
}

/// Whether it failed, and with this.
pub fn fails<T: Debug, E: Debug>(what: &str, got: Result<T, E>, expected: E) -> Result<(), String> {
    match got {
        // Not all types that generated code brings along can be compared.
        Err(error) if format!("{error:?}") == format!("{expected:?}") => Ok(()),
        got => Err(format!("{what}: got {got:?}, not {expected:?}")),
    }
}

/// What it gave.
pub fn gives<T, E: Debug>(what: &str, got: Result<T, E>) -> Result<T, String> {
    got.map_err(|error| format!("{what}: {error:?}"))
}
