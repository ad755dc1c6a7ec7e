//! Prints the settings that it is asked for, or all when it is asked for none.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.2.12",
    inline: "package test:print-config; world guest { import wasi:config/store@0.2.0-rc.1; }",
    generate_all,
});

use wasi::config::store;

fn main() {
    let keys: Vec<String> = std::env::args().skip(1).collect();
    if keys.is_empty() {
        for (key, value) in store::get_all().expect("the host has a store") {
            println!("{key}={value}");
        }
    }
    for key in keys {
        match store::get(&key).expect("the host has a store") {
            Some(value) => println!("{key}={value}"),
            None => println!("{key} is not set"),
        }
    }
}
