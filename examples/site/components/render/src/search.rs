//! Finds pages by words.
//!
//! A page fits if each word of the query begins a word in its title or its text. There is no index beyond the text itself:
//! a few thousand pages are read through in milliseconds.

use crate::exports::site::pages::pages::{Fragment, Hit};
use crate::markdown::Rendered;
use crate::site::Site;

/// The most words of a query that count. More narrow a search no further, and cost time.
const WORDS_MAX: usize = 8;

/// How often a word counts in the text of one page: beyond that, a page is long rather than fitting.
const OCCURRENCES_MAX: usize = 20;

/// What a word in the title counts, measured in occurrences in the text.
const TITLE_WEIGHT: usize = 25;

/// How much text is shown before and after the first word that was found, in bytes.
const CONTEXT_BYTES: usize = 90;

/// The pages that fit, the best first.
pub fn search(site: &Site, query: &str, max: usize) -> Vec<Hit> {
    let words: Vec<String> = fold(query)
        .split(|char: char| !char.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
        .map(str::to_owned)
        .collect();
    if words.is_empty() {
        return Vec::new();
    }
    let mut hits: Vec<Hit> = site
        .iter()
        .filter_map(|(path, page)| hit(path, page, &words))
        .collect();
    hits.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.path.cmp(&b.path)));
    hits.truncate(max);
    hits
}

fn hit(path: &str, page: &Rendered, words: &[String]) -> Option<Hit> {
    let (title, text) = (fold(&page.title), fold(&page.text));
    let mut score = 0;
    let mut first = None;
    for word in words {
        let mut found = occurrences(&text, word).peekable();
        first = first.into_iter().chain(found.peek().copied()).min();
        let in_text = found.take(OCCURRENCES_MAX).count();
        let in_title = occurrences(&title, word).count();
        if in_text + in_title == 0 {
            return None;
        }
        score += in_text + in_title * TITLE_WEIGHT;
    }
    Some(Hit {
        path: path.to_owned(),
        title: page.title.clone(),
        snippet: snippet(&page.text, &text, first.unwrap_or(0), words),
        score: u32::try_from(score).unwrap_or(u32::MAX),
    })
}

/// The text in lower case. Every character keeps its length, so that places in it are places in the text.
fn fold(text: &str) -> String {
    text.chars()
        .map(|char| {
            let lower = char.to_lowercase().next().unwrap_or(char);
            if lower.len_utf8() == char.len_utf8() {
                lower
            } else {
                char
            }
        })
        .collect()
}

/// Where the word begins a word of the text.
fn occurrences<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(at, _)| at).filter(|&at| {
        text.get(..at)
            .and_then(|before| before.chars().next_back())
            .is_none_or(|char| !char.is_alphanumeric())
    })
}

/// The text around a place, with the words marked.
fn snippet(text: &str, folded: &str, at: usize, words: &[String]) -> Vec<Fragment> {
    let start = text.floor_char_boundary(at.saturating_sub(CONTEXT_BYTES));
    let end = text.ceil_char_boundary((at + CONTEXT_BYTES).min(text.len()));
    let mut marks: Vec<(usize, usize)> = words
        .iter()
        .flat_map(|word| occurrences(folded, word).map(move |from| (from, from + word.len())))
        .filter(|&(from, to)| start <= from && to <= end)
        .collect();
    marks.sort_unstable();
    let mut fragments = Vec::new();
    let mut push = |from: usize, to: usize, found: bool| {
        if let Some(text) = text.get(from..to).filter(|text| !text.is_empty()) {
            fragments.push(Fragment {
                text: text.to_owned(),
                found,
            });
        }
    };
    let mut done = start;
    for (from, to) in marks {
        // Two words of the query may begin the same word.
        if from >= done {
            push(done, from, false);
            push(from, to, true);
            done = to;
        }
    }
    push(done, end, false);
    fragments
}

#[cfg(test)]
mod tests {
    use super::search;
    use crate::folder::File;
    use crate::site::Site;

    fn site() -> Site {
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        Site::new(&[
            file("bees", "# Bees\n\nBees fly. Ünder each beehive, a bee."),
            file("trees", "# Trees\n\nA bee sits under a tree."),
        ])
    }

    fn found(query: &str) -> Vec<String> {
        search(&site(), query, 10)
            .into_iter()
            .map(|hit| hit.path)
            .collect()
    }

    #[test]
    fn pages_with_all_words_are_found_the_best_first() {
        assert_eq!(found("bee"), ["bees", "trees"]);
        assert_eq!(found("TREE bee"), ["trees"]);
        assert_eq!(found("ünd"), ["bees"]);
        assert_eq!(found("ees"), [""; 0], "words are found by their beginning");
        assert_eq!(found("bee wasp"), [""; 0]);
        assert_eq!(found(" ?! "), [""; 0]);
    }

    #[test]
    fn the_snippet_is_the_text_with_the_words_marked() {
        let hits = search(&site(), "tree", 1);
        let snippet = &hits[0].snippet;
        let text: String = snippet
            .iter()
            .map(|fragment| fragment.text.as_str())
            .collect();
        assert_eq!(text.trim(), "Trees A bee sits under a tree.");
        let marked: Vec<_> = snippet
            .iter()
            .filter(|fragment| fragment.found)
            .map(|fragment| &fragment.text)
            .collect();
        assert_eq!(marked, ["Tree", "tree"]);
    }
}
