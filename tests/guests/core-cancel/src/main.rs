//! Uses the tokens of `loop:core/cancellation` and prints what happened; the first argument says which.
//!
//! - `tree`: children, deadlines and detached tokens
//! - `await`: waits for the call to be cancelled, and says why
//! - `work`: works until the call is cancelled

use std::time::Duration;

use loop_guest::cancel::{Reason, Token};
use loop_guest::time::WaitError;
use loop_guest::wait::{self, Source};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("tree") => tree(),
        Some("await") => {
            println!("{}", show(Token::current().wait(None)));
            let detached = Token::detached()?;
            println!("{:?} {}", detached.reason(), show(detached.wait(None)));
            println!("{:?}", wait::any(&[Source::Token(&detached)], None));
            Ok(())
        }
        Some("work") => {
            let call = Token::current();
            let mut rounds = 0_u64;
            while !call.cancelled() {
                rounds = rounds.wrapping_add(1);
            }
            println!("{:?} after work: {}", call.reason(), rounds > 0);
            Ok(())
        }
        _ => {
            println!("tree, await or work");
            Ok(())
        }
    }
}

fn show(waited: Result<Reason, WaitError>) -> String {
    waited.map_or_else(
        |error| error.name().to_owned(),
        |reason| format!("{reason:?}"),
    )
}

fn tree() -> Result<(), Box<dyn std::error::Error>> {
    let call = Token::current();
    let (parent, detached) = (call.child()?, Token::detached()?);
    let (child, timed) = (
        parent.child()?,
        parent.child_for(Duration::from_millis(20))?,
    );
    println!(
        "open {} {:?} {:?}",
        child.cancelled(),
        child.reason(),
        parent.remaining()
    );
    println!(
        "left {}",
        timed
            .remaining()
            .is_some_and(|left| left <= Duration::from_millis(20))
    );
    println!("timed {}", show(timed.wait(None)));
    println!("child {}", show(child.wait(Some(Duration::from_millis(1)))));
    parent.cancel("enough");
    parent.cancel("again");
    println!("parent {:?}", parent.reason());
    println!("child {:?} {}", child.reason(), show(child.wait(None)));
    println!("timed {:?}", timed.reason());
    println!("late {:?}", parent.child()?.reason());
    drop(parent);
    println!("above {} {}", call.cancelled(), detached.cancelled());
    println!(
        "any {:?}",
        wait::any(&[Source::Token(&detached), Source::Token(&child)], None)
    );
    call.cancel("all of it");
    println!("call {:?}", Token::current().reason());
    let mut deep = detached;
    for depth in 2.. {
        match deep.child() {
            Ok(child) => deep = child,
            Err(error) => {
                println!("{depth} deep, then {error:?}");
                break;
            }
        }
    }
    Ok(())
}
