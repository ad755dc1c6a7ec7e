//! Uses the timers of `loop:core/clocks` and prints what happened; the first argument says which.
//!
//! - `once`: a timer that fires once
//! - `beat`: one that fires again and again
//! - `first`: waits for the first of several
//! - `limits`: what is refused
//! - `forever`: sleeps without end, until the call is cancelled

use std::time::Duration;

use loop_guest::time::{self, Timer, WaitError};
use loop_guest::wait::{self, Source};

const STEP: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("once") => once(),
        Some("beat") => beat(),
        Some("first") => first(),
        Some("limits") => {
            limits();
            Ok(())
        }
        Some("forever") => {
            while time::sleep(Duration::MAX) {}
            println!("woken");
            Ok(())
        }
        _ => {
            println!("once, beat, first, limits or forever");
            Ok(())
        }
    }
}

fn show(waited: Result<u64, WaitError>) -> String {
    waited.map_or_else(|error| error.name().to_owned(), |count| count.to_string())
}

fn once() -> Result<(), Box<dyn std::error::Error>> {
    let start = time::now();
    let timer = Timer::after(STEP)?;
    println!("ready {} take {}", timer.ready(), timer.take());
    println!("early {}", show(timer.wait(Some(Duration::ZERO))));
    println!("fired {}", show(timer.wait(None)));
    println!("waited {}", time::now() - start >= STEP);
    println!("again {}", show(timer.wait(None)));
    println!("past {}", show(Timer::at(start)?.wait(None)));
    println!("date {}", time::wall() > std::time::SystemTime::UNIX_EPOCH);
    Ok(())
}

fn beat() -> Result<(), Box<dyn std::error::Error>> {
    let beat = Timer::every(STEP)?;
    let mut beats = 0;
    while beats < 3 {
        beats += beat.wait(None)?;
    }
    time::sleep(STEP * 3);
    println!("missed {}", beat.take() >= 2);
    time::sleep(STEP * 2);
    beat.stop();
    println!("kept {}", beat.take() >= 1);
    println!("stopped {}", show(beat.wait(None)));
    Ok(())
}

fn first() -> Result<(), Box<dyn std::error::Error>> {
    let (slow, fast) = (
        Timer::after(Duration::from_secs(3600))?,
        Timer::after(STEP)?,
    );
    let sources = [Source::Timer(&slow), Source::Timer(&fast)];
    println!("none {:?}", wait::any(&sources, Some(Duration::ZERO)));
    println!("fast {:?}", wait::any(&sources, None));
    println!("still {:?}", wait::any(&sources, None));
    println!("taken {}", fast.take());
    println!("late {:?}", wait::any(&sources, Some(STEP)));
    println!("nothing {:?}", wait::any(&[], None));
    slow.stop();
    println!("dead {:?}", wait::any(&sources, None));
    Ok(())
}

fn limits() {
    println!(
        "period {:?}",
        Timer::every(Duration::from_micros(10)).map(drop)
    );
    let mut timers = Vec::new();
    loop {
        match Timer::after(Duration::from_secs(3600)) {
            Ok(timer) => timers.push(timer),
            Err(error) => {
                println!("{} timers, then {error:?}", timers.len());
                break;
            }
        }
    }
    timers.clear();
    println!("after dropping {}", Timer::after(STEP).is_ok());
}
