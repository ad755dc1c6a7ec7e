//! The languages that components are written in, and how a folder says which.

use std::path::Path;

/// A language that components are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Rust, built by Cargo.
    Rust,
    /// JavaScript or TypeScript: both are bundled, and what is left is JavaScript.
    JavaScript,
    /// Python.
    Python,
}

impl Language {
    /// All of them, in the order in which a folder is looked at: the first whose file stands there is its language.
    pub const ALL: [Self; 3] = [Self::Rust, Self::JavaScript, Self::Python];

    /// The file that makes a folder a component of this language.
    pub fn manifest(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::JavaScript => "package.json",
            Self::Python => "pyproject.toml",
        }
    }

    /// The language of a component's folder, or nothing where it holds no sources of a component.
    pub fn of(folder: &Path) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| folder.join(language.manifest()).is_file())
    }
}
