//! Exports `acme:cycle/pong` and imports `acme:cycle/ping`, which in turn imports `pong`.

wit_bindgen::generate!({
    path: "../wit/cycle.wit",
    inline: "package test:cycle-pong; world guest { import acme:cycle/ping; export acme:cycle/pong; }",
    generate_all,
});

use acme::cycle::ping::ping;

struct Pong;

impl exports::acme::cycle::pong::Guest for Pong {
    fn pong(depth: u32) -> u32 {
        depth.checked_sub(1).map_or(0, |depth| 1 + ping(depth))
    }
}

export!(Pong);
