//! Where a link in a page leads.

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
            "." => {}
            // `/x` and `//x` are meant for the root of some other site.
            "" if parts.is_empty() => return None,
            "" => {}
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
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url
}
