//! The site as it is now: the watched folder, the pages, and where they are written.

use std::time::{Duration, Instant};

use loop_guest::fsx::{Reach, Root, Watch};
use loop_guest::{fsx, keyvalue, log};

use crate::bindings::exports::site::pages::pages::{Page, Problem};
use crate::bindings::site::pages::code;
use crate::folder;
use crate::index::Index;
use crate::out::Out;
use crate::pages::Pages;

/// The name under which the grant gives the folder of Markdown.
const DOCS: &str = "docs";

/// The name under which the grant gives the folder of HTML.
const HTML: &str = "html";

/// The pages, and what tells of changes.
pub struct Site {
    watch: Watch,
    out: Out,
    index: Index,
    pages: Pages,
}

impl Site {
    /// Reads and writes everything.
    pub fn open() -> Result<Self, Problem> {
        let mut site = Self {
            // Watched before it is read, so that nothing falls between the two.
            watch: Root::open(DOCS)?.watch("", Reach::Tree)?,
            out: Out::open(HTML)?,
            index: Index::open()?,
            pages: Pages::default(),
        };
        site.update()?;
        site.out.remove_all_but(&site.pages)?;
        site.index.remove_all_but(&site.pages)?;
        Ok(site)
    }

    /// The same, with what has changed meanwhile.
    pub fn refreshed(mut self) -> Result<Self, Problem> {
        if !self.watch.next_within(Duration::ZERO)?.is_empty() {
            self.update()?;
        }
        Ok(self)
    }

    /// Looks at everything, whatever it was that changed: files that are as they were cost only their reading.
    fn update(&mut self) -> Result<(), Problem> {
        let start = Instant::now();
        // The root may be another folder than before.
        let files = folder::read(&Root::open(DOCS)?)?;
        let changes = self.pages.update(&files, &code::highlight);
        for (path, html) in &changes.made {
            self.out.write(path, html)?;
        }
        for path in &changes.removed {
            self.out.remove(path)?;
            self.index.remove(path)?;
        }
        let made: Vec<String> = changes.made.into_iter().map(|(path, _)| path).collect();
        let counted = self.index.fill(&mut self.pages, &made)?;
        let ms = start.elapsed().as_millis() as u64;
        log::info!(pages = self.pages.len(), made = made.len(), counted = counted, removed = changes.removed.len(), ms = ms; "looked at the folder");
        Ok(())
    }

    /// The pages.
    pub fn pages(&self) -> &Pages {
        &self.pages
    }

    /// The page of this path, if there is one.
    pub fn page(&self, path: &str) -> Result<Option<Page>, Problem> {
        let Some(page) = self.pages.get(path) else {
            return Ok(None);
        };
        Ok(Some(Page {
            title: page.title.clone(),
            html: self.out.read(path)?,
        }))
    }
}

impl From<fsx::Error> for Problem {
    fn from(error: fsx::Error) -> Self {
        Self::Unreadable(match error {
            fsx::Error::Code(code) => code.name().to_owned(),
            error => error.to_string(),
        })
    }
}

impl From<keyvalue::Error> for Problem {
    fn from(error: keyvalue::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}
