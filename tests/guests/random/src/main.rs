//! Prints sixteen random bytes in hexadecimal.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.2.12",
    inline: "package test:random; world guest { import wasi:random/random@0.2.12; }",
    generate_all,
});

fn main() {
    let bytes = wasi::random::random::get_random_bytes(16);
    println!(
        "{}",
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    );
}
