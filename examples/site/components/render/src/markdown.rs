//! Markdown to a page: HTML that is safe to show, a title, and the text to search.
//!
//! Invariant: no markup reaches a page that this crate or the Markdown crate did not write. HTML in the Markdown becomes
//! text, and of its links those remain that lead to a page, to the web, to a mail address or within the page.

mod code;
mod links;
mod slugs;

use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html,
};

use links::Target;
use slugs::Slugs;

pub use code::Highlight;

/// A page that was made from Markdown.
pub struct Rendered {
    /// Its first heading, or the name of its file.
    pub title: String,
    /// The body, safe to put into a document.
    pub html: String,
    /// The body as text, for searching.
    pub text: String,
}

/// Renders the Markdown of the page at `path`; `exists` knows the other pages.
pub fn render(
    path: &str,
    markdown: &str,
    exists: &dyn Fn(&str) -> bool,
    highlight: Highlight<'_>,
) -> Rendered {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS;
    let mut cleaner = Cleaner {
        path,
        exists,
        dead_link: false,
    };
    let mut slugs = Slugs::default();
    let mut events = Vec::new();
    let mut text = String::with_capacity(markdown.len());
    let mut title = None;
    // Where the heading that is open began: in `events`, and in `text`.
    let mut heading = None;
    // The language of the block of code that is open, and what stands in it.
    let mut block: Option<(String, String)> = None;
    for event in Parser::new_ext(markdown, options) {
        let event = cleaner.clean(event);
        match &event {
            Event::Start(Tag::Heading { .. }) => heading = Some((events.len(), text.len())),
            Event::End(TagEnd::Heading(level)) => {
                if let Some((at, from)) = heading.take() {
                    let words = text.get(from..).unwrap_or_default().trim().to_owned();
                    if let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(at) {
                        *id = Some(CowStr::from(slugs.next(&words)));
                    }
                    if *level == HeadingLevel::H1 {
                        title.get_or_insert(words);
                    }
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let language = code::language(info).to_owned();
                block = (!language.is_empty()).then_some((language, String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((language, code)) = block.take() {
                    events.extend(code::events(&code, &highlight(&code, &language)));
                }
            }
            _ => {}
        }
        collect_text(&event, &mut text);
        match (&event, &mut block) {
            (Event::Text(part), Some((_, code))) => code.push_str(part),
            _ => events.push(event),
        }
    }
    let mut html = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut html, events.into_iter());
    let name = path.rsplit('/').next().unwrap_or(path);
    Rendered {
        title: title.unwrap_or_else(|| name.to_owned()),
        html,
        text,
    }
}

/// Takes out of the events what must not reach a page.
struct Cleaner<'a> {
    path: &'a str,
    exists: &'a dyn Fn(&str) -> bool,
    /// Whether the link that is open leads nowhere. Links do not nest.
    dead_link: bool,
}

impl Cleaner<'_> {
    fn clean<'a>(&mut self, event: Event<'a>) -> Event<'a> {
        match event {
            // A comment is meant for who edits the file.
            Event::Html(markup) | Event::InlineHtml(markup) if markup.starts_with("<!--") => {
                Event::Text("".into())
            }
            Event::Html(markup) | Event::InlineHtml(markup) => Event::Text(markup),
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) if link_type != LinkType::Email => {
                match links::resolve(self.path, &dest_url, self.exists) {
                    Target::Url(url) => Event::Start(Tag::Link {
                        link_type,
                        dest_url: url.into(),
                        title,
                        id,
                    }),
                    Target::Nowhere => {
                        self.dead_link = true;
                        Event::Start(Tag::Emphasis)
                    }
                }
            }
            Event::End(TagEnd::Link) if std::mem::take(&mut self.dead_link) => {
                Event::End(TagEnd::Emphasis)
            }
            // The site has no files but its pages, so of an image only the description is shown.
            Event::Start(Tag::Image { .. }) => Event::Start(Tag::Emphasis),
            Event::End(TagEnd::Image) => Event::End(TagEnd::Emphasis),
            other => other,
        }
    }
}

fn collect_text(event: &Event<'_>, text: &mut String) {
    match event {
        Event::Text(words) | Event::Code(words) => text.push_str(words),
        Event::SoftBreak
        | Event::HardBreak
        | Event::Rule
        | Event::End(
            TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::Item
            | TagEnd::TableCell
            | TagEnd::CodeBlock,
        ) => text.push(' '),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::bindings::site::pages::code::{Kind, Span};

    /// The code up to the first space is a keyword.
    fn first_word(code: &str, _: &str) -> Vec<Span> {
        let (word, rest) = code.split_at(code.find(' ').unwrap_or(code.len()));
        let span = |code: &str, kind| Span {
            code: code.to_owned(),
            kind,
        };
        vec![span(word, Kind::Keyword), span(rest, Kind::Other)]
    }

    fn html(markdown: &str) -> String {
        render("page", markdown, &|path| path == "other", &first_word).html
    }

    #[test]
    fn html_in_markdown_becomes_text() {
        assert_eq!(html("a <b onclick=x>"), "<p>a &lt;b onclick=x&gt;</p>\n");
        assert!(!html("<script>alert(1)</script>\n\n<div>\nx\n</div>").contains("<script"));
        assert!(!html("<style>@import x</style>").contains("<style"));
        assert!(!html("<!-- a note\n<script>x</script>\n-->").contains("<script"));
        assert!(!html("```<script>\nx\n```").contains("<script"));
        assert!(!html("# <img src=x onerror=y>").contains("<img"));
    }

    #[test]
    fn links_lead_to_pages_or_nowhere() {
        assert_eq!(
            html("[o](other.md)"),
            "<p><a href=\"/page/other\">o</a></p>\n"
        );
        assert_eq!(html("[o](javascript:x)"), "<p><em>o</em></p>\n");
        assert_eq!(html("<javascript:x>"), "<p><em>javascript:x</em></p>\n");
        assert_eq!(html("![alt](javascript:x)"), "<p><em>alt</em></p>\n");
        assert_eq!(
            html("[o]\n\n[o]: other.md"),
            "<p><a href=\"/page/other\">o</a></p>\n"
        );
    }

    #[test]
    fn a_page_is_called_by_its_first_heading_or_its_file() {
        let page = |path, markdown| render(path, markdown, &|_| false, &first_word).title;
        assert_eq!(page("a/b", "## Part\n\n# The `page`"), "The page");
        assert_eq!(page("a/b", "no heading"), "b");
    }

    #[test]
    fn headings_have_names_of_their_own() {
        let page = html("## What it is\n\n## What it is\n");
        assert!(page.contains("id=\"what-it-is\"") && page.contains("id=\"what-it-is-1\""));
    }

    #[test]
    fn code_is_marked_and_stays_what_it_is() {
        assert_eq!(
            html("```rust,ignore\nfn <b>\n```"),
            "<pre><code class=\"language-rust,ignore\"><span class=\"keyword\">fn</span> &lt;b&gt;\n</code></pre>\n"
        );
        assert_eq!(
            html("```\nfn a\n```"),
            "<pre><code>fn a\n</code></pre>\n",
            "of no language"
        );
        let lie = |_: &str, _: &str| first_word("<script> x", "");
        assert_eq!(
            render("page", "```js\nx\n```", &|_| false, &lie).html,
            "<pre><code class=\"language-js\">x\n</code></pre>\n"
        );
    }
}
