//! The wire as its users see it: clients, servers, and the bytes between them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod wire {
    mod quic;
    mod upstream;
}
