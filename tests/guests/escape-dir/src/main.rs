//! Tries to read each path that it is given, and says how each attempt ended.

use std::fs::File;
use std::io::Read;

fn main() {
    for path in std::env::args().skip(1) {
        let mut bytes = Vec::new();
        match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(count) => println!("{path}: read {count} bytes"),
            Err(error) => println!("{path}: refused, {:?}", error.kind()),
        }
    }
}
