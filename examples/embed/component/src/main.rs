//! Counts the visits of each name, in a store that somebody else keeps.

wit_bindgen::generate!({ path: "wit", world: "visitor" });

use acme::store::kv;

fn main() {
    let name = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "nobody".to_owned());
    let visits = kv::get(&name)
        .and_then(|visits| visits.parse().ok())
        .unwrap_or(0)
        + 1;
    match kv::set(&name, &visits.to_string()) {
        Ok(()) => println!("{name}: visit {visits}"),
        Err(kv::Error::Full) => {
            eprintln!("the store is full, {name} was not counted");
            std::process::exit(1);
        }
    }
}
