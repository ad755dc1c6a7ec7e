//! The conformance suite of `loop:fsx/files-async`, written against the WIT.
//!
//! It needs an empty root `data` that may be changed. It prints a line for each case that failed, and how many went well.

wit_bindgen::generate!({
    path: [
        "../../../wit/vendor/wasi-0.2.12",
        "../../../wit/vendor/wasi-0.3.0",
        "../../../wit/fsx",
    ],
    inline: "package test:fsx-async-suite; world guest {
        include loop:fsx/imports-async@0.1.0;
        export wasi:cli/run@0.3.0;
    }",
    generate_all,
});

mod adding;
mod paths;
mod reading;
mod waiting;

use wit_bindgen::{FutureReader, StreamReader};

use crate::loop_::fsx::files::{Error, ErrorCode, Root};

pub(crate) type Case = suite::AsyncCase<Root>;

struct Suite;

impl exports::wasi::cli0_3_0::run::Guest for Suite {
    async fn run() -> Result<(), ()> {
        let root = Root::open("data").map_err(|error| {
            println!("the root `data` does not open: {error:?}");
        })?;
        let groups = [
            ("paths", paths::CASES),
            ("reading", reading::CASES),
            ("adding", adding::CASES),
            ("waiting", waiting::CASES),
        ];
        let good = suite::run_async(&root, &groups).await;
        good.then_some(()).ok_or(())
    }
}

export!(Suite);

pub(crate) type Reading = (StreamReader<u8>, FutureReader<Result<(), Error>>);

pub(crate) fn code(code: ErrorCode) -> Error {
    Error::Code(code)
}

/// Bytes of which each piece can be told from the others.
pub(crate) fn numbered(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at / 7) as u8).collect()
}
