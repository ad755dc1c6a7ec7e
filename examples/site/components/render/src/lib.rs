//! Makes pages from the Markdown in the folder `docs`, and searches them: `site:pages/pages`.
//!
//! The grant gives the folder its name. Everything is read at the first call and kept: the host runs one instance of this
//! component. A page is only ever looked up among those that were read, so no path from outside reaches a file.

mod folder;
mod markdown;
mod search;
mod site;

use std::sync::OnceLock;
use std::time::Instant;

use loop_guest::log;

use exports::site::pages::pages::{Entry, Guest, Hit, Page, Problem};
use site::Site;

loop_guest::wit_bindgen::generate!({
    path: "../../wit",
    world: "renderer",
    runtime_path: "loop_guest::wit_bindgen::rt",
});

/// The name under which the grant gives the folder.
const FOLDER: &str = "docs";

struct Render;

impl Guest for Render {
    fn list_pages() -> Result<Vec<Entry>, Problem> {
        Ok(site()?.entries())
    }

    fn get_page(path: String) -> Result<Page, Problem> {
        site()?.page(&path).ok_or(Problem::NoSuchPage)
    }

    fn search(query: String, max: u32) -> Result<Vec<Hit>, Problem> {
        Ok(search::search(site()?, &query, max as usize))
    }

    fn try_read(path: String) -> Result<u64, String> {
        match std::fs::read(&path) {
            Ok(bytes) => Ok(bytes.len() as u64),
            Err(error) => {
                let text = error.to_string();
                // The number after the words says nothing to a reader.
                let reason = text.split(" (os error").next().unwrap_or(&text);
                log::warn!(path = &path; "refused: {reason}");
                Err(reason.to_owned())
            }
        }
    }
}

/// The site, read at the first call. A failure is not kept: the next call tries again.
fn site() -> Result<&'static Site, Problem> {
    static SITE: OnceLock<Site> = OnceLock::new();
    if let Some(site) = SITE.get() {
        return Ok(site);
    }
    let start = Instant::now();
    let files = folder::read(FOLDER).map_err(|error| {
        log::error!(folder = FOLDER; "cannot read the folder: {error}");
        Problem::Unreadable(error.to_string())
    })?;
    let site = SITE.get_or_init(|| Site::new(&files));
    log::info!(pages = site.len(), ms = start.elapsed().as_millis() as u64; "indexed the folder");
    Ok(site)
}

export!(Render);
