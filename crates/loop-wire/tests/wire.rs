//! The wire as its users see it: clients, servers, and the bytes between them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod wire {
    mod at;
    mod certificates;
    mod envelope;
    mod golden;
    mod nats;
    mod shm;
    mod simulator;
    mod transports;
    mod upstream;
}
