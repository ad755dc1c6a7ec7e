//! Does in Rust what `words` does in Python, and leaves code as it is: `site:pages/words` and `site:pages/code`.

use std::collections::HashMap;

use exports::site::pages::code::{self, Kind, Span};
use exports::site::pages::words::{self, Word};

loop_guest::wit_bindgen::generate!({
    path: "../../wit",
    world: "plain",
    runtime_path: "loop_guest::wit_bindgen::rt",
});

struct Plain;

impl code::Guest for Plain {
    fn highlight(code: String, _: String) -> Vec<Span> {
        let kind = Kind::Other;
        vec![Span { code, kind }]
    }
}

impl words::Guest for Plain {
    fn count(text: String) -> Vec<Word> {
        let mut all = HashMap::new();
        let lower = text.to_lowercase();
        let words = lower.split(|char: char| !char.is_alphanumeric());
        for word in words.filter(|word| !word.is_empty()) {
            *all.entry(word).or_insert(0) += 1;
        }
        let word = |(text, times): (&str, u32)| Word {
            text: text.to_owned(),
            times,
        };
        all.into_iter().map(word).collect()
    }
}

export!(Plain);
