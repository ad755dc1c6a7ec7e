//! What conformance suites share: cases in groups, and what a case says.
//!
//! A suite is a command, written against the WIT of a package: it runs over every provider of the package, and says what all
//! of them do alike.

use std::fmt::Debug;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::task::{Context, Poll};

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

/// What an async case works on until it is done.
pub type Work<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>;

/// As `Case`, for suites of async functions.
pub type AsyncCase<T> = for<'a> fn(&'a T) -> Work<'a>;

/// As `Group`.
pub type AsyncGroup<'a, T> = (&'a str, &'a [(&'a str, AsyncCase<T>)]);

/// As `run`, for suites of async functions. Says whether all went well.
pub async fn run_async<T>(given: &T, groups: &[AsyncGroup<'_, T>]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for (group, cases) in groups {
        for (name, case) in *cases {
            match case(given).await {
                Ok(()) => good += 1,
                Err(why) => {
                    println!("{group}: {name}: {why}");
                    bad += 1;
                }
            }
        }
    }
    println!("{good} cases went well, {bad} failed");
    bad == 0
}

/// Waits for both at once.
pub async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut of_a, mut of_b) = (None, None);
    poll_fn(move |context| {
        step(&mut of_a, a.as_mut(), context);
        step(&mut of_b, b.as_mut(), context);
        if of_a.is_none() || of_b.is_none() {
            return Poll::Pending;
        }
        match (of_a.take(), of_b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            _ => Poll::Pending,
        }
    })
    .await
}

fn step<R>(of: &mut Option<R>, work: Pin<&mut impl Future<Output = R>>, context: &mut Context<'_>) {
    if of.is_none()
        && let Poll::Ready(result) = work.poll(context)
    {
        *of = Some(result);
    }
}

/// Begins something, without waiting for it. What it gives if it is done at once.
pub async fn begun<R>(work: Pin<&mut impl Future<Output = R>>) -> Option<R> {
    let mut work = work;
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
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
