//! Imports `acme:count/counter`, asks it as often as it is told, and prints each answer.

wit_bindgen::generate!({
    path: "../wit/count.wit",
    inline: "package test:count-caller; world guest { import acme:count/counter; }",
    generate_all,
});

use acme::count::counter::next;

fn main() {
    let times = std::env::args()
        .nth(1)
        .and_then(|arg| arg.parse().ok())
        .unwrap_or(1);
    for _ in 0..times {
        println!("{}", next());
    }
}
