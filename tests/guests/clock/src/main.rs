//! Prints the time, in seconds since 1970, and whether the monotonic clock goes forward.

use std::time::{Instant, SystemTime};

fn main() {
    let start = Instant::now();
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    println!(
        "seconds {}",
        since_1970.expect("it is later than 1970").as_secs()
    );
    println!("forward {}", start.elapsed() <= start.elapsed());
}
