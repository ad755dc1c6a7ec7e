//! `loop:netx` and `wasi:http` from a recording: a component that answers as the network did when `netx-record` wrote it down, and reaches
//! nothing. For tests, and for work without a network.
//!
//! Its setting `file` is the path of the recording, in a folder that it is granted: `recordings/api.jsonl`. The lines of it are told in `netx-recording`, and may be written
//! by hand.
//!
//! - Names are answered by name, requests by method and URL, connections and calls of gRPC by URL. What is alike was recorded in an order, and comes in it; the last of it
//!   comes again and again. What was not recorded fails: a name is `unresolved`, a connection `unreachable`, a request not answered, and the log says what it was.
//! - A connection or a call is told what was recorded as soon as the component has sent what it had sent by then. Where it sends something else, or more, or waits for
//!   what is not recorded, a connection ends with code 1006, and a call fails with `unavailable`.
//! - Time does not pass: where nothing is to come, a wait with a timeout is over at once.

mod book;
mod dns;
mod first;
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
            package loop:netx-replay;
            world replay {
                import wasi:config/store@0.2.0-rc.1;
                export loop:netx/dns@0.1.0;
                export loop:netx/grpc@0.1.0;
                export loop:netx/websocket@0.1.0;
            }
        ",
        generate_all,
        runtime_path: "loop_guest::wit_bindgen::rt",
    });
}

struct Replay;

bindings::export!(Replay with_types_in bindings);

loop_guest::http::serve!(http::router);
