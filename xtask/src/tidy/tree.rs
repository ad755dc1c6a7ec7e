//! Checks of the tree: names of files, and what must stand together.

use anyhow::Result;

use super::Findings;
use super::layers::Table;
use crate::repo::Repo;

/// Checks the whole tree.
pub(crate) fn check(
    repo: &Repo,
    paths: &[String],
    table: &Table,
    findings: &mut Findings,
) -> Result<()> {
    names(paths, findings);
    examples(paths, findings);
    let architecture = std::fs::read_to_string(repo.path("ARCHITECTURE.md")).unwrap_or_default();
    map(&architecture, table, findings);

    let mut records = Vec::new();
    for path in paths
        .iter()
        .filter(|path| path.starts_with("docs/decisions/"))
    {
        let text = repo.read(path)?.map(|file| file.text).unwrap_or_default();
        records.push((path.as_str(), text));
    }
    decisions(&records, findings);
    Ok(())
}

fn names(paths: &[String], findings: &mut Findings) {
    for path in paths {
        if path.ends_with("/mod.rs") {
            findings.file(
                path,
                "mod-rs",
                "a module `x` is `x.rs`, with its children in `x/`",
            );
        }
        if path.ends_with(".snap.new") || path.ends_with(".pending-snap") {
            findings.file(
                path,
                "snapshot",
                "a snapshot waits: look at it, then accept or remove it",
            );
        }
    }
}

/// Each example teaches something by itself: it has a page, and a workspace file unless it is a host.
fn examples(paths: &[String], findings: &mut Findings) {
    let mut names: Vec<&str> = paths
        .iter()
        .filter_map(|path| path.strip_prefix("examples/")?.split_once('/'))
        .map(|(name, _)| name)
        .collect();
    names.dedup();
    for name in names {
        let folder = format!("examples/{name}");
        let has = |file: &str| paths.iter().any(|path| *path == format!("{folder}/{file}"));
        if !has("README.md") {
            findings.file(
                &folder,
                "example",
                "no README.md: say what it teaches and what it prints",
            );
        }
        if !has("loop.toml") && !has("src/main.rs") {
            findings.file(
                &folder,
                "example",
                "no loop.toml: an example is a workspace of its own",
            );
        }
    }
}

/// ARCHITECTURE.md names every crate.
fn map(architecture: &str, table: &Table, findings: &mut Findings) {
    for row in &table.crates {
        if !architecture.contains(&format!("`{}`", row.name)) {
            let message = format!("`{}` is missing from the map", row.name);
            findings.file("ARCHITECTURE.md", "map", message);
        }
    }
}

/// Decisions are numbered from 0001 without a gap, and each has a state.
fn decisions(records: &[(&str, String)], findings: &mut Findings) {
    for (index, (path, text)) in records.iter().enumerate() {
        let expected = format!("docs/decisions/{:04}-", index + 1);
        if !path.starts_with(&expected) {
            let message = format!("the next number is {:04}", index + 1);
            findings.file(path, "decision", message);
        }
        let states = [
            "State: proposed",
            "State: accepted",
            "State: superseded by ",
        ];
        if !text
            .lines()
            .any(|line| states.iter().any(|state| line.starts_with(state)))
        {
            let message = "no state: `State: proposed`, `accepted` or `superseded by NNNN`";
            findings.file(path, "decision", message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(fill: impl FnOnce(&mut Findings)) -> Vec<String> {
        let mut findings = Findings::default();
        fill(&mut findings);
        findings
            .finish(&[])
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    fn paths(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn names_of_files() {
        let paths = paths(&["a/src/b.rs", "a/src/b/mod.rs", "a/x.snap.new"]);
        let rules: Vec<String> = found(|findings| names(&paths, findings));
        assert_eq!(rules.len(), 2);
        assert!(rules[0].starts_with("a/src/b/mod.rs: "));
        assert!(rules[1].starts_with("a/x.snap.new: "));
    }

    #[test]
    fn an_example_has_a_page_and_a_workspace() {
        let good = paths(&[
            "examples/a/README.md",
            "examples/a/loop.toml",
            "examples/host/README.md",
            "examples/host/src/main.rs",
        ]);
        assert_eq!(found(|findings| examples(&good, findings)), [""; 0]);
        let bad = paths(&["examples/a/Cargo.toml"]);
        assert_eq!(found(|findings| examples(&bad, findings)).len(), 2);
    }

    #[test]
    fn decisions_have_numbers_and_states() {
        let good = [(
            "docs/decisions/0001-a.md",
            "# A\n\nState: accepted\n".to_owned(),
        )];
        assert_eq!(found(|findings| decisions(&good, findings)), [""; 0]);
        let bad = [("docs/decisions/0002-a.md", "# A\n".to_owned())];
        assert_eq!(
            found(|findings| decisions(&bad, findings)),
            [
                "docs/decisions/0002-a.md: no state: `State: proposed`, `accepted` or `superseded by NNNN` [decision]",
                "docs/decisions/0002-a.md: the next number is 0001 [decision]",
            ]
        );
    }
}
