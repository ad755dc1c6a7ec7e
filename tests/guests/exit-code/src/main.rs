//! Exits with the code that it is given.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.2.12",
    inline: "package test:exit-code; world guest { import wasi:cli/exit@0.2.12; }",
    generate_all,
});

fn main() {
    // The standard library can only say success or failure here, so this asks WASI itself.
    let code = std::env::args().nth(1).and_then(|arg| arg.parse().ok());
    wasi::cli::exit::exit_with_code(code.unwrap_or(0));
}
