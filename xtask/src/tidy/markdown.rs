//! Checks of Markdown: every page has a title, and every link to a file leads to one.

use super::Findings;
use crate::repo::TextFile;

/// Checks one page. `exists` says whether a path relative to the repository is there.
pub(crate) fn check(file: &TextFile, exists: impl Fn(&str) -> bool, findings: &mut Findings) {
    let first = file.text.lines().find(|line| !line.trim().is_empty());
    // Front matter may carry the title of a page that a program renders.
    if !first.is_some_and(|line| line.starts_with("# ") || line == "---") {
        findings.at(
            &file.path,
            1,
            "title",
            "a page begins with its title: `# …`",
        );
    }

    let mut fenced = false;
    for (number, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for target in links(line) {
            let Some(path) = resolve(&file.path, target) else {
                continue;
            };
            if !exists(&path) {
                let message = format!("the link to {target} leads nowhere");
                findings.at(&file.path, number + 1, "link", message);
            }
        }
    }
}

/// The targets of the inline links in a line: `[text](target)`.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next())
}

/// The repository path that a link means, or `None` if it leads out of the repository.
fn resolve(page: &str, target: &str) -> Option<String> {
    let target = target.split('#').next().unwrap_or_default();
    if target.is_empty() || target.contains(':') || target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn expect(text: &str, expected: &[&str]) {
        let mut findings = Findings::default();
        let file = TextFile {
            path: "docs/a.md".into(),
            text: text.into(),
        };
        check(
            &file,
            |path| path == "README.md" || path == "docs/b.md",
            &mut findings,
        );
        let found: Vec<String> = findings
            .finish(&[])
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_page_has_a_title() {
        expect("\n# A\n", &[]);
        expect("---\ntitle: A\n---\n", &[]);
        expect(
            "text\n",
            &["docs/a.md:1: a page begins with its title: `# …` [title]"],
        );
        expect(
            "",
            &["docs/a.md:1: a page begins with its title: `# …` [title]"],
        );
    }

    #[test]
    fn links_lead_somewhere() {
        expect(
            "# A\n[b](b.md#part) and [up](../README.md), [out](https://x.y/z) [here](#a)\n",
            &[],
        );
        expect(
            "# A\n\n[c](c.md)\n",
            &["docs/a.md:3: the link to c.md leads nowhere [link]"],
        );
        expect("# A\n```\n[c](c.md)\n```\n", &[]);
    }
}
