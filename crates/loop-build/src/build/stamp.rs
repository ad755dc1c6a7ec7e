//! The note beside an artifact that says what it was built from, and whether all that is still so.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::build::inputs::{self, Inputs};
use crate::environment::Environment;
use crate::files::{self, Facts};

/// Counted up when the meaning of a stamp changes.
const FORMAT: u32 = 1;

/// What an artifact was built from.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stamp {
    format: u32,
    settings: String,
    variables: Vec<(String, String)>,
    /// The artifact itself is one of them, so that a damaged one counts as stale.
    files: Vec<Entry>,
}

/// A file or folder as it was.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    facts: Option<Facts>,
    digest: String,
}

impl Stamp {
    /// Notes what an artifact was built from by a build that began at `since`.
    ///
    /// None where an input changed during the build: it is not known which of its versions was built.
    pub(crate) fn new(settings: &str, inputs: Inputs, since: u64, artifact: &Path) -> Option<Self> {
        let mut entries = vec![Entry::at(artifact.to_owned())];
        for path in inputs.paths {
            // Cargo writes it itself, at the beginning of a build.
            let by_cargo = path.ends_with("Cargo.lock");
            let entry = Entry::at(path);
            if !by_cargo && entry.facts.is_some_and(|facts| facts.since(since)) {
                return None;
            }
            entries.push(entry);
        }
        Some(Self {
            format: FORMAT,
            settings: settings.to_owned(),
            variables: inputs.variables.into_iter().collect(),
            files: entries,
        })
    }

    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        files::write_atomically(path, &serde_json::to_vec(self)?)
    }
}

impl Entry {
    /// Digest first: a change between the two then shows in the facts.
    fn at(path: PathBuf) -> Self {
        let digest = inputs::digest_at(&path);
        Self {
            facts: Facts::of(&path),
            path,
            digest,
        }
    }
}

/// Whether the artifact is what a build would make now.
///
/// Files whose size and times are as they were are not read. Others are, and when their content turns out to be the
/// same, that is noted so that the next look is quick again.
pub(crate) fn is_fresh(
    stamp: &Path,
    settings: &str,
    artifact: &Path,
    environment: &Environment,
) -> bool {
    let Some(mut noted) = std::fs::read(stamp)
        .ok()
        .and_then(|text| serde_json::from_slice::<Stamp>(&text).ok())
    else {
        return false;
    };
    if noted.format != FORMAT
        || noted.settings != settings
        || noted
            .files
            .first()
            .is_none_or(|entry| entry.path != artifact || entry.facts.is_none())
        || !noted
            .variables
            .iter()
            .all(|(name, digest)| inputs::digest_of_variable(environment, name) == *digest)
    {
        return false;
    }
    let mut touched = false;
    for entry in &mut noted.files {
        let facts = Facts::of(&entry.path);
        if facts == entry.facts {
            continue;
        }
        if facts.is_some() != entry.facts.is_some()
            || inputs::digest_at(&entry.path) != entry.digest
        {
            return false;
        }
        entry.facts = facts;
        touched = true;
    }
    if touched {
        // Only a matter of speed: a folder that cannot be written to is looked at in full each time.
        let _ = noted.write(stamp);
    }
    true
}
