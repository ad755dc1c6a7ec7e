//! The conformance suite of `loop:fsx`: what every provider of it does alike, written against the WIT.
//!
//! It needs an empty root `data` that may be changed, and a root `shown` that may not and is empty too. It prints a line for each
//! case that failed, and how many went well.

wit_bindgen::generate!({
    path: ["../../../wit/vendor/wasi-0.2.12", "../../../wit/fsx"],
    world: "loop:fsx/imports",
    generate_all,
});

mod digests;
mod globs;
mod paths;
mod temps;
mod trees;
mod watches;
mod writes;

use std::process::ExitCode;

use suite::gives;

use crate::loop_::fsx::files::{DescriptorType, Error, ErrorCode, Root};

pub(crate) type Case = suite::Case<Root>;

fn main() -> ExitCode {
    match Root::open("data") {
        Ok(root) => suite::run(
            &root,
            &[
                ("paths", paths::CASES),
                ("writes", writes::CASES),
                ("temps", temps::CASES),
                ("globs", globs::CASES),
                ("digests", digests::CASES),
                ("watches", watches::CASES),
                ("trees", trees::CASES),
            ],
        ),
        Err(error) => {
            println!("the root `data` does not open: {error:?}");
            ExitCode::FAILURE
        }
    }
}

pub(crate) fn code(code: ErrorCode) -> Error {
    Error::Code(code)
}

pub(crate) fn kind_of(root: &Root, path: &str) -> Result<DescriptorType, String> {
    Ok(gives(path, root.stat(path))?.kind)
}

/// What a folder holds, by a pattern.
pub(crate) fn found(root: &Root, pattern: &str) -> Result<Vec<String>, String> {
    let matches = gives(pattern, root.glob(pattern))?;
    let mut paths = Vec::new();
    loop {
        let page = gives(pattern, matches.next(7))?;
        if page.is_empty() {
            return Ok(paths);
        }
        paths.extend(page.into_iter().map(|entry| entry.path));
    }
}
