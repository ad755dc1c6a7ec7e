//! Greets whom it is told to greet. It needs no grant: arguments and standard output reach nothing of the user's.

fn main() {
    let name = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "world".to_owned());
    println!("hello, {name}");
}
