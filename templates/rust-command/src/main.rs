//! Greets whom it is told to greet: `loop run {{name}} -- you`.

use loop_guest::log;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_else(|| "world".to_owned());
    log::debug!(name = name; "greeting");
    println!("hello, {name}");
}
