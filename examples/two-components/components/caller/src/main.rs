//! Asks whoever provides `acme:greet/greeter` for a greeting in each language, and prints what it gets.

wit_bindgen::generate!({ path: "../../wit", world: "caller" });

use acme::greet::greeter::{Language, greet};

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    for language in [Language::English, Language::German, Language::Latin] {
        match greet(&name, language) {
            Ok(greeting) => println!("{greeting}"),
            Err(reason) => println!("no greeting: {reason}"),
        }
    }
}
