//! `loop grants`.

use loop_core::Grants;
use loop_host::shape::{Need, NeedKind, grants_needed};
use serde_json::json;

use crate::commands::{Looked, look};
use crate::error::CliError;
use crate::ui::{self, Ui, safe};

/// Show the least that a component's imports could need to be granted
///
/// An import is no proof of use: language runtimes import more than a program calls. `loop run --learn` shows what
/// is really used.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A .wasm file, a component's folder, or an app [default: the only app of the workspace]
    target: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// Shows it.
pub(crate) fn run(ui: &Ui, args: &Args) -> Result<u8, CliError> {
    let components = look(ui, args.target.as_deref())?;
    if args.json {
        let all: Vec<_> = components.iter().map(to_json).collect();
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
        ui::data(safe(describe(looked).trim_end()))?;
    }
    Ok(0)
}

/// The needs that a grant answers, each kind once: the one with the widest example.
pub(crate) fn grantable(needs: Vec<Need>) -> Vec<Need> {
    let mut kept: Vec<Need> = Vec::new();
    for need in needs.into_iter().filter(|need| need.example.is_some()) {
        let wide = |need: &Need| need.example.map_or(0, str::len);
        match kept.iter_mut().find(|known| known.kind == need.kind) {
            Some(known) if wide(known) < wide(&need) => *known = need,
            Some(_) => {}
            None => kept.push(need),
        }
    }
    kept.sort_by_key(|need| need.kind);
    kept
}

/// The grants of the examples together.
fn together(needs: &[Need]) -> Grants {
    let examples = needs
        .iter()
        .filter_map(|need| Grants::parse_fragment(need.example?).ok());
    examples.fold(Grants::default(), |all, example| all.merged(&example))
}

fn describe(looked: &Looked) -> String {
    let all = grants_needed(&looked.shape);
    let providers: Vec<String> = all
        .iter()
        .filter(|need| need.kind == NeedKind::Provider)
        .map(|need| format!("# {}: {}", need.interface, need.why))
        .collect();
    let needs = grantable(all);
    let mut lines = vec![format!("# {}", looked.name)];
    lines.extend(providers);
    for need in &needs {
        lines.push(format!("# {}: {}", need.interface, need.why));
        lines.push(format!("#   {}", need.example.unwrap_or_default()));
    }
    if needs.is_empty() {
        lines.push("# its imports reach nothing that is granted".to_owned());
    }
    lines.push(together(&needs).to_toml_line());
    lines.join("\n")
}

fn to_json(looked: &Looked) -> serde_json::Value {
    let all = grants_needed(&looked.shape);
    let needs: Vec<_> = all
        .iter()
        .filter(|need| need.kind != NeedKind::None)
        .map(|need| {
            json!({
                "interface": need.interface,
                "grant": need.kind.key(),
                "why": need.why,
                "example": need.example,
                "functions": need.functions,
            })
        })
        .collect();
    json!({
        "name": looked.name,
        "needs": needs,
        "line": together(&grantable(all)).to_toml_line(),
    })
}
