//! The settings of an app, the `config` of its entry under `provide`, as providers of storage read them: keys that are known, values of a form, a
//! folder among those that are granted, names that an app may use.

use std::collections::BTreeSet;
use std::str::FromStr;

use loop_core::grants::{Access, Config};
use loop_core::policy::{Denial, Request};
use loop_core::suggest::did_you_mean;
use loop_host::{AppContext, Folder};

/// The longest name, in bytes: a word or two.
const NAME_BYTES_MAX: usize = 64;

/// The most names that settings list: more is a file of another kind.
const NAMES_MAX: usize = 1000;

/// What is wrong with settings, or with what is granted beside them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// There is no such setting.
    #[error("`config` has no setting `{key}`{}", hint.as_ref().map(|hint| format!(": {hint}")).unwrap_or_default())]
    Unknown {
        /// The key.
        key: String,
        /// The nearest that there is, or all.
        hint: Option<String>,
    },
    /// A setting has another form.
    #[error("the setting `{key}` is `{value}`, and should be {expected}")]
    Form {
        /// The key.
        key: &'static str,
        /// What it says.
        value: String,
        /// What it should say.
        expected: &'static str,
    },
    /// A setting is missing.
    #[cfg(feature = "keyvalue-redis")]
    #[error("`config` lacks the setting `{key}`: {expected}")]
    Missing {
        /// The key.
        key: &'static str,
        /// What it should say.
        expected: &'static str,
    },
    /// No folder is granted.
    #[error(
        "no folder is granted to it to keep things in: write `{EXAMPLE}` under its entry of `provide`"
    )]
    NoFolder,
    /// Several folders are granted.
    #[error("several folders are granted to it: let the setting `folder` name one of them")]
    Folders,
    /// Something is not granted. The observer knows more.
    #[error("it may not {request}: {reason}")]
    Denied {
        /// What was asked.
        request: String,
        /// Why it was refused.
        reason: String,
    },
}

/// The line that grants a folder.
const EXAMPLE: &str =
    r#"grants = { fs = [{ name = "data", path = "./data", access = "read-write" }] }"#;

impl From<Box<Denial>> for SettingsError {
    fn from(denial: Box<Denial>) -> Self {
        Self::Denied {
            request: denial.request,
            reason: denial.reason,
        }
    }
}

type Result<T> = std::result::Result<T, SettingsError>;

/// Settings whose keys are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings<'a>(&'a Config);

impl<'a> Settings<'a> {
    /// Settings with no other keys than these.
    pub(crate) fn new(config: &'a Config, known: &[&'static str]) -> Result<Self> {
        match config.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(Self(config)),
            Some(key) => Err(SettingsError::Unknown {
                key: shown(key),
                hint: did_you_mean(key, known.iter().copied()),
            }),
        }
    }

    pub(crate) fn get(self, key: &str) -> Option<&'a str> {
        self.0.get(key).map(String::as_str)
    }

    /// A setting that there has to be.
    #[cfg(feature = "keyvalue-redis")]
    pub(crate) fn needed(self, key: &'static str, expected: &'static str) -> Result<&'a str> {
        let missing = SettingsError::Missing { key, expected };
        self.get(key).ok_or(missing)
    }

    /// A setting as something else than text.
    pub(crate) fn read<T: FromStr>(
        self,
        key: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>> {
        let read = |text: &str| text.parse().map_err(|_| Self::form(key, text, expected));
        self.get(key).map(read).transpose()
    }

    pub(crate) fn form(key: &'static str, value: &str, expected: &'static str) -> SettingsError {
        SettingsError::Form {
            key,
            value: shown(value),
            expected,
        }
    }

    /// The granted folder that `folder` names, or the only one. It may be changed.
    pub(crate) fn folder<'f>(self, context: &AppContext<'f>) -> Result<&'f Folder> {
        let name = match (self.get("folder"), context.folders) {
            (Some(name), _) => name,
            (None, [only]) => &only.name,
            (None, []) => return Err(SettingsError::NoFolder),
            (None, _) => return Err(SettingsError::Folders),
        };
        let access = Access::ReadWrite;
        context.gate.ask(&Request::OpenFolder { name, access })?;
        let mut granted = context.folders.iter();
        granted
            .find(|folder| folder.name == name)
            .ok_or(SettingsError::NoFolder)
    }

    /// The names that an app may use: those that this setting lists.
    pub(crate) fn names(self, key: &'static str) -> Result<Names> {
        const EXPECTED: &str =
            "names with spaces between them, of letters, digits, `-`, `_` and `.`";
        let listed = |text: &str| {
            let names: BTreeSet<String> = text.split_whitespace().map(str::to_owned).collect();
            let right = !names.is_empty()
                && names.len() <= NAMES_MAX
                && names.iter().all(|name| is_name(name));
            right
                .then_some(names)
                .ok_or_else(|| Self::form(key, text, EXPECTED))
        };
        let per_component = self.read("per-component", "`true` or `false`")?;
        Ok(Names {
            only: self.get(key).map(listed).transpose()?,
            per_component: per_component.unwrap_or(false),
        })
    }
}

/// Which names an app may use, and whose they are.
#[derive(Debug)]
pub(crate) struct Names {
    /// The only ones.
    only: Option<BTreeSet<String>>,
    /// Whether each component has its own.
    per_component: bool,
}

/// Why a name is not used.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unusable {
    /// It is none.
    NoName,
    /// The app may not use it.
    NotListed,
}

impl Names {
    /// What is stored under a name, for a component that uses it.
    pub(crate) fn find(
        &self,
        component: &str,
        name: &str,
    ) -> std::result::Result<String, Unusable> {
        if !is_name(name) {
            return Err(Unusable::NoName);
        }
        if self.only.as_ref().is_some_and(|only| !only.contains(name)) {
            return Err(Unusable::NotListed);
        }
        Ok(if self.per_component {
            // No name has a slash.
            format!("{component}/{name}")
        } else {
            name.to_owned()
        })
    }
}

/// Whether it can be a name. What names are put together with in a store is none of these characters.
pub(crate) fn is_name(name: &str) -> bool {
    let right = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(right)
}

/// As much of a text as a message repeats.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
