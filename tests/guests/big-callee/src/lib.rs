//! Exports `acme:greet/greeter`, which answers with as many bytes as the name says.

wit_bindgen::generate!({
    path: "../wit/greet.wit",
    inline: "package test:big-callee; world guest { export acme:greet/greeter; }",
    generate_all,
});

struct BigGreeter;

impl exports::acme::greet::greeter::Guest for BigGreeter {
    fn greet(name: String) -> String {
        "x".repeat(name.parse().unwrap_or(0))
    }
}

export!(BigGreeter);
