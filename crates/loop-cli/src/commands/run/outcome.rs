//! What a command's end means, and what may have been missing.

use loop_core::grants::{Access, FolderGrant, Grants};
use loop_host::shape::{NeedKind, grants_needed};
use loop_host::{CallError, Component, Exit};

use crate::error::{self, CliError};
use crate::plan::Plan;
use crate::ui::Ui;
use crate::watch::Watch;

/// The exit code of a command that ended by itself.
pub(super) fn exited(
    ui: &Ui,
    plan: &Plan,
    root: Option<&Component>,
    watch: &Watch,
    args: &[String],
    exit: Exit,
) -> u8 {
    if exit.code != 0 && !watch.denied() && root.is_some_and(opens_files) {
        folders_hint(ui, plan, args);
    }
    // Systems keep eight bits. A failure must not become a success.
    u8::try_from(exit.code).unwrap_or(u8::MAX)
}

/// A command that did not end by itself.
pub(super) fn failed(failed: &CallError) -> CliError {
    match failed {
        CallError::NoExport { .. } => error::call(failed)
            .hint("it is no command: call one of its functions with `--invoke 'INTERFACE#FUNCTION(ARGUMENTS)'`"),
        failed => error::call(failed),
    }
}

/// Whether it opens files, which not every program does that imports `wasi:filesystem`.
fn opens_files(root: &Component) -> bool {
    let needs = root.shape().map(|shape| grants_needed(&shape));
    needs.is_ok_and(|needs| needs.iter().any(|need| need.kind == NeedKind::Fs))
}

/// Without a folder a program finds no file, and asks nobody: the host sees no request that it could refuse.
fn folders_hint(ui: &Ui, plan: &Plan, args: &[String]) {
    let Some(root) = plan
        .parts
        .get(&plan.root)
        .filter(|part| part.grants.fs.is_empty())
    else {
        return;
    };
    let named = args
        .iter()
        .filter(|arg| !arg.starts_with('-'))
        .find_map(|arg| {
            let (first, _) = arg.trim_start_matches("./").split_once('/')?;
            (!first.is_empty() && first != ".." && root.base.join(first).is_dir())
                .then(|| first.to_owned())
        });
    let name = named.unwrap_or_else(|| "data".to_owned());
    let folder = FolderGrant {
        path: format!("./{name}").into(),
        name,
        access: Access::Read,
    };
    let missing = Grants {
        fs: vec![folder],
        ..Grants::default()
    };
    if let Some(hint) = plan.advice().hint(&plan.root, &missing, false) {
        let hint = hint.replacen("to allow it", "it sees no folder; if it needs one", 1);
        ui.hint(&hint);
    }
}
