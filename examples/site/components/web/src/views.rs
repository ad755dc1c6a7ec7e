//! A function for each kind of document.

mod status;

use std::fmt::Write;

use crate::html::{Text, document};
use crate::reply::Reply;
use crate::site::pages::pages::{self, Entry, Fragment, Problem};
use crate::url::encode;

pub use status::status;

/// The most pages that a search shows.
const HITS_MAX: u32 = 20;

/// The most of a query that is read, in characters: as much as the search box takes.
const QUERY_CHARS_MAX: usize = 200;

/// Files that the component which reads pages is asked for, and must not get: by leaving its folder, by an absolute path, and
/// beside its folder.
const OUTSIDE: [&str; 4] = [
    "docs/../Cargo.toml",
    "docs/decisions/../../../Cargo.toml",
    "/etc/passwd",
    "../../Cargo.toml",
];

/// What has a browser load the document anew when a page changes. It is made before the page is asked for, so that no change falls
/// between the two.
fn reload() -> String {
    // Without pages there is no revision, and any is another one.
    let revision = pages::revision().map(|revision| format!("{revision:x}"));
    let revision = revision.unwrap_or_default();
    format!(r#"<script src="/reload.js" data-revision="{revision}"></script>"#)
}

/// All pages, by folder.
pub fn home() -> Reply {
    let reload = reload();
    match pages::list_pages() {
        Ok(mut entries) => {
            entries.sort_by(|a, b| (folder(a), &a.path).cmp(&(folder(b), &b.path)));
            Reply::html(200, document("Pages", "", &(list(&entries) + &reload)))
        }
        Err(problem) => failed(&problem, &reload),
    }
}

fn list(entries: &[Entry]) -> String {
    let mut body = String::from("<h1>Pages</h1>\n");
    if entries.is_empty() {
        body.push_str("<p>The folder holds no Markdown.</p>\n");
    }
    for group in entries.chunk_by(|a, b| folder(a) == folder(b)) {
        let name = group.first().map(folder).unwrap_or_default();
        if !name.is_empty() {
            push(&mut body, format_args!("<h2>{}</h2>\n", Text(name)));
        }
        body.push_str("<ul>\n");
        for entry in group {
            push(
                &mut body,
                format_args!("<li>{}</li>\n", link(&entry.path, &entry.title)),
            );
        }
        body.push_str("</ul>\n");
    }
    body
}

fn folder(entry: &Entry) -> &str {
    entry.path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn link(path: &str, title: &str) -> String {
    format!(r#"<a href="/page/{}">{}</a>"#, encode(path), Text(title))
}

/// One page.
pub fn page(path: &str) -> Reply {
    let reload = reload();
    // Files are linked by their names, with the ending.
    match pages::get_page(path.strip_suffix(".md").unwrap_or(path)) {
        Ok(page) => {
            let body = format!("<article>\n{}</article>\n{reload}", page.html);
            Reply::html(200, document(&page.title, "", &body))
        }
        Err(problem) => failed(&problem, &reload),
    }
}

/// The pages that hold the words of a query.
pub fn search(query: &str) -> Reply {
    let query: String = query.trim().chars().take(QUERY_CHARS_MAX).collect();
    let hits = match pages::search(&query, HITS_MAX) {
        Ok(hits) => hits,
        Err(problem) => return failed(&problem, ""),
    };
    let mut body = format!("<h1>Search: {}</h1>\n", Text(&query));
    if hits.is_empty() {
        body.push_str("<p>No page has all of these words. Fewer or shorter ones find more.</p>\n");
    }
    body.push_str("<ol class=\"hits\">\n");
    for hit in &hits {
        push(
            &mut body,
            format_args!("<li>{}<p>… ", link(&hit.path, &hit.title)),
        );
        hit.snippet
            .iter()
            .for_each(|fragment| push_fragment(&mut body, fragment));
        body.push_str(" …</p></li>\n");
    }
    body.push_str("</ol>\n");
    Reply::html(200, document("Search", &query, &body))
}

fn push_fragment(body: &mut String, fragment: &Fragment) {
    let text = Text(&fragment.text);
    if fragment.found {
        push(body, format_args!("<mark>{text}</mark>"));
    } else {
        push(body, format_args!("{text}"));
    }
}

/// What happens when files outside of the grant are asked for.
pub fn outside() -> Reply {
    let mut body = String::from(
        "<h1>Outside</h1>\n<p>The component that reads these pages was granted one folder, which it calls <code>docs</code>. \
         Here it has just tried to read files outside of it.</p>\n\
         <table><thead><tr><th>file</th><th>outcome</th></tr></thead><tbody>\n",
    );
    let mut held = true;
    for path in OUTSIDE {
        let outcome = match pages::try_read(path) {
            Ok(size) => {
                held = false;
                format!("read, {size} bytes: the grant did not hold")
            }
            Err(reason) => format!("refused: {reason}"),
        };
        push(
            &mut body,
            format_args!(
                "<tr><td><code>{}</code></td><td>{}</td></tr>\n",
                Text(path),
                Text(&outcome)
            ),
        );
    }
    body.push_str("</tbody></table>\n");
    Reply::html(if held { 200 } else { 500 }, document("Outside", "", &body))
}

/// How documents look.
pub fn style() -> Reply {
    Reply {
        status: 200,
        content_type: "text/css; charset=utf-8",
        body: include_str!("style.css").to_owned(),
    }
}

/// The script of documents.
pub fn script() -> Reply {
    Reply {
        status: 200,
        content_type: "text/javascript; charset=utf-8",
        body: include_str!("reload.js").to_owned(),
    }
}

/// There is no such document.
pub fn not_found() -> Reply {
    failed(&Problem::NoSuchPage, "")
}

/// The URL cannot be read.
pub fn bad_request() -> Reply {
    error(400, "Not a page", "This address cannot be read.", "")
}

/// The request wants to do something other than read.
pub fn method_not_allowed() -> Reply {
    error(
        405,
        "Not allowed",
        "Pages can be read here, and nothing else.",
        "",
    )
}

/// Why there is no page; perhaps there is one later.
fn failed(problem: &Problem, reload: &str) -> Reply {
    match problem {
        Problem::NoSuchPage => error(
            404,
            "Not found",
            "There is no page here. It may have been renamed: search for a word of its title.",
            reload,
        ),
        Problem::Unreadable(reason) => error(
            500,
            "No pages",
            &format!(
                "A folder of the pages cannot be read or written: {reason}. Are both granted in loop.toml, under the names docs and html?"
            ),
            reload,
        ),
    }
}

fn error(status: u16, title: &str, explanation: &str, reload: &str) -> Reply {
    let body = format!(
        "<h1>{}</h1>\n<p>{}</p>\n<p><a href=\"/\">All pages</a></p>\n{reload}",
        Text(title),
        Text(explanation)
    );
    Reply::html(status, document(title, "", &body))
}

/// Writing to a string cannot fail.
fn push(body: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = body.write_fmt(text);
}
