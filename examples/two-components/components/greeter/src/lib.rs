//! Provides `acme:greet/greeter`. It has no grants, so whoever calls it knows that it reaches nothing.

wit_bindgen::generate!({ path: "../../wit", world: "provider" });

use exports::acme::greet::greeter::{Guest, Language};

struct Greeter;

impl Guest for Greeter {
    fn greet(name: String, language: Language) -> Result<String, String> {
        if name.is_empty() {
            return Err("there is nobody to greet".to_owned());
        }
        Ok(match language {
            Language::English => format!("hello, {name}"),
            Language::German => format!("guten Tag, {name}"),
            Language::Latin => format!("salve, {name}"),
        })
    }
}

export!(Greeter);
