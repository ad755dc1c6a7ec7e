//! The pages as files of HTML, in a folder that others may read while they are written.

use loop_guest::fsx::{Error, ErrorCode, Root};

use crate::pages::Pages;

/// Where the pages are written.
pub struct Out(Root);

impl Out {
    /// Opens the folder that is granted under this name.
    pub fn open(name: &str) -> Result<Self, Error> {
        Root::open(name).map(Self)
    }

    /// Writes a page, unless it is there as it is. Who reads meanwhile gets the old one or the new one.
    pub fn write(&self, path: &str, html: &str) -> Result<(), Error> {
        let file = file(path);
        match self.0.read(&file) {
            Ok(there) if there == html.as_bytes() => return Ok(()),
            Ok(_) | Err(Error::Code(ErrorCode::NoEntry) | Error::TooLarge(_)) => {}
            Err(error) => return Err(error),
        }
        if let Some((folder, _)) = file.rsplit_once('/') {
            self.0.create_folder(folder)?;
        }
        self.0.write(&file, html.as_bytes())
    }

    /// A page that was written.
    pub fn read(&self, path: &str) -> Result<String, Error> {
        self.0.read_to_string(&file(path))
    }

    /// Removes the file of a page, if it is there.
    pub fn remove(&self, path: &str) -> Result<(), Error> {
        self.remove_file(&file(path))
    }

    /// Removes what was written for pages that are no more.
    pub fn remove_all_but(&self, pages: &Pages) -> Result<(), Error> {
        for entry in self.0.glob("**/*.html")? {
            let entry = entry?;
            let page = entry.path.strip_suffix(".html").unwrap_or_default();
            if pages.get(page).is_none() {
                self.remove_file(&entry.path)?;
            }
        }
        Ok(())
    }

    fn remove_file(&self, path: &str) -> Result<(), Error> {
        let removed = self.0.remove_tree(path).and_then(|all| all.finish());
        match removed {
            Ok(_) | Err(Error::Code(ErrorCode::NoEntry)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn file(path: &str) -> String {
    format!("{path}.html")
}
