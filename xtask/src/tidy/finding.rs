//! What a check reports, and the exemptions from it.

use std::fmt;

use serde::Deserialize;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) path: String,
    /// Counted from 1; `None` where the finding is about the file as a whole.
    pub(crate) line: Option<usize>,
    pub(crate) rule: String,
    pub(crate) message: String,
}

/// Says that a rule does not hold for some paths.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exemption {
    /// Everything that begins with this is exempt.
    path: String,
    rule: String,
    reason: String,
}

/// Collects the findings of all checks.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {} [{}]", self.path, self.message, self.rule),
            None => write!(f, "{}: {} [{}]", self.path, self.message, self.rule),
        }
    }
}

impl Findings {
    /// Reports something about a line.
    pub(crate) fn at(&mut self, path: &str, line: usize, rule: &str, message: impl Into<String>) {
        self.push(path, Some(line), rule, message.into());
    }

    /// Reports something about a file or folder.
    pub(crate) fn file(&mut self, path: &str, rule: &str, message: impl Into<String>) {
        self.push(path, None, rule, message.into());
    }

    /// Takes out what is exempt, reports exemptions that nothing needs, and sorts the rest.
    pub(crate) fn finish(self, exemptions: &[Exemption]) -> Vec<Finding> {
        let mut used = vec![false; exemptions.len()];
        let mut left: Vec<Finding> = self
            .0
            .into_iter()
            .filter(|finding| {
                let mut exempt = false;
                for (exemption, used) in exemptions.iter().zip(&mut used) {
                    if exemption.covers(finding) {
                        *used = true;
                        exempt = true;
                    }
                }
                !exempt
            })
            .collect();
        for (exemption, used) in exemptions.iter().zip(used) {
            if !used {
                left.push(exemption.unused());
            }
        }
        left.sort();
        left.dedup();
        left
    }

    fn push(&mut self, path: &str, line: Option<usize>, rule: &str, message: String) {
        self.0.push(Finding {
            path: path.to_owned(),
            line,
            rule: rule.to_owned(),
            message,
        });
    }
}

impl Exemption {
    fn covers(&self, finding: &Finding) -> bool {
        self.rule == finding.rule && finding.path.starts_with(&self.path)
    }

    fn unused(&self) -> Finding {
        Finding {
            path: "xtask/tidy.toml".to_owned(),
            line: None,
            rule: "unused-exemption".to_owned(),
            message: format!(
                "nothing under {} breaks the rule `{}` any more (the reason was: {})",
                self.path, self.rule, self.reason
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exemption(path: &str, rule: &str) -> Exemption {
        Exemption {
            path: path.into(),
            rule: rule.into(),
            reason: "a test".into(),
        }
    }

    #[test]
    fn an_exemption_covers_its_rule_and_paths_only() {
        let mut findings = Findings::default();
        findings.at("a/b.rs", 2, "one", "x");
        findings.at("a/b.rs", 1, "two", "x");
        findings.at("c.rs", 1, "one", "x");
        let left: Vec<String> = findings
            .finish(&[exemption("a/", "one")])
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(left, ["a/b.rs:1: x [two]", "c.rs:1: x [one]"]);
    }

    #[test]
    fn an_exemption_that_nothing_needs_is_reported() {
        let left = Findings::default().finish(&[exemption("a/", "one")]);
        assert_eq!(left.len(), 1);
        assert!(
            left[0]
                .message
                .contains("nothing under a/ breaks the rule `one`")
        );
    }
}
