//! Exports `acme:cycle/ping` and imports `acme:cycle/pong`, which in turn imports `ping`.

wit_bindgen::generate!({
    path: "../wit/cycle.wit",
    inline: "package test:cycle-ping; world guest { import acme:cycle/pong; export acme:cycle/ping; }",
    generate_all,
});

use acme::cycle::pong::pong;

struct Ping;

impl exports::acme::cycle::ping::Guest for Ping {
    fn ping(depth: u32) -> u32 {
        depth.checked_sub(1).map_or(0, |depth| 1 + pong(depth))
    }
}

export!(Ping);
