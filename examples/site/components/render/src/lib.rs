//! Makes pages from the Markdown in the folder `docs`, writes them to the folder `html`, and searches them: `site:pages/pages`.
//!
//! The grants give the folders their names. The host runs one instance of this component, and calls it once at a time; so each call first
//! asks the watch of `docs` what happened since the last one. A page is only ever looked up among those that were
//! read, so no path from outside reaches a file.

mod folder;
mod index;
mod markdown;
mod out;
mod pages;
mod search;
mod site;
mod words;

use std::cell::RefCell;

use loop_guest::log;

use bindings::exports::site::pages::pages::{Entry, Guest, Hit, Page, Problem};
use site::Site;

mod bindings {
    loop_guest::wit_bindgen::generate!({
        path: "../../wit",
        world: "renderer",
        runtime_path: "loop_guest::wit_bindgen::rt",
    });
}

struct Render;

impl Guest for Render {
    fn list_pages() -> Result<Vec<Entry>, Problem> {
        with_site(|site| Ok(site.pages().entries()))
    }

    fn get_page(path: String) -> Result<Page, Problem> {
        with_site(|site| site.page(&path))?.ok_or(Problem::NoSuchPage)
    }

    fn revision() -> Result<u64, Problem> {
        with_site(|site| Ok(site.pages().revision()))
    }

    fn search(query: String, max: u32) -> Result<Vec<Hit>, Problem> {
        with_site(|site| Ok(search::search(site.pages(), &query, max as usize)))
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

/// Asks the site as it is now. A failure is not kept: the next call begins anew.
fn with_site<T>(ask: impl FnOnce(&Site) -> Result<T, Problem>) -> Result<T, Problem> {
    thread_local! {
        static SITE: RefCell<Option<Site>> = const { RefCell::new(None) };
    }
    let answer = SITE.with_borrow_mut(|kept| {
        let site = match kept.take() {
            Some(site) => site.refreshed(),
            None => Site::open(),
        }?;
        let answer = ask(&site)?;
        *kept = Some(site);
        Ok(answer)
    });
    answer.inspect_err(|problem| log::error!("no pages: {problem:?}"))
}

bindings::export!(Render with_types_in bindings);
