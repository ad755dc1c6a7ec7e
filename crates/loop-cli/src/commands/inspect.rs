//! `loop inspect`.

use std::fmt::Write as _;

use loop_host::shape::{Concurrency, Item, Kind, Shape, Wasi};
use serde_json::json;

use crate::commands::{Looked, look};
use crate::error::CliError;
use crate::ui::{self, Ui, safe};
use crate::workspace::shown;

/// Show what a component is: what it is for, what it imports and exports, which engine it needs, what made it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A .wasm file, a component's folder, or an app [default: the only app of the workspace]
    target: Option<String>,
    /// Print its world as WIT instead
    #[arg(long, conflicts_with = "json")]
    wit: bool,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// Shows it.
pub(crate) fn run(ui: &Ui, args: &Args) -> Result<u8, CliError> {
    let components = look(ui, args.target.as_deref())?;
    if args.json {
        let all: Vec<_> = components.iter().map(to_json).collect();
        // One component is asked for most often; an app has several.
        match all.as_slice() {
            [one] => ui::json(one)?,
            all => ui::json(&all)?,
        }
        return Ok(0);
    }
    for (index, looked) in components.iter().enumerate() {
        if index > 0 {
            ui::data("")?;
        }
        if args.wit {
            ui::data(safe(looked.shape.wit().trim_end()))?;
        } else {
            ui::data(safe(describe(looked).trim_end()))?;
        }
    }
    Ok(0)
}

fn to_json(looked: &Looked) -> serde_json::Value {
    let mut value = json!({ "name": looked.name, "file": looked.file });
    let shape = serde_json::to_value(&looked.shape).unwrap_or_default();
    if let (Some(value), serde_json::Value::Object(shape)) = (value.as_object_mut(), shape) {
        value.extend(shape);
    }
    value
}

fn describe(looked: &Looked) -> String {
    let Looked { shape, name, file } = looked;
    let mut text = format!("{name}: {}\n", kind(shape));
    // Writing to a string does not fail.
    let _ = writeln!(text, "  file     {} ({})", shown(file), size(shape.size));
    let _ = writeln!(text, "  engine   {}", engine(shape));
    let made: Vec<&str> = shape
        .languages
        .iter()
        .chain(&shape.tools)
        .map(String::as_str)
        .collect();
    if !made.is_empty() {
        let _ = writeln!(text, "  made by  {}", made.join(", "));
    }
    for (title, items) in [("imports", &shape.imports), ("exports", &shape.exports)] {
        if items.is_empty() {
            let _ = writeln!(text, "{title} nothing");
            continue;
        }
        let _ = writeln!(text, "{title}");
        for item in items {
            write_item(&mut text, shape, item);
        }
    }
    text
}

fn write_item(text: &mut String, shape: &Shape, item: &Item) {
    let _ = match item {
        Item::Interface(interface) => {
            let _ = writeln!(text, "  {}", interface.name);
            for function in &interface.functions {
                let _ = writeln!(text, "    {}", interface.signature(function));
            }
            Ok(())
        }
        Item::Function(function) => writeln!(text, "  {}", shape.signature(function)),
        Item::Type(named) => writeln!(text, "  type {}", named.name),
        Item::Other { name, what } => writeln!(text, "  {what} {name}"),
    };
}

fn kind(shape: &Shape) -> String {
    let version = |wasi| match wasi {
        Wasi::P2 => "0.2",
        Wasi::P3 => "0.3",
    };
    match shape.kind() {
        Kind::Command(wasi) => format!("a command of WASI {}", version(wasi)),
        Kind::HttpServer(wasi) => format!("an HTTP server of WASI {}", version(wasi)),
        Kind::WebSocketServer => "a WebSocket server".to_owned(),
        Kind::Library => {
            "a library: its exports are called by other components, or with `--invoke`".to_owned()
        }
        Kind::Empty => "a component that exports nothing".to_owned(),
    }
}

fn engine(shape: &Shape) -> String {
    match &shape.concurrency {
        Concurrency::NotNeeded => "the quick one, without concurrency support".to_owned(),
        Concurrency::Needed { because } => {
            format!("the one with concurrency support: {}", because.join("; "))
        }
    }
}

/// A size as a person reads it.
fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!(
            "{}.{} MiB",
            bytes / 1_048_576,
            bytes % 1_048_576 * 10 / 1_048_576
        ),
    }
}
