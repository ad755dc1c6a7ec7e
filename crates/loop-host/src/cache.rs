//! Compiled code, kept from one run to the next.
//!
//! Compiled code is as powerful as the host itself, so an entry is used only if nobody but this user can have
//! written it and it is whole: the folder belongs to this user and is closed to all others, and so is
//! the file; and the file ends with a checksum of the rest. Whatever fails a check is compiled anew.
//! An entry's name holds the digest of the component and the key of the engine, which covers wasmtime's
//! version and settings.
//!
//! The checksum finds damage, not malice: whoever could forge an entry is this user, and could write any checksum. So it
//! is the quickest that there is, because all of the entry is read for it at each start. The code itself is mapped from
//! the file, and only the pages that are used cost anything; entries are replaced and removed, but never changed in place.
//!
//! A cache that cannot be written (a full or read-only disk) costs speed and nothing else.

mod functions;

pub(crate) use self::functions::Functions;

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::hash::Hasher as _;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use twox_hash::XxHash3_64 as Checksum;

/// The size beyond which the entries that were not used for longest are removed: some hundred JavaScript components.
const CACHE_BYTES_MAX: u64 = 4 << 30;

/// How entries' names end. Another form of entry has another ending, so that those of an older `loop` are not taken for
/// damaged ones: nobody asks for them any more, and they are removed in time.
const FORMAT: &str = "2.cwasm";

/// What an entry ends with: a mark and the checksum of what stands before.
const MARK: [u8; 8] = *b"loopcwas";
const TRAILER_BYTES: usize = MARK.len() + 8;

/// How much of an entry is read at a time: it stays on the stack and in the processor's cache.
const PIECE_BYTES: usize = 16 << 10;

/// The digest by which a component is known.
pub(crate) type ContentDigest = [u8; 32];

/// The digest of a component's bytes.
pub(crate) fn digest(bytes: &[u8]) -> ContentDigest {
    Sha256::digest(bytes).into()
}

/// A folder of compiled code.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache in `folder`, which is made, closed to other users, if it is not there.
    ///
    /// Gives `None`, and says why in the log, if the folder is not this user's alone.
    pub(crate) fn open(folder: &Path) -> Option<Self> {
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder);
        let checked = made
            .and_then(|()| fs::symlink_metadata(folder))
            .and_then(|metadata| {
                if metadata.is_dir() {
                    private(&metadata)
                } else {
                    Err(io::ErrorKind::NotADirectory.into())
                }
            });
        match checked {
            Ok(()) => Some(Self {
                folder: folder.to_owned(),
            }),
            Err(error) => {
                tracing::warn!(folder = %folder.display(), %error, "compiled code is not cached");
                None
            }
        }
    }

    /// The file with the compiled code of a component for an engine, if a trustworthy entry is there.
    pub(crate) fn get(&self, component: &ContentDigest, engine: u64) -> Option<PathBuf> {
        let path = self.path(component, engine);
        match check_entry(&path) {
            Ok(()) => Some(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(entry = %path.display(), %error, "an entry of the cache is not used");
                None
            }
        }
    }

    /// Keeps compiled code. Another process that does the same at once is not disturbed, nor does it disturb.
    pub(crate) fn put(&self, component: &ContentDigest, engine: u64, code: &[u8]) {
        self.write(&self.path(component, engine), code);
    }

    fn write(&self, path: &Path, content: &[u8]) {
        if let Err(error) = write_entry(path, content).and_then(|()| self.prune(CACHE_BYTES_MAX)) {
            tracing::warn!(entry = %path.display(), %error, "compiled code was not cached");
        }
    }

    fn path(&self, component: &ContentDigest, engine: u64) -> PathBuf {
        self.entry(component, engine, FORMAT)
    }

    fn entry(&self, digest: &ContentDigest, engine: u64, format: &str) -> PathBuf {
        let mut name = String::with_capacity(96);
        for byte in digest {
            // Writing to a string does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        self.folder.join(format!("{name}-{engine:016x}.{format}"))
    }

    /// Removes the entries that were not used for longest until the rest fits.
    fn prune(&self, bytes_max: u64) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // Another process may have removed it since.
            if let Ok(metadata) = entry.metadata() {
                entries.push((metadata.mtime(), metadata.len(), entry.path()));
            }
        }
        let mut total: u64 = entries.iter().map(|(_, size, _)| size).sum();
        entries.sort();
        for (_, size, path) in entries {
            if total <= bytes_max {
                break;
            }
            fs::remove_file(path)?;
            total -= size;
        }
        Ok(())
    }
}

