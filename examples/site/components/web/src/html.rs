//! Writes documents.
//!
//! Invariant: text gets into a document through [`Text`]; what goes in without it was written here or is a page's HTML, which
//! the interface `site:pages/pages` says is safe.

use std::fmt;

/// A text in a document. What means something in HTML is escaped, also in the value of an attribute.
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            let (before, after) = rest.split_at(at);
            f.write_str(before)?;
            let mut chars = after.chars();
            f.write_str(match chars.next() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                _ => "&#39;",
            })?;
            rest = chars.as_str();
        }
        f.write_str(rest)
    }
}

/// A whole document around a body. The search box holds `query`.
pub fn document(title: &str, query: &str, body: &str) -> String {
    let (title, query) = (Text(title), Text(query));
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<nav><a href="/">Pages</a> <a href="/status">Status</a> <a href="/outside">Outside</a></nav>
<form action="/search" role="search"><input type="search" name="q" value="{query}" maxlength="200" placeholder="Search" aria-label="Search"><button>Search</button></form>
</header>
<main>
{body}
</main>
</body>
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::{Text, document};

    #[test]
    fn text_is_never_markup() {
        assert_eq!(Text("a<b>&\"'é").to_string(), "a&lt;b&gt;&amp;&quot;&#39;é");
        let page = document("<title>", "\"><script>", "");
        assert!(!page.contains("<script>") && !page.contains("<title><title>"));
    }
}
