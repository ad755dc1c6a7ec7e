//! Checks of one file's text: size, white space, and words that must not stand there.

use serde::Deserialize;

use super::Findings;
use super::finding::Exemption;
use crate::repo::TextFile;

/// `xtask/tidy.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    max_lines: usize,
    skip: Vec<String>,
    skip_ending: Vec<String>,
    #[serde(rename = "words")]
    vocabulary: Vec<Words>,
    #[serde(default)]
    pub(crate) exempt: Vec<Exemption>,
}

/// Words that must not stand in some files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    rule: String,
    #[serde(rename = "words")]
    list: Vec<String>,
    ending: Vec<String>,
    /// Where the rule holds; everywhere if empty.
    #[serde(default)]
    inside: Vec<String>,
    /// Where it does not. What begins with `*` is the end of a path, all else the start of one.
    #[serde(default)]
    outside: Vec<String>,
    /// Whether comment lines count too.
    #[serde(default)]
    comments: bool,
    /// Whether tests count too.
    #[serde(default = "yes")]
    tests: bool,
    say: String,
}

fn yes() -> bool {
    true
}

/// Checks one file.
pub(crate) fn check(rules: &Rules, file: &TextFile, findings: &mut Findings) {
    let skipped = rules.skip.iter().any(|start| file.path.starts_with(start))
        || rules.skip_ending.iter().any(|end| file.path.ends_with(end));
    if skipped {
        return;
    }
    // The rules name the words that they look for.
    if file.path != "xtask/tidy.toml" {
        for words in &rules.vocabulary {
            words.check(file, findings);
        }
    }
    white_space(file, findings);
    if file.path.ends_with(".rs") {
        attributes(file, findings);
        crate_docs(file, findings);
    }
    let lines = file.text.lines().count();
    if lines > rules.max_lines {
        let message = format!("{lines} lines: what is the second idea in this file?");
        findings.file(&file.path, "long-file", message);
    }
}

impl Words {
    fn check(&self, file: &TextFile, findings: &mut Findings) {
        let path = &file.path;
        let holds = self.ending.iter().any(|ending| path.ends_with(ending))
            && (self.inside.is_empty() || self.inside.iter().any(|start| path.starts_with(start)))
            && !self.outside.iter().any(|pattern| covers(pattern, path))
            && (self.tests || !is_test_file(path));
        if !holds {
            return;
        }
        for (number, line) in file.text.lines().enumerate() {
            if !self.tests && line.trim_end() == "mod tests {" {
                break;
            }
            if !self.comments && is_comment(line) {
                continue;
            }
            for word in &self.list {
                if stands_in(line, word) {
                    let message = format!("`{word}`: {}", self.say);
                    findings.at(path, number + 1, &self.rule, message);
                }
            }
        }
    }
}

fn covers(pattern: &str, path: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) => path.ends_with(end),
        None => path.starts_with(pattern),
    }
}

/// Whether `word` stands in `line` with no letter, digit or `_` joined to either end of it.
fn stands_in(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line
            .get(start + word.len()..)
            .and_then(|text| text.chars().next());
        let open_start = !word.starts_with(joins) || !before.is_some_and(joins);
        let open_end = !word.ends_with(joins) || !after.is_some_and(joins);
        open_start && open_end
    })
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//")
        || line.starts_with('#') && !line.starts_with("#[") && !line.starts_with("#!")
}

fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.ends_with("_tests.rs")
}

