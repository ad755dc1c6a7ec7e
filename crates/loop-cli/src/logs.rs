//! What components log through `loop:core`, and what the host itself warns of, as lines on standard error.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use loop_host::core::{Level, LogSink, Record};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::error::CliError;
use crate::time::Timestamp;
use crate::ui::{Paint, Ui, safe_line};
use crate::vars;

/// How records are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Lines to read.
    #[default]
    Text,
    /// A JSON object on each line.
    Json,
}

/// Which records are shown: `info`, or `warn,web=debug`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    /// For components that are not named; none shows nothing.
    others: Option<Level>,
    named: BTreeMap<String, Option<Level>>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            others: Some(Level::Info),
            named: BTreeMap::new(),
        }
    }
}

impl Filter {
    /// What `--log` says, or else `LOOP_LOG`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn chosen(flag: Option<&str>) -> Result<Self, CliError> {
        match (flag, vars::LOOP_LOG.text()) {
            (Some(text), _) => text
                .parse()
                .map_err(|message: String| CliError::usage(message)),
            (None, Some(text)) => text.parse().map_err(|message: String| {
                CliError::usage(format!("{message}, in {}", vars::LOOP_LOG.name))
            }),
            (None, None) => Ok(Self::default()),
        }
    }

    /// The lowest level that is shown of any component: what is below need not be made.
    pub(crate) fn lowest(&self) -> Level {
        let levels = self
            .named
            .values()
            .chain(std::iter::once(&self.others))
            .copied();
        levels.flatten().min().unwrap_or(Level::Error)
    }

    fn shows(&self, component: &str, level: Level) -> bool {
        let lowest = self.named.get(component).copied().unwrap_or(self.others);
        lowest.is_some_and(|lowest| level >= lowest)
    }
}

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut filter = Self::default();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            match part.split_once('=') {
                Some((component, word)) => {
                    filter
                        .named
                        .insert(component.trim().to_owned(), level(word.trim())?);
                }
                None => filter.others = level(part)?,
            }
        }
        Ok(filter)
    }
}

fn level(word: &str) -> Result<Option<Level>, String> {
    Ok(Some(match word.to_ascii_lowercase().as_str() {
        "trace" => Level::Trace,
        "debug" => Level::Debug,
        "info" => Level::Info,
        "warn" => Level::Warn,
        "error" => Level::Error,
        "off" => return Ok(None),
        _ => {
            return Err(format!(
                "`{word}` is not a level, which is one of trace, debug, info, warn, error, off"
            ));
        }
    }))
}

/// Shows records on standard error.
#[derive(Debug)]
pub(crate) struct Lines {
    ui: Ui,
    format: Format,
    filter: Filter,
}

impl Lines {
    /// A sink that shows what the filter lets through.
    pub(crate) fn new(ui: Ui, format: Format, filter: Filter) -> Self {
        Self { ui, format, filter }
    }

    /// `12:34:56.789 info  web: message key=value`
    fn text(&self, record: &Record) -> String {
        let paint = match record.level {
            Level::Error => Paint::Error,
            Level::Warn => Paint::Warning,
            Level::Info => Paint::Strong,
            Level::Debug | Level::Trace => Paint::Faint,
        };
        let mut line = format!(
            "{} {} {}: {}",
            self.ui.paint(
                Paint::Faint,
                &Timestamp(record.time_ns).time_of_day().to_string()
            ),
            self.ui
                .paint(paint, &format!("{:<5}", record.level.as_str())),
            safe_line(&record.component),
            safe_line(&record.message),
        );
        for field in &record.fields {
            let value = field.value.to_string();
            // Writing to a string does not fail.
            let _ = write!(line, " {}={}", safe_line(&field.key), quoted(&value));
        }
        line
    }
}

impl LogSink for Lines {
    fn record(&self, record: &Record) {
        if !self.filter.shows(&record.component, record.level) {
            return;
        }
        let line = match self.format {
            Format::Text => self.text(record),
            Format::Json => json(record),
        };
        // One write a line, so that lines of several threads do not mix.
        let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
    }
}

/// The value, in quotes if it would not read as one word.
fn quoted(value: &str) -> String {
    let value = safe_line(value);
    let plain = !value.is_empty() && !value.contains([' ', '"', '=', '\t']);
    if plain {
        value.into_owned()
    } else {
        format!("\"{}\"", value.replace('"', "\\\""))
    }
}

fn json(record: &Record) -> String {
    let fields: serde_json::Map<_, _> = record
        .fields
        .iter()
        .map(|field| (field.key.clone(), field.value.to_json()))
        .collect();
    let spans: Vec<&str> = record.spans.iter().map(|span| &**span).collect();
    json!({
        "time": Timestamp(record.time_ns).to_string(),
        "level": record.level.as_str(),
        "component": &*record.component,
        "message": record.message,
        "fields": fields,
        "spans": spans,
        "trace": record.trace_id.to_string(),
        "span": record.span_id.to_string(),
    })
    .to_string()
}

/// Shows the host's own warnings, or what `LOOP_TRACE` asks for. Records of components are shown by [`Lines`].
pub(crate) fn install_host_warnings(ui: &Ui) {
    let Some(filter) = vars::LOOP_TRACE.text() else {
        tracing_subscriber::registry().with(Warnings(*ui)).init();
        return;
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false);
    let filter = tracing_subscriber::EnvFilter::new(filter);
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .init();
}

/// `warning: an entry of the cache is not used (error: …)`
struct Warnings(Ui);

impl<S: tracing::Subscriber> Layer<S> for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= tracing::Level::WARN && metadata.target().starts_with("loop_")
    }

    fn max_level_hint(&self) -> Option<tracing::metadata::LevelFilter> {
        Some(tracing::metadata::LevelFilter::WARN)
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let fields = if text.fields.is_empty() {
            String::new()
        } else {
            format!(" ({})", text.fields.join(", "))
        };
        self.0
            .warning(&safe_line(&format!("{}{fields}", text.message)));
    }
}

#[derive(Default)]
struct Text {
    message: String,
    fields: Vec<String>,
}

impl Visit for Text {
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let causes = std::iter::successors(Some(value), |error| error.source());
        let texts: Vec<String> = causes.map(ToString::to_string).collect();
        let text = format!("{}: {}", field.name(), texts.join(": "));
        self.fields.push(text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name => self.fields.push(format!("{name}: {value:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use loop_host::core::Level;

    use super::{Filter, quoted};

    #[test]
    fn a_filter_names_components_and_the_rest() {
        let filter: Filter = "warn, web=debug,noisy=off".parse().unwrap();
        for (component, level, expected) in [
            ("other", Level::Warn, true),
            ("other", Level::Info, false),
            ("web", Level::Debug, true),
            ("web", Level::Trace, false),
            ("noisy", Level::Error, false),
        ] {
            assert_eq!(
                filter.shows(component, level),
                expected,
                "{component} {level}"
            );
        }
        assert_eq!(filter.lowest(), Level::Debug);
        assert!("loud".parse::<Filter>().unwrap_err().contains("`loud`"));
    }

    #[test]
    fn values_are_quoted_where_they_would_fall_apart() {
        for (value, expected) in [
            ("one", "one"),
            ("two words", "\"two words\""),
            ("", "\"\""),
            ("a\nb", "a\\nb"),
        ] {
            assert_eq!(quoted(value), expected);
        }
    }
}
