//! `loop:netx` and `wasi:http`, handed on and written down: a component that stands between another and the network, and makes the recording
//! from which `netx-replay` answers.
//!
//! Its setting `file` is the path of the recording, in a folder that it is granted to change: `recordings/api.jsonl`. What is recorded is added at its end. The
//! names and URLs are those that this component is granted; `wasi:http` asks the grants of the caller as well. All who call it share one instance: they
//! take turns, so a call that waits keeps the others waiting, no longer than `call` under its `limits` says; and they have 128 connections and 128 calls of gRPC together.
//!
//! The recording has what servers sent, cookies included, and URLs and messages of the component: read it before you give it away. Headers and bodies of
//! requests are not in it. A trace does not go on through this component.

mod ahead;
mod dns;
mod file;
mod grpc;
mod http;
mod websocket;

mod bindings {
    #![allow(
        clippy::all,
        clippy::pedantic,
        clippy::restriction,
        reason = "generated from wit/netx"
    )]

    loop_guest::wit_bindgen::generate!({
        path: ["../../wit/vendor/wasi-0.2.12", "../../wit/netx"],
        inline: "
            package loop:netx-record;
            world recorder {
                import wasi:config/store@0.2.0-rc.1;
                import loop:netx/dns@0.1.0;
                import loop:netx/grpc@0.1.0;
                import loop:netx/websocket@0.1.0;
                export loop:netx/dns@0.1.0;
                export loop:netx/grpc@0.1.0;
                export loop:netx/websocket@0.1.0;
            }
        ",
        generate_all,
        runtime_path: "loop_guest::wit_bindgen::rt",
        // What it is asked is what it asks.
        merge_structurally_equal_types: true,
    });
}

struct Record;

bindings::export!(Record with_types_in bindings);

loop_guest::http::serve!(http::router);
