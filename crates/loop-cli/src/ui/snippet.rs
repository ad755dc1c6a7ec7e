//! The lines of a file that a message is about, with a mark below the place.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode,
};

use crate::error::Snippet;
use crate::ui::{Ui, safe};

/// Draws the snippet, in ASCII unless a person watches.
pub(crate) fn draw(ui: &Ui, snippet: &Snippet) -> String {
    if snippet.source.is_empty() {
        return format!("  in {}\n", snippet.file);
    }
    let mut theme = if ui.live {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::ascii()
    };
    if !ui.color {
        theme.styles = GraphicalTheme::none().styles;
    }
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(ui.width)
        .with_links(false)
        .with_context_lines(1)
        .without_syntax_highlighting();
    let source = NamedSource::new(&snippet.file, drawable(&snippet.source));
    let drawing = Drawing { snippet, source };
    let mut text = String::new();
    // Writing to a string does not fail; what cannot be drawn still has its message above.
    let _ = handler.render_report(&mut text, &drawing);
    // The first line would hold the message, which stands above already.
    let drawn = text.lines().skip(1);
    drawn.flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// What miette draws: a place without a message.
struct Drawing<'a> {
    snippet: &'a Snippet,
    source: NamedSource<String>,
}

impl Diagnostic for Drawing<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let Snippet { span, label, .. } = self.snippet;
        let label = (!label.is_empty()).then(|| safe(label).into_owned());
        let span = LabeledSpan::new(label, span.start, span.len());
        Some(Box::new(std::iter::once(span)))
    }
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl fmt::Debug for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Drawing")
    }
}

impl std::error::Error for Drawing<'_> {}

/// The text without characters that a terminal would act upon, every other one in its place.
fn drawable(text: &str) -> String {
    let mut drawable = String::with_capacity(text.len());
    for c in text.chars() {
        if safe(c.encode_utf8(&mut [0; 4])).len() == c.len_utf8() {
            drawable.push(c);
        } else {
            drawable.extend(std::iter::repeat_n('?', c.len_utf8()));
        }
    }
    drawable
}
