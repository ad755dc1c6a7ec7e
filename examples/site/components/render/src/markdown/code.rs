//! Blocks of code, with their parts marked.
//!
//! What another component says is only where a part begins and ends: the code itself stays that of the page.

use pulldown_cmark::{CowStr, Event};

use crate::bindings::site::pages::code::{Kind, Span};

/// Divides code into spans; its second argument is the language.
pub type Highlight<'a> = &'a dyn Fn(&str, &str) -> Vec<Span>;

/// The language of a block, by what stands behind its fence: `rust` of `rust,ignore`.
pub fn language(info: &str) -> &str {
    info.split([',', ' ']).next().unwrap_or_default()
}

/// The inside of a block. Code that the spans do not make up stays unmarked.
pub fn events(code: &str, spans: &[Span]) -> Vec<Event<'static>> {
    if !code
        .chars()
        .eq(spans.iter().flat_map(|span| span.code.chars()))
    {
        return vec![text(code)];
    }
    let mut events = Vec::new();
    for span in spans {
        let class = match span.kind {
            Kind::Comment => "comment",
            Kind::Keyword => "keyword",
            Kind::Number => "number",
            Kind::Text => "text",
            Kind::Other => {
                events.push(text(&span.code));
                continue;
            }
        };
        events.push(html(format!("<span class=\"{class}\">")));
        events.push(text(&span.code));
        events.push(html("</span>".to_owned()));
    }
    events
}

fn text(text: &str) -> Event<'static> {
    Event::Text(CowStr::from(text.to_owned()))
}

fn html(html: String) -> Event<'static> {
    Event::InlineHtml(CowStr::from(html))
}
