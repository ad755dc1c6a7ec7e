//! Digests of files and trees. `wit/fsx` says of which bytes.

use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;

use cap_std::fs::Dir;
use sha2::Digest as _;

use crate::fsx::bindings::loop_::fsx::files::{Algorithm, ErrorCode};
use crate::fsx::error::Result;
use crate::fsx::file;
use crate::fsx::walk::{Entries, Step, Walk};
use crate::work::Stop;

/// How much of a file is read at once, in bytes: enough for BLAKE3 to use all lanes of the processor.
const CHUNK_BYTES: usize = 128 << 10;

/// What the bytes of a tree begin with.
const TREE: &[u8] = b"loop:fsx tree 1\n";

/// A digest in the making.
enum Hasher {
    Blake3(Box<blake3::Hasher>),
    Sha256(sha2::Sha256),
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Blake3 => Self::Blake3(Box::default()),
            Algorithm::Sha256 => Self::Sha256(sha2::Sha256::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Blake3(hasher) => {
                hasher.update(bytes);
            }
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// A text after the number of its bytes.
    fn text(&mut self, text: &str) {
        self.update(&(text.len() as u64).to_le_bytes());
        self.update(text.as_bytes());
    }

    fn finish(self) -> [u8; 32] {
        match self {
            Self::Blake3(hasher) => *hasher.finalize().as_bytes(),
            Self::Sha256(hasher) => hasher.finalize().into(),
        }
    }
}

/// The digest of a file, from its beginning.
pub(crate) fn file(mut file: File, algorithm: Algorithm, stop: &Stop) -> Result<[u8; 32]> {
    let mut hasher = Hasher::new(algorithm);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        stop.check()?;
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(read) => hasher.update(chunk.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The digest of a folder with all that is below it.
pub(crate) fn tree(
    dir: &Arc<Dir>,
    folder: &str,
    algorithm: Algorithm,
    entries: Entries,
    stop: &Stop,
) -> Result<[u8; 32]> {
    // As a root of its own, in which no path is longer for where the folder stands.
    let dir = Arc::new(dir.open_dir(file::path(folder)?)?);
    let mut hasher = Hasher::new(algorithm);
    hasher.update(TREE);
    let mut walk = Walk::new(Arc::clone(&dir), ".", String::new(), entries)?;
    while let Some(step) = walk.step() {
        stop.check()?;
        let Step::Found(path, kind) = step else {
            return Err(ErrorCode::IllegalByteSequence.into());
        };
        if kind.is_dir() {
            hasher.update(b"d");
            hasher.text(&path);
            walk.enter(&path, &path)?;
        } else if kind.is_file() {
            let digest = self::file(file::open(&dir, file::path(&path)?)?, algorithm, stop)?;
            hasher.update(b"f");
            hasher.text(&path);
            hasher.update(&digest);
        } else if kind.is_symlink() {
            let target = dir.read_link_contents(&path)?;
            let target = target.to_str().ok_or(ErrorCode::IllegalByteSequence)?;
            hasher.update(b"l");
            hasher.text(&path);
            hasher.text(target);
        } else {
            return Err(ErrorCode::Unsupported.into());
        }
    }
    Ok(hasher.finish())
}
