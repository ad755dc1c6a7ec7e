//! Prints how often each word stands in its arguments. Who counts them, it does not know.

wit_bindgen::generate!({ path: "../../wit", world: "report" });

use acme::words::counter::{count, language};

fn main() {
    let text = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    println!("counted in {}", language());
    for entry in count(&text) {
        println!("{:>3} {}", entry.times, entry.word);
    }
}
