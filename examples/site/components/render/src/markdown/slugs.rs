//! Names for headings, by which links lead to them.

use std::collections::HashMap;

/// The names that were given on one page.
#[derive(Default)]
pub struct Slugs {
    given: HashMap<String, usize>,
}

impl Slugs {
    /// The name for a heading of these words: the one that forges give it, so that links work there and here.
    pub fn next(&mut self, words: &str) -> String {
        let slug: String = words
            .to_lowercase()
            .chars()
            .filter_map(|char| match char {
                ' ' => Some('-'),
                '-' | '_' => Some(char),
                other => other.is_alphanumeric().then_some(other),
            })
            .collect();
        let count = self.given.entry(slug.clone()).or_default();
        *count += 1;
        if *count == 1 {
            slug
        } else {
            format!("{slug}-{}", *count - 1)
        }
    }
}
