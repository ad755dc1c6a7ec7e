//! Where a link in a page leads.

use std::fmt::Write;

/// What becomes of a link.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// It leads to this URL.
    Url(String),
    /// It leads to nothing that the site has, or that a page may lead to.
    Nowhere,
}

/// The schemes that a link may have. Others, such as `javascript`, do something instead of leading somewhere.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

/// What a link to `target` on the page at `from` becomes; `exists` knows the pages.
pub fn resolve(from: &str, target: &str, exists: &dyn Fn(&str) -> bool) -> Target {
    if let Some(scheme) = scheme(target) {
        let allowed = SCHEMES
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known));
        return if allowed {
            Target::Url(target.to_owned())
        } else {
            Target::Nowhere
        };
    }
    let (file, fragment) = match target.split_once('#') {
        Some((file, fragment)) => (file, format!("#{fragment}")),
        None => (target, String::new()),
    };
    if file.is_empty() {
        return Target::Url(fragment);
    }
    match join(from, file).and_then(|path| page_of(&path, exists)) {
        Some(page) => Target::Url(format!("/page/{}{fragment}", encode(&page))),
        None => Target::Nowhere,
    }
}

/// What stands before the first `:`, unless that is part of a path.
fn scheme(target: &str) -> Option<&str> {
    let (scheme, _) = target.split_once(':')?;
    (!scheme.contains(['/', '?', '#'])).then_some(scheme)
}

/// The path of a file that the page at `from` calls `file`; nothing if that leads out of the folder.
fn join(from: &str, file: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            ".." => drop(parts.pop()?),
            // `/x` and `//x` are meant for the root of some other site.
            "" if parts.is_empty() => return None,
            "" | "." => {}
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The page that a file or folder stands for.
fn page_of(path: &str, exists: &dyn Fn(&str) -> bool) -> Option<String> {
    let prefix = if path.is_empty() {
        String::new()
    } else {
        format!("{path}/")
    };
    [
        path.strip_suffix(".md").unwrap_or(path).to_owned(),
        format!("{prefix}README"),
        format!("{prefix}index"),
    ]
    .into_iter()
    .find(|page| exists(page))
}

/// A path as it stands in a URL.
fn encode(path: &str) -> String {
    let mut url = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                url.push(char::from(byte));
            }
            other => {
                // Writing to a string cannot fail.
                let _ = write!(url, "%{other:02X}");
            }
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::{Target, resolve};

    /// Where a link on the page `guide/start` leads, among the pages `guide/start`, `guide/end`, `a b` and `api/README`.
    fn target(link: &str) -> Option<String> {
        let pages = ["guide/start", "guide/end", "a b", "api/README"];
        match resolve("guide/start", link, &|page| pages.contains(&page)) {
            Target::Url(url) => Some(url),
            Target::Nowhere => None,
        }
    }

    #[test]
    fn links_between_files_lead_to_pages() {
        assert_eq!(target("end.md").as_deref(), Some("/page/guide/end"));
        assert_eq!(
            target("./end.md#part").as_deref(),
            Some("/page/guide/end#part")
        );
        assert_eq!(target("../a b.md").as_deref(), Some("/page/a%20b"));
        assert_eq!(target("../api/").as_deref(), Some("/page/api/README"));
        assert_eq!(target("#here").as_deref(), Some("#here"));
    }

    #[test]
    fn links_elsewhere_keep_their_scheme() {
        assert_eq!(
            target("https://example.com/?a=b").as_deref(),
            Some("https://example.com/?a=b")
        );
        assert_eq!(
            target("mailto:ada@example.com").as_deref(),
            Some("mailto:ada@example.com")
        );
    }

    #[test]
    fn links_that_do_something_or_leave_the_folder_lead_nowhere() {
        for link in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "../../etc/passwd",
            "/etc/passwd",
            "//example.com",
            "missing.md",
        ] {
            assert_eq!(target(link), None, "{link}");
        }
    }
}
