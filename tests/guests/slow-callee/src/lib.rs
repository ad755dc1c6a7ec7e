//! Exports `acme:greet/greeter`, which sleeps as many milliseconds as the name says.

wit_bindgen::generate!({
    path: "../wit/greet.wit",
    inline: "package test:slow-callee; world guest { export acme:greet/greeter; }",
    generate_all,
});

use std::time::Duration;

struct SlowGreeter;

impl exports::acme::greet::greeter::Guest for SlowGreeter {
    fn greet(name: String) -> String {
        std::thread::sleep(Duration::from_millis(name.parse().unwrap_or(u64::MAX)));
        format!("slept {name} ms")
    }
}

export!(SlowGreeter);
