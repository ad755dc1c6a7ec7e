//! Exports `acme:greet/greeter`, which greets.

wit_bindgen::generate!({
    path: "../wit/greet.wit",
    inline: "package test:greeter; world guest { export acme:greet/greeter; }",
    generate_all,
});

struct Greeter;

impl exports::acme::greet::greeter::Guest for Greeter {
    fn greet(name: String) -> String {
        format!("hello, {name}")
    }
}

export!(Greeter);
