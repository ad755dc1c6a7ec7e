//! What the entries of `args` mean, and what they match.
//!
//! What begins with `-` is an option to most programs, and options make them do other things than they were granted for. So no
//! wildcard stands for one, unless the pattern says so.

use crate::grants::check;
use crate::shape::formats::Complaint;

/// Any number of arguments that are no options.
pub(crate) const OPERANDS: &str = "**";
/// Any number of arguments of any kind.
pub(crate) const ANY: &str = "...";
/// From here on nothing is an option to most programs.
const END_OF_OPTIONS: &str = "--";

/// The arguments that a program may be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArgumentsPattern {
    each: Vec<Pattern>,
    rest: Rest,
}

/// What one argument may be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Exactly(String),
    /// It begins and ends so; where the beginning is empty it is no option.
    Around(String, String),
}

/// What may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Nothing,
    Operands,
    Anything,
}

impl ArgumentsPattern {
    /// Reads a list of entries.
    ///
    /// # Errors
    /// The first entry that is wrong by itself or where it stands, with its index.
    pub(crate) fn parse(entries: &[String]) -> Result<Self, (usize, Complaint)> {
        let mut pattern = Self {
            each: Vec::new(),
            rest: Rest::Nothing,
        };
        for (index, entry) in entries.iter().enumerate() {
            check::argument(entry).map_err(|complaint| (index, complaint))?;
            let rest = match entry.as_str() {
                OPERANDS => Rest::Operands,
                ANY => Rest::Anything,
                text => {
                    pattern.each.push(Pattern::read(text));
                    continue;
                }
            };
            if index + 1 < entries.len() {
                let complaint = Complaint::new(
                    format!("`{entry}` stands before other arguments"),
                    "only at the end",
                );
                return Err((
                    index,
                    complaint.hint("`*` is one argument, wherever it stands"),
                ));
            }
            pattern.rest = rest;
        }
        Ok(pattern)
    }

    /// Whether a program may be given these.
    pub(crate) fn matches(&self, arguments: &[String]) -> bool {
        let Some((own, more)) = arguments.split_at_checked(self.each.len()) else {
            return false;
        };
        let mut options = true;
        for (pattern, argument) in self.each.iter().zip(own) {
            if !pattern.matches(argument, options) {
                return false;
            }
            options &= *pattern != Pattern::Exactly(END_OF_OPTIONS.to_owned());
        }
        match self.rest {
            Rest::Nothing => more.is_empty(),
            Rest::Operands => more
                .iter()
                .all(|argument| !options || !argument.starts_with('-')),
            Rest::Anything => true,
        }
    }
}

impl Pattern {
    /// Reads an entry that [`check::argument`] found to be right.
    fn read(text: &str) -> Self {
        match text.split_once('*') {
            Some((before, after)) => Self::Around(before.to_owned(), after.to_owned()),
            None => Self::Exactly(text.to_owned()),
        }
    }

    /// `options`: whether what begins with `-` is an option here.
    fn matches(&self, argument: &str, options: bool) -> bool {
        match self {
            Self::Exactly(text) => argument == text,
            Self::Around(before, after) => {
                let is_option = options && before.is_empty() && argument.starts_with('-');
                !is_option
                    && argument
                        .strip_prefix(before.as_str())
                        .is_some_and(|rest| rest.ends_with(after.as_str()))
            }
        }
    }
}

/// The least entries that let these arguments through. What no entry can say, what goes beyond so many bytes together, and all that
/// follows either, becomes [`ANY`].
pub(crate) fn entries_for(arguments: &[String], bytes_max: usize) -> Vec<String> {
    let mut bytes = 0;
    let sayable = |argument: &&String| {
        bytes += argument.len() + 1;
        bytes <= bytes_max
            && !matches!(argument.as_str(), OPERANDS | ANY)
            && check::argument(argument).is_ok()
    };
    let mut entries: Vec<String> = arguments.iter().take_while(sayable).cloned().collect();
    if entries.len() < arguments.len() {
        entries.push(ANY.to_owned());
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::{ArgumentsPattern, entries_for};

    fn words(text: &str) -> Vec<String> {
        text.split_terminator(' ').map(str::to_owned).collect()
    }

    #[test]
    fn what_matches() {
        let check = |entries: &str, arguments: &str, expected: bool| {
            let pattern = ArgumentsPattern::parse(&words(entries)).unwrap();
            let matches = pattern.matches(&words(arguments));
            assert_eq!(matches, expected, "{entries} with {arguments}");
        };
        for (entries, good, bad) in [
            ("", &[""][..], &["a", "-a"][..]),
            ("log", &["log"], &["", "Log", "log -p", "lo", "logs"]),
            (
                "log *",
                &["log v1", "log  "],
                &["log", "log -p", "log --output=x", "log a b", "log -"],
            ),
            (
                "log -*",
                &["log -p", "log --output=x", "log -"],
                &["log v1", "log"],
            ),
            (
                "log --format=*",
                &["log --format=", "log --format=a=b"],
                &["log --format", "log --forma"],
            ),
            ("*.md", &["a.md", ".md"], &["-a.md", "a.txt", "md"]),
            ("a*a", &["aa", "aba"], &["a", "ab"]),
            ("**", &["", "a", "a b c"], &["-a", "a -b", "-- -a"]),
            (
                "add -- **",
                &["add --", "add -- -a b"],
                &["add", "add a", "add -a"],
            ),
            ("add -- *", &["add -- -a"], &["add --", "add -- a b"]),
            ("build ...", &["build", "build -x y --z"], &["", "run"]),
            ("...", &["", "-x"], &[]),
        ] {
            for arguments in good {
                check(entries, arguments, true);
            }
            for arguments in bad {
                check(entries, arguments, false);
            }
        }
    }

    #[test]
    fn the_least_entries_let_through_what_they_are_for() {
        for arguments in [
            "",
            "a",
            "-a --b=c",
            "a ** b",
            "... a",
            "a*b*c",
            "* x",
            "a\nb",
            "a b c d e",
        ] {
            let arguments = words(arguments);
            let entries = entries_for(&arguments, 8);
            let pattern = ArgumentsPattern::parse(&entries).unwrap();
            assert!(pattern.matches(&arguments), "{arguments:?}: {entries:?}");
        }
    }
}
