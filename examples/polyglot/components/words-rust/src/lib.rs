//! Counts words, in Rust.

wit_bindgen::generate!({ path: "../../wit", world: "words" });

use std::collections::BTreeMap;

use exports::acme::words::counter::{Entry, Guest};

struct Counter;

impl Guest for Counter {
    fn count(text: String) -> Vec<Entry> {
        let mut times = BTreeMap::<String, u32>::new();
        let words = text.split(|letter: char| !letter.is_alphanumeric());
        for word in words.filter(|word| !word.is_empty()) {
            *times.entry(word.to_lowercase()).or_default() += 1;
        }
        let mut entries: Vec<Entry> = times
            .into_iter()
            .map(|(word, times)| Entry { word, times })
            .collect();
        // The sort is stable, and the map was in the order of the alphabet.
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.times));
        entries
    }

    fn language() -> String {
        "Rust".to_owned()
    }
}

export!(Counter);