/// Whether a file or folder belongs to this user and is closed to all others.
fn private(metadata: &fs::Metadata) -> io::Result<()> {
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return Err(io::Error::other("it belongs to another user"));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other("other users may write to it"));
    }
    Ok(())
}

fn check_entry(path: &Path) -> io::Result<()> {
    read_entry(path, &mut |_| {})
}

/// Gives an entry's content to `sink`, piece by piece; none of it may be used before this has returned that it is whole.
fn read_entry(path: &Path, sink: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    private(&metadata)?;
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is damaged");
    let code_bytes = metadata.len().checked_sub(TRAILER_BYTES as u64);
    let mut code = (&mut file).take(code_bytes.ok_or_else(damaged)?);
    let mut checksum = Checksum::new();
    let mut piece = [0; PIECE_BYTES];
    loop {
        let read = code.read(&mut piece)?;
        let Some(read) = piece.get(..read).filter(|read| !read.is_empty()) else {
            break;
        };
        checksum.write(read);
        sink(read);
    }
    let mut trailer = [0; TRAILER_BYTES];
    file.read_exact(&mut trailer).map_err(|_| damaged())?;
    if trailer != trailer_of(&checksum) {
        return Err(damaged());
    }
    // The time of the last change serves as the time of the last use, by which entries are removed.
    let _ = file.set_modified(std::time::SystemTime::now());
    Ok(())
}

fn trailer_of(checksum: &Checksum) -> [u8; TRAILER_BYTES] {
    let mut trailer = [0; TRAILER_BYTES];
    let (mark, sum) = trailer.split_at_mut(MARK.len());
    mark.copy_from_slice(&MARK);
    sum.copy_from_slice(&checksum.finish().to_le_bytes());
    trailer
}

fn write_entry(path: &Path, code: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = (|| {
        let mut file: File = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(&temporary)?;
        file.write_all(code)?;
        let mut checksum = Checksum::new();
        checksum.write(code);
        file.write_all(&trailer_of(&checksum))?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::{Cache, digest};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("compiled")).unwrap();
        (folder, cache)
    }

    #[test]
    fn what_was_put_is_there_for_the_same_component_and_engine_only() {
        let (_folder, cache) = cache();
        cache.put(&digest(b"a"), 1, b"code");
        let entry = cache.get(&digest(b"a"), 1).unwrap();
        assert!(fs::read(entry).unwrap().starts_with(b"code"));
        assert_eq!(cache.get(&digest(b"a"), 2), None);
        assert_eq!(cache.get(&digest(b"b"), 1), None);
    }

    #[test]
    fn an_entry_damaged_at_any_byte_is_not_used() {
        let (_folder, cache) = cache();
        let key = digest(b"a");
        cache.put(&key, 1, b"code");
        let path = cache.path(&key, 1);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(cache.get(&key, 1), None, "byte {at} changed");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(cache.get(&key, 1), None, "cut at {at}");
        }
    }

    #[test]
    fn what_others_may_write_is_not_used() {
        let (_folder, cache) = cache();
        let key = digest(b"a");
        cache.put(&key, 1, b"code");
        fs::set_permissions(cache.path(&key, 1), fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(cache.get(&key, 1), None);
        fs::set_permissions(&cache.folder, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(Cache::open(&cache.folder).is_none());
    }

    #[test]
    fn a_link_is_not_followed() {
        let (folder, cache) = cache();
        let key = digest(b"a");
        cache.put(&key, 1, b"code");
        let path = cache.path(&key, 1);
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert_eq!(cache.get(&key, 1), None);
    }

    #[test]
    fn the_oldest_entries_go_first() {
        let (_folder, cache) = cache();
        for (index, name) in [b"a", b"b", b"c"].into_iter().enumerate() {
            cache.put(&digest(name), 1, &[0; 100]);
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(index as u64 + 1);
            let file = fs::File::options()
                .write(true)
                .open(cache.path(&digest(name), 1))
                .unwrap();
            file.set_modified(time).unwrap();
        }
        cache.prune(300).unwrap();
        assert!(cache.get(&digest(b"a"), 1).is_none());
        assert!(cache.get(&digest(b"b"), 1).is_some());
        assert!(cache.get(&digest(b"c"), 1).is_some());
    }
}