fn white_space(file: &TextFile, findings: &mut Findings) {
    for (number, line) in file.text.split('\n').enumerate() {
        if line.ends_with([' ', '\t']) {
            findings.at(
                &file.path,
                number + 1,
                "white-space",
                "white space at the end of the line",
            );
        }
        if line.ends_with('\r') {
            findings.at(
                &file.path,
                number + 1,
                "white-space",
                "a line that ends as on Windows",
            );
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.file(
            &file.path,
            "white-space",
            "no line break at the end of the file",
        );
    }
    if file.text.ends_with("\n\n") {
        findings.file(
            &file.path,
            "white-space",
            "an empty line at the end of the file",
        );
    }
}

/// An `allow` or `expect` of a lint says why.
fn attributes(file: &TextFile, findings: &mut Findings) {
    for (number, line) in file.text.lines().enumerate() {
        let opens = ["#[allow(", "#![allow(", "#[expect(", "#![expect("];
        if !opens.iter().any(|open| line.trim_start().starts_with(open)) {
            continue;
        }
        let attribute: String = file
            .text
            .lines()
            .skip(number)
            .scan(false, |closed, line| {
                let before = *closed;
                *closed = line.trim_end().ends_with(")]");
                (!before).then_some(line)
            })
            .collect();
        if !attribute.contains("reason") {
            let message = "say why the lint does not hold here: reason = \"…\"";
            findings.at(&file.path, number + 1, "no-reason", message);
        }
    }
}

/// A crate says what it is for before anything else.
fn crate_docs(file: &TextFile, findings: &mut Findings) {
    let is_root = file.path.ends_with("/src/lib.rs") || file.path.ends_with("/src/main.rs");
    if is_root && !file.text.starts_with("//! ") {
        findings.at(
            &file.path,
            1,
            "crate-docs",
            "the first line says what the crate is for: `//! …`",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"
        max_lines = 5
        skip = ["vendor/"]
        skip_ending = [".snap"]

        [[words]]
        rule = "loud"
        ending = [".rs"]
        inside = ["src/"]
        outside = ["src/shell/", "*/build.rs"]
        words = ["shout!"]
        tests = false
        say = "be quiet"

        [[words]]
        rule = "later"
        ending = [""]
        words = ["LATER"]
        comments = true
        say = "do it now"
    "#;

    #[track_caller]
    fn expect(path: &str, text: &str, expected: &[&str]) {
        let rules: Rules = toml::from_str(RULES).unwrap();
        let mut findings = Findings::default();
        let file = TextFile {
            path: path.into(),
            text: text.into(),
        };
        check(&rules, &file, &mut findings);
        let found: Vec<String> = findings
            .finish(&[])
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn words_are_found_where_their_rule_holds() {
        expect(
            "src/a.rs",
            "shout!();\n",
            &["src/a.rs:1: `shout!`: be quiet [loud]"],
        );
        expect("src/a.rs", "my_shout!();\n", &[]);
        expect("src/a.rs", "// shout!\n", &[]);
        expect("src/shell/a.rs", "shout!();\n", &[]);
        expect("other/a.rs", "shout!();\n", &[]);
        expect("src/x/build.rs", "shout!();\n", &[]);
        expect("src/tests/a.rs", "shout!();\n", &[]);
        expect("src/a.rs", "mod tests {\n    shout!();\n}\n", &[]);
        expect("a.md", "# LATER\n", &["a.md:1: `LATER`: do it now [later]"]);
        expect("a.md", "COLLATERAL LATERAL\n", &[]);
    }

    #[test]
    fn some_files_are_skipped() {
        expect("vendor/a.rs", "shout!();   ", &[]);
        expect("a.snap", "LATER   ", &[]);
    }

    #[test]
    fn white_space_is_checked() {
        expect(
            "a.md",
            "a \n",
            &["a.md:1: white space at the end of the line [white-space]"],
        );
        expect(
            "a.md",
            "a\r\n",
            &["a.md:1: a line that ends as on Windows [white-space]"],
        );
        expect(
            "a.md",
            "a",
            &["a.md: no line break at the end of the file [white-space]"],
        );
        expect(
            "a.md",
            "a\n\n",
            &["a.md: an empty line at the end of the file [white-space]"],
        );
    }

    #[test]
    fn long_files_are_found() {
        expect(
            "a.md",
            "a\nb\nc\nd\ne\nf\n",
            &["a.md: 6 lines: what is the second idea in this file? [long-file]"],
        );
    }

    #[test]
    fn a_lint_is_silenced_with_a_reason() {
        let bare = ["a.rs:1: say why the lint does not hold here: reason = \"…\" [no-reason]"];
        expect("a.rs", "#[allow(dead_code)]\nfn a() {}\n", &bare);
        expect("a.rs", "#[expect(\n    dead_code,\n)]\n// reason\n", &bare);
        expect("a.rs", "#[allow(dead_code, reason = \"x\")]\n", &[]);
        expect(
            "a.rs",
            "#![expect(\n    dead_code,\n    reason = \"x\"\n)]\n",
            &[],
        );
    }

    #[test]
    fn a_crate_says_what_it_is_for() {
        expect("x/src/lib.rs", "//! A thing.\n", &[]);
        expect(
            "x/src/main.rs",
            "fn main() {}\n",
            &["x/src/main.rs:1: the first line says what the crate is for: `//! …` [crate-docs]"],
        );
        expect("x/src/other.rs", "fn main() {}\n", &[]);
    }
}
