//! Finds pages by words.
//!
//! A page fits if each word of the query begins a word in its title or its text.

use crate::bindings::exports::site::pages::pages::{Fragment, Hit};
use crate::pages::{Page, Pages};

/// The most words of a query that count. More narrow a search no further, and cost time.
const WORDS_MAX: usize = 8;

/// How often a word counts in the text of one page: beyond that, a page is long rather than fitting.
const OCCURRENCES_MAX: u32 = 20;

/// What a word in the title counts, measured in occurrences in the text.
const TITLE_WEIGHT: u32 = 25;

/// How much text is shown before and after the first word that was found, in bytes.
const CONTEXT_BYTES: usize = 90;

/// The pages that fit, the best first.
pub fn search(pages: &Pages, query: &str, max: usize) -> Vec<Hit> {
    let query = fold(query);
    let words: Vec<&str> = words(&query).take(WORDS_MAX).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let mut hits: Vec<Hit> = pages
        .iter()
        .filter_map(|(path, page)| hit(path, page, &words))
        .collect();
    hits.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.path.cmp(&b.path)));
    hits.truncate(max);
    hits
}

fn hit(path: &str, page: &Page, words: &[&str]) -> Option<Hit> {
    let title = fold(&page.title);
    let mut score = 0;
    for word in words {
        let in_text = page.words.beginning(word).min(OCCURRENCES_MAX);
        let in_title = u32::try_from(occurrences(&title, word).count()).unwrap_or(u32::MAX);
        if in_text == 0 && in_title == 0 {
            return None;
        }
        score += in_text + in_title.min(OCCURRENCES_MAX) * TITLE_WEIGHT;
    }
    Some(Hit {
        path: path.to_owned(),
        title: page.title.clone(),
        snippet: snippet(&page.text, words),
        score,
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !char.is_alphanumeric())
        .filter(|word| !word.is_empty())
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

/// The text around the first of the words, with all of them marked.
fn snippet(text: &str, words: &[&str]) -> Vec<Fragment> {
    let folded = &fold(text);
    let firsts = words
        .iter()
        .filter_map(|word| occurrences(folded, word).next());
    let at = firsts.min().unwrap_or(0);
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
    use super::{fold, search, words};
    use crate::folder::File;
    use crate::pages::Pages;
    use crate::words::Words;

    fn pages() -> Pages {
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let mut pages = Pages::default();
        let files = [
            file("bees", "# Bees\n\nBees fly. Ünder each beehive, a bee."),
            file("trees", "# Trees\n\nA bee sits under a tree."),
        ];
        pages.update(&files, &|_, _| Vec::new());
        for path in ["bees", "trees"] {
            let page = pages.get_mut(path).expect("it is there");
            let text = fold(&page.text);
            page.words = Words::new(words(&text).map(|word| (word.to_owned(), 1)).collect());
        }
        pages
    }

    fn found(query: &str) -> Vec<String> {
        search(&pages(), query, 10)
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
        let hits = search(&pages(), "tree", 1);
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
