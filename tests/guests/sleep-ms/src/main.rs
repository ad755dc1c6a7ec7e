//! Sleeps for so many milliseconds.

use std::time::Duration;

fn main() {
    let millis = std::env::args().nth(1).and_then(|arg| arg.parse().ok());
    std::thread::sleep(Duration::from_millis(millis.unwrap_or(0)));
    println!("slept");
}
