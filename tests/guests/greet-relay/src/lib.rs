//! Imports and exports `acme:greet/greeter`: it stands between a caller and a greeter, and says so.

wit_bindgen::generate!({
    path: "../wit/greet.wit",
    inline: "package test:greet-relay; world guest { import acme:greet/greeter; export acme:greet/greeter; }",
    generate_all,
});

struct Relay;

impl exports::acme::greet::greeter::Guest for Relay {
    fn greet(name: String) -> String {
        format!("relayed: {}", acme::greet::greeter::greet(&name))
    }
}

export!(Relay);
