//! Digests of files and trees. The WIT says of which bytes.

use sha2::Digest as _;

use crate::bindings::files::Algorithm;
use crate::tree::{File, Folder, Node};

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
            Self::Blake3(hasher) => drop(hasher.update(bytes)),
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Blake3(hasher) => hasher.finalize().as_bytes().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
        }
    }
}

/// The digest of a file.
pub(crate) fn file(file: &File, algorithm: Algorithm) -> Vec<u8> {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(file.content());
    hasher.finish()
}

/// The digest of a folder with all that is below it.
pub(crate) fn tree(folder: &Folder, algorithm: Algorithm) -> Vec<u8> {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(b"loop:fsx tree 1\n");
    below(&mut hasher, "", folder, algorithm);
    hasher.finish()
}

/// It goes as deep as a path is long.
fn below(hasher: &mut Hasher, prefix: &str, folder: &Folder, algorithm: Algorithm) {
    for (name, node) in folder {
        let path = format!("{prefix}{name}");
        hasher.update(match node {
            Node::Folder(..) => b"d",
            Node::File(_) => b"f",
        });
        hasher.update(&(path.len() as u64).to_le_bytes());
        hasher.update(path.as_bytes());
        match node {
            Node::Folder(folder, _) => below(hasher, &format!("{path}/"), folder, algorithm),
            Node::File(file) => hasher.update(&self::file(file, algorithm)),
        }
    }
}
