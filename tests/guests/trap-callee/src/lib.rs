//! Exports `acme:greet/greeter`, which traps for the name `trap`, exits for `exit`, and greets the others.

wit_bindgen::generate!({
    path: "../wit/greet.wit",
    inline: "package test:trap-callee; world guest { export acme:greet/greeter; }",
    generate_all,
});

struct TrapGreeter;

impl exports::acme::greet::greeter::Guest for TrapGreeter {
    fn greet(name: String) -> String {
        if name == "trap" {
            core::arch::wasm32::unreachable();
        }
        if name == "exit" {
            std::process::exit(1);
        }
        format!("hello, {name}")
    }
}

export!(TrapGreeter);
