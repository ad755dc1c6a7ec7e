//! The conformance suite of `loop:netx/websocket-async`, written against the WIT. Its argument is the URL of a server as `netx-suite` wants it.

wit_bindgen::generate!({
    path: [
        "../../../wit/vendor/wasi-0.2.12",
        "../../../wit/vendor/wasi-0.3.0",
        "../../../wit/netx",
    ],
    inline: "package test:netx-async-suite; world guest {
        import loop:netx/websocket-async@0.1.0;
        export wasi:cli/run@0.3.0;
    }",
    generate_all,
});

mod cases;

use crate::cases::CASES;

/// Where the server is.
pub(crate) struct Server(String);

pub(crate) type Case = suite::AsyncCase<Server>;

struct Suite;

impl exports::wasi::cli0_3_0::run::Guest for Suite {
    async fn run() -> Result<(), ()> {
        let url = std::env::args().nth(1);
        let url = url.ok_or_else(|| println!("which server?"))?;
        let good = suite::run_async(&Server(url), &[("websocket", CASES)]).await;
        good.then_some(()).ok_or(())
    }
}

export!(Suite);
