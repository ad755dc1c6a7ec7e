//! Exports another `acme:greet/greeter` than the one that callers import: it wants to know how often.

wit_bindgen::generate!({
    inline: "
        package acme:greet;
        interface greeter { greet: func(name: string, times: u32) -> string; }
        world guest { export greeter; }
    ",
});

struct Greeter;

impl exports::acme::greet::greeter::Guest for Greeter {
    fn greet(name: String, times: u32) -> String {
        format!("hello, {name}\n").repeat(times as usize)
    }
}

export!(Greeter);
