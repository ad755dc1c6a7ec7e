//! All pages, and which of them have to be made anew.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::bindings::exports::site::pages::pages::Entry;
use crate::folder::File;
use crate::markdown::{self, Highlight};
use crate::words::Words;

/// The pages, by path.
#[derive(Default)]
pub struct Pages(BTreeMap<String, Page>);

/// What is kept of a page. Its HTML is in a file.
pub struct Page {
    /// Its first heading, or the name of its file.
    pub title: String,
    /// It as text, of which a search shows a part.
    pub text: String,
    /// Its words, by which it is found.
    pub words: Words,
    made_of: u64,
}

/// What has to be done with the files of the pages.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Pages with their new HTML.
    pub made: Vec<(String, String)>,
    /// Pages that are no more.
    pub removed: Vec<String>,
}

impl Pages {
    /// Makes the pages those of these files, which are sorted by path. A page is made anew if its file changed. Links lead to pages that
    /// are there, so all are made anew if one came or went. Those that are made
    /// have no words yet.
    pub fn update(&mut self, files: &[File], highlight: Highlight<'_>) -> Changes {
        let find = |path: &str| files.binary_search_by(|file| file.path.as_str().cmp(path));
        let exists = |path: &str| find(path).is_ok();
        let mut changes = Changes::default();
        self.0.retain(|path, _| {
            let stays = exists(path);
            if !stays {
                changes.removed.push(path.clone());
            }
            stays
        });
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let paths = digest(paths);
        for File { path, text } in files {
            let made_of = digest((paths, path, text));
            if self.0.get(path).is_some_and(|page| page.made_of == made_of) {
                continue;
            }
            let rendered = markdown::render(path, text, &exists, highlight);
            changes.made.push((path.clone(), rendered.html));
            let page = Page {
                title: rendered.title,
                text: rendered.text,
                words: Words::default(),
                made_of,
            };
            self.0.insert(path.clone(), page);
        }
        changes
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All pages with their paths, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Page)> {
        self.0.iter().map(|(path, page)| (path.as_str(), page))
    }

    /// The page of this path, to be changed.
    pub fn get_mut(&mut self, path: &str) -> Option<&mut Page> {
        self.0.get_mut(path)
    }

    /// The page of this path.
    pub fn get(&self, path: &str) -> Option<&Page> {
        self.0.get(path)
    }

    /// A number for all pages as they are.
    pub fn revision(&self) -> u64 {
        let made_of: Vec<u64> = self.0.values().map(|page| page.made_of).collect();
        digest(made_of)
    }

    /// All pages as they stand in a list.
    pub fn entries(&self) -> Vec<Entry> {
        self.iter()
            .map(|(path, page)| Entry {
                path: path.to_owned(),
                title: page.title.clone(),
            })
            .collect()
    }
}

/// A number that is the same for the same things, in whatever run.
pub fn digest(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::Pages;
    use crate::folder::File;

    /// Makes the pages those of these files; gives the paths of those that were made and of those that were removed.
    fn update(pages: &mut Pages, files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let files: Vec<File> = files
            .iter()
            .map(|(path, text)| File {
                path: (*path).to_owned(),
                text: (*text).to_owned(),
            })
            .collect();
        let changes = pages.update(&files, &|_, _| Vec::new());
        let made = changes.made.into_iter().map(|(path, _)| path).collect();
        (made, changes.removed)
    }

    #[test]
    fn pages_are_made_anew_when_they_change() {
        let mut pages = Pages::default();
        let none = Vec::<String>::new();
        let all = vec!["a".to_owned(), "b".to_owned()];
        let first = [("a", "[b](b.md)"), ("b", "one")];
        assert_eq!(update(&mut pages, &first), (all.clone(), none.clone()));
        let revision = pages.revision();
        assert_eq!(update(&mut pages, &first), (none.clone(), none.clone()));
        assert_eq!(pages.revision(), revision);

        let changed = [("a", "[b](b.md)"), ("b", "two")];
        assert_eq!(
            update(&mut pages, &changed),
            (vec!["b".to_owned()], none.clone())
        );
        assert_ne!(pages.revision(), revision);
        let gone = [("a", "[b](b.md)")];
        assert_eq!(
            update(&mut pages, &gone),
            (vec!["a".to_owned()], vec!["b".to_owned()]),
            "the link leads nowhere now"
        );
        assert_eq!(update(&mut pages, &changed), (all, none));
    }
}
