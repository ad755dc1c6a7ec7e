//! `loop:fsx` in memory: folders that last as long as this instance, for tests and for what no disk should keep.
//!
//! Its roots stand under `roots` in its settings, separated by spaces: `data` may be changed, and `shown:read` may not. All who call
//! it see the same roots: it does not know who they are. There are no links, devices and pipes, so a path cannot leave a root
//! in any other way than by `..`. It has at most [`BYTES_MAX`](tree::BYTES_MAX) bytes of files.

mod digest;
mod glob;
mod operation;
mod place;
mod root;
mod temp;
mod tree;
mod watch;

mod bindings {
    #![allow(
        clippy::all,
        clippy::pedantic,
        clippy::restriction,
        reason = "generated from wit/fsx"
    )]

    wit_bindgen::generate!({
        path: ["../../wit/vendor/wasi-0.2.12", "../../wit/fsx"],
        inline: "
            package loop:fsx-memory;
            world memory {
                import wasi:config/store@0.2.0-rc.1;
                export loop:fsx/files@0.1.0;
            }
        ",
        generate_all,
    });

    pub(crate) use exports::loop_::fsx::files;
}

use crate::bindings::files;

struct Memory;

impl files::Guest for Memory {
    type Root = root::Root;
    type Temp = temp::Temp;
    type Matches = glob::Matches;
    type Operation = operation::Operation;
    type Watch = watch::Watch;
}

bindings::export!(Memory with_types_in bindings);

impl From<files::ErrorCode> for files::Error {
    fn from(code: files::ErrorCode) -> Self {
        Self::Code(code)
    }
}

/// What a function gives.
type Result<T> = std::result::Result<T, files::Error>;
