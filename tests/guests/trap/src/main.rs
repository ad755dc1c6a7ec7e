//! Traps: at an `unreachable` instruction, or with a panic when it is given `panic`.

fn main() {
    if std::env::args().nth(1).as_deref() == Some("panic") {
        panic!("this guest panics on purpose");
    }
    core::arch::wasm32::unreachable()
}
