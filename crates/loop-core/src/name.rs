//! The names by which WIT interfaces and packages are called.

use std::fmt;
use std::str::FromStr;

use semver::Version;

/// The longest name that is accepted, in bytes. WIT names are short; this bounds what a message repeats.
pub const NAME_BYTES_MAX: usize = 256;

/// The name of a WIT interface: `acme:store/kv@0.1.0`, or without the version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InterfaceName {
    /// `acme`.
    pub namespace: String,
    /// `store`.
    pub package: String,
    /// `kv`.
    pub interface: String,
    /// `0.1.0`, when it was given.
    pub version: Option<Version>,
}

impl InterfaceName {
    /// The name without its version.
    #[must_use]
    pub fn unversioned(&self) -> Self {
        Self {
            version: None,
            ..self.clone()
        }
    }

    /// Whether a provider of `self` can serve an import of `wanted`, as semver and the component model read it.
    ///
    /// A name without a version goes with every version.
    pub fn serves(&self, wanted: &Self) -> bool {
        if (&self.namespace, &self.package, &self.interface)
            != (&wanted.namespace, &wanted.package, &wanted.interface)
        {
            return false;
        }
        match (&self.version, &wanted.version) {
            // A draft goes with nothing but itself.
            (Some(ours), Some(theirs)) if !ours.pre.is_empty() || !theirs.pre.is_empty() => {
                ours == theirs
            }
            (Some(ours), Some(theirs)) => {
                ours >= theirs && compatible_track(ours) == compatible_track(theirs)
            }
            _ => true,
        }
    }
}

/// The part of a version that must be equal: the major number, or the minor one below 1.0, or the patch below 0.1.
fn compatible_track(version: &Version) -> (u64, u64, u64) {
    match (version.major, version.minor) {
        (0, 0) => (0, 0, version.patch),
        (0, minor) => (0, minor, 0),
        (major, _) => (major, 0, 0),
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.namespace, self.package, self.interface)?;
        match &self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}

/// Which imports something is said about: an interface, `acme:store/kv`, or all of a package, `acme:store`. Either with a version
/// or without.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImportName {
    /// `acme`.
    pub namespace: String,
    /// `store`.
    pub package: String,
    /// `kv`, when it is about one interface.
    pub interface: Option<String>,
    /// `0.1.0`, when it was given.
    pub version: Option<Version>,
}

impl ImportName {
    /// The name of this interface of the package, with the version that was given. None if it is not spoken of.
    pub fn interface(&self, interface: &str) -> Option<InterfaceName> {
        let same = self.interface.as_ref().is_none_or(|own| own == interface);
        same.then(|| InterfaceName {
            namespace: self.namespace.clone(),
            package: self.package.clone(),
            interface: interface.to_owned(),
            version: self.version.clone(),
        })
    }

    /// Whether an import of `wanted` is one of these, as [`InterfaceName::serves`] has it.
    pub fn serves(&self, wanted: &InterfaceName) -> bool {
        self.interface(&wanted.interface)
            .is_some_and(|own| own.serves(wanted))
    }
}

impl fmt::Display for ImportName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.package)?;
        if let Some(interface) = &self.interface {
            write!(f, "/{interface}")?;
        }
        match &self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}

impl From<InterfaceName> for ImportName {
    fn from(name: InterfaceName) -> Self {
        Self {
            namespace: name.namespace,
            package: name.package,
            interface: Some(name.interface),
            version: name.version,
        }
    }
}

/// Why a text is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text has another shape than `namespace:package/interface`, with `@version` or without.
    #[error(
        "`{text}` is not the name of an interface, which looks like `acme:store/kv` or `acme:store/kv@0.1.0`"
    )]
    Shape {
        /// The text, cut at [`NAME_BYTES_MAX`].
        text: String,
    },
    /// The text is neither such a name nor that of a package, `namespace:package`.
    #[error(
        "`{text}` is not the name of an interface or a package, which look like `acme:store/kv` and `acme:store`"
    )]
    ImportShape {
        /// The text, cut at [`NAME_BYTES_MAX`].
        text: String,
    },
    /// A version stands there that semver cannot read.
    #[error("`{version}` is not a version, which looks like `0.1.0`")]
    Version {
        /// The part after the `@`.
        version: String,
    },
}

impl FromStr for InterfaceName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let parts = Parts::of(text)?.filter(|parts| parts.interface.is_some());
        let parts = parts.ok_or_else(|| NameError::Shape { text: shown(text) })?;
        Ok(Self {
            namespace: parts.namespace.to_owned(),
            package: parts.package.to_owned(),
            interface: parts.interface.unwrap_or_default().to_owned(),
            version: parts.version,
        })
    }
}

