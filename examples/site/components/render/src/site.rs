//! All pages, made once from all files.

use std::collections::BTreeMap;

use crate::exports::site::pages::pages::{Entry, Page};
use crate::folder::File;
use crate::markdown::{self, Rendered};

/// The pages, by path.
pub struct Site {
    pages: BTreeMap<String, Rendered>,
}

impl Site {
    /// Renders all files. Links between them become links between pages.
    pub fn new(files: &[File]) -> Self {
        let exists = |path: &str| {
            files
                .binary_search_by(|file| file.path.as_str().cmp(path))
                .is_ok()
        };
        let pages = files
            .iter()
            .map(|file| {
                (
                    file.path.clone(),
                    markdown::render(&file.path, &file.text, &exists),
                )
            })
            .collect();
        Self { pages }
    }

    /// How many pages there are.
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    /// All pages with their paths, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Rendered)> {
        self.pages.iter().map(|(path, page)| (path.as_str(), page))
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

    /// The page of this path.
    pub fn page(&self, path: &str) -> Option<Page> {
        let page = self.pages.get(path)?;
        Some(Page {
            title: page.title.clone(),
            html: page.html.clone(),
        })
    }
}
