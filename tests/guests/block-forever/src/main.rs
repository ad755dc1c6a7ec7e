//! Blocks in the host for ever: asleep, or reading standard input when it is given `stdin`.

use std::io::Read;
use std::time::Duration;

fn main() {
    println!("blocking");
    if std::env::args().nth(1).as_deref() == Some("stdin") {
        let mut everything = Vec::new();
        // Whatever comes, it reads on.
        while std::io::stdin().read_to_end(&mut everything).is_ok() {}
    }
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}
