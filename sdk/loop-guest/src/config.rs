//! The component's settings, which its app wrote: over `wasi:config`. With the feature `config`.
//!
//! ```no_run
//! use loop_guest::config;
//!
//! let greeting = config::get("greeting").unwrap_or_else(|| "hello".to_owned());
//! # let _ = greeting;
//! ```

use crate::log;

mod bindings {
    #![allow(
        clippy::all,
        clippy::pedantic,
        clippy::restriction,
        missing_docs,
        unreachable_pub,
        unused_qualifications,
        reason = "generated from wit/vendor"
    )]

    wit_bindgen::generate!({
        inline: "package loop:guest-config; world guest { import wasi:config/store@0.2.0-rc.1; }",
        // Beside the crate in its repository, and where `loop` unpacks both into a workspace.
        path: "../../wit/vendor/wasi-0.2.12",
        generate_all,
    });

    pub(crate) use wasi::config::store;
}

/// A setting: what stands for this key under `config` of the component in `loop.toml`. Nothing if it is not set, or if the host cannot
/// read its settings, which is logged.
pub fn get(key: &str) -> Option<String> {
    bindings::store::get(key).unwrap_or_else(|error| {
        log::error!(key = key; "no settings: {error}");
        None
    })
}
