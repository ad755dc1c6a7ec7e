//! Prints the environment variables that it is asked for, or all when it is asked for none.

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        for (name, value) in std::env::vars() {
            println!("{name}={value}");
        }
    }
    for name in names {
        match std::env::var(&name) {
            Ok(value) => println!("{name}={value}"),
            Err(_) => println!("{name} is not set"),
        }
    }
}
