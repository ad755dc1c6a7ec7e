//! Takes as many handles as it is told, and lets none go.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.2.12",
    inline: "package test:many-handles; world guest { import wasi:clocks/monotonic-clock@0.2.12; }",
    generate_all,
});

use wasi::clocks::monotonic_clock::subscribe_duration;

fn main() {
    let count = std::env::args()
        .nth(1)
        .and_then(|arg| arg.parse().ok())
        .unwrap_or(u32::MAX);
    let mut handles = Vec::new();
    for _ in 0..count {
        handles.push(subscribe_duration(0));
    }
    println!("holding {} handles", handles.len());
}
