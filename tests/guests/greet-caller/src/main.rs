//! Imports `acme:greet/greeter`, calls it for each name that it is given, and prints the answers.

wit_bindgen::generate!({
    path: "../wit/greet.wit",
    inline: "package test:greet-caller; world guest { import acme:greet/greeter; }",
    generate_all,
});

use acme::greet::greeter::greet;

fn main() {
    for name in std::env::args().skip(1) {
        println!("{}", greet(&name));
    }
}