impl FromStr for ImportName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let parts = Parts::of(text)?;
        let parts = parts.ok_or_else(|| NameError::ImportShape { text: shown(text) })?;
        Ok(Self {
            namespace: parts.namespace.to_owned(),
            package: parts.package.to_owned(),
            interface: parts.interface.map(str::to_owned),
            version: parts.version,
        })
    }
}

/// What a name is made of.
struct Parts<'a> {
    namespace: &'a str,
    package: &'a str,
    interface: Option<&'a str>,
    version: Option<Version>,
}

impl<'a> Parts<'a> {
    /// None where the text has another shape.
    fn of(text: &'a str) -> Result<Option<Self>, NameError> {
        if text.len() > NAME_BYTES_MAX {
            return Ok(None);
        }
        let (path, version) = match text.split_once('@') {
            Some((path, version)) => {
                let parsed = version.parse().map_err(|_| NameError::Version {
                    version: version.to_owned(),
                })?;
                (path, Some(parsed))
            }
            None => (text, None),
        };
        let Some((namespace, rest)) = path.split_once(':') else {
            return Ok(None);
        };
        let (package, interface) = match rest.split_once('/') {
            Some((package, interface)) => (package, Some(interface)),
            None => (rest, None),
        };
        let mut words = [namespace, package].into_iter().chain(interface);
        Ok(words.all(is_kebab).then_some(Self {
            namespace,
            package,
            interface,
            version,
        }))
    }
}

fn shown(text: &str) -> String {
    text.chars().take(NAME_BYTES_MAX).collect()
}

/// Whether `text` is a kebab-case word: letters and digits in words joined by single hyphens, each beginning with a letter.
pub fn is_kebab(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= NAME_BYTES_MAX
        && text.split('-').all(|word| {
            word.starts_with(|c: char| c.is_ascii_alphabetic())
                && word.chars().all(|c| c.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::{ImportName, InterfaceName};

    #[test]
    fn a_provider_serves_the_same_interface_of_a_compatible_version() {
        let check = |ours: &str, wanted: &str, expected: bool| {
            let ours: InterfaceName = ours.parse().unwrap();
            let wanted: InterfaceName = wanted.parse().unwrap();
            assert_eq!(ours.serves(&wanted), expected, "{ours} for {wanted}");
        };
        check("a:b/c", "a:b/c@1.2.0", true);
        check("a:b/c@1.3.0", "a:b/c@1.2.0", true);
        check("a:b/c@1.2.0", "a:b/c@1.3.0", false);
        check("a:b/c@2.0.0", "a:b/c@1.2.0", false);
        check("a:b/c@0.2.6", "a:b/c@0.2.0", true);
        check("a:b/c@0.3.0", "a:b/c@0.2.0", false);
        check("a:b/c@0.3.0", "a:b/c@0.3.0-rc.1", false);
        check("a:b/c@0.3.0-rc.1", "a:b/c@0.3.0-rc.1", true);
        check("a:b/d", "a:b/c", false);
    }

    #[test]
    fn a_package_stands_for_all_its_interfaces() {
        let check = |text: &str, wanted: &str, expected: bool| {
            let name: ImportName = text.parse().unwrap();
            assert_eq!(name.to_string(), text);
            let wanted: InterfaceName = wanted.parse().unwrap();
            assert_eq!(name.serves(&wanted), expected, "{name} for {wanted}");
        };
        check("a:b", "a:b/c@1.2.0", true);
        check("a:b", "a:b/d", true);
        check("a:b@1.3.0", "a:b/c@1.2.0", true);
        check("a:b@2.0.0", "a:b/c@1.2.0", false);
        check("a:c", "a:b/c", false);
        check("a:b/c", "a:b/c", true);
        check("a:b/c@0.2.6", "a:b/c@0.2.0", true);
        check("a:b/d", "a:b/c", false);
        for text in ["", "a", "a:", "a:b/", "a:b/c/d", "a:b@", "a:B c"] {
            assert!(text.parse::<ImportName>().is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn names_that_are_none_are_refused() {
        for text in [
            "", "kv", "a:b", "a/b:c", "a:b/c@x", "A b:c/d", "a:b/c-", "a:b/-c", "a:b/1",
        ] {
            assert!(
                text.parse::<InterfaceName>().is_err(),
                "{text:?} was accepted"
            );
        }
        assert!(
            format!("a:b/{}", "c".repeat(1000))
                .parse::<InterfaceName>()
                .is_err()
        );
    }
}
