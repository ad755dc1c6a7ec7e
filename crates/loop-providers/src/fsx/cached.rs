//! Reads in place, by no thread that may wait: of small files that the system has in its memory. To hand the work to such a thread and to come back takes
//! longer than to read a page of them.
//!
//! Linux says when it would have to wait: `RESOLVE_CACHED` of openat2(2), and `RWF_NOWAIT` of preadv2(2). io_uring opens and reads files in the same way before it
//! takes a thread. Whatever is not done so gives nothing here, and [`file`](crate::fsx::file) then does it or says why it cannot be done.

use std::fs::File;
use std::path::Path;

use cap_std::fs::Dir;

/// The most that is read in place, in bytes: with more, copying takes longer than handing over the work, and meanwhile nothing else happens on the thread.
const BYTES_MAX: usize = 64 << 10;

/// A whole file.
pub(crate) fn read(dir: &Dir, path: &Path) -> Option<Vec<u8>> {
    let (file, size) = open(dir, path)?;
    let size = usize::try_from(size)
        .ok()
        .filter(|&size| size < BYTES_MAX)?;
    // The byte more shows whether that is all.
    let content = now::read_at(&file, 0, size + 1)?;
    (content.len() == size).then_some(content)
}

/// A part of a file, which ends with the file.
pub(crate) fn read_range(dir: &Dir, path: &Path, offset: u64, length: u32) -> Option<Vec<u8>> {
    let length = usize::try_from(length)
        .ok()
        .filter(|&length| length <= BYTES_MAX)?;
    let (file, size) = open(dir, path)?;
    let content = now::read_at(&file, offset, length)?;
    // Where it ends before both, the rest would have to be waited for.
    let left = size.saturating_sub(offset);
    (content.len() == length || content.len() as u64 == left).then_some(content)
}

/// A regular file, and its size.
fn open(dir: &Dir, path: &Path) -> Option<(File, u64)> {
    let file = now::open(dir, path)?;
    let about = file.metadata().ok()?;
    about.is_file().then_some((file, about.len()))
}

#[cfg(target_os = "linux")]
mod now {
    use std::fs::File;
    use std::io::IoSliceMut;
    use std::path::Path;

    use cap_std::fs::Dir;
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
    use rustix::io::{ReadWriteFlags, preadv2};

    /// Opens a file below a folder as cap-std does, if its name is known.
    pub(super) fn open(dir: &Dir, path: &Path) -> Option<File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::CACHED;
        let file = openat2(dir, path, flags, Mode::empty(), resolve).ok()?;
        Some(file.into())
    }

    /// What can be read at once from there, up to so many bytes.
    pub(super) fn read_at(file: &File, offset: u64, length: usize) -> Option<Vec<u8>> {
        // The system counts in signed numbers.
        i64::try_from(offset).ok()?;
        let mut content = vec![0; length];
        let into = &mut [IoSliceMut::new(&mut content)];
        let read = preadv2(file, into, offset, ReadWriteFlags::NOWAIT).ok()?;
        content.truncate(read);
        Some(content)
    }
}

/// No other system says it.
#[cfg(not(target_os = "linux"))]
mod now {
    use std::fs::File;
    use std::path::Path;

    use cap_std::fs::Dir;

    pub(super) fn open(_: &Dir, _: &Path) -> Option<File> {
        None
    }

    pub(super) fn read_at(_: &File, _: u64, _: usize) -> Option<Vec<u8>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use cap_std::ambient_authority;
    use cap_std::fs::Dir;

    use super::{BYTES_MAX, read, read_range};
    use crate::fsx::file;

    #[test]
    fn what_is_read_in_place_is_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
        write("small", b"0123456789");
        write("empty", b"");
        write("most", &vec![7; BYTES_MAX - 1]);
        write("more", &vec![7; BYTES_MAX]);
        fs::create_dir(folder.path().join("folder")).unwrap();
        std::os::unix::fs::symlink("small", folder.path().join("inside")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("outside")).unwrap();
        let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();

        // On a file system that cannot say whether it waits nothing is read in place, and there is nothing to compare.
        let able = read(&dir, Path::new("small")).is_some();
        for name in ["small", "empty", "most", "inside", "folder/../small"] {
            let path = Path::new(name);
            let expected = able.then(|| file::read(&dir, path).unwrap());
            assert!(read(&dir, path) == expected, "{name}");
        }
        for name in [
            "more",
            "folder",
            "outside",
            "missing",
            "../small",
            "/etc/hostname",
            "",
        ] {
            assert!(read(&dir, Path::new(name)).is_none(), "{name}");
        }
        for (offset, length) in [(0, 4), (3, 4), (8, 4), (10, 4), (99, 4), (0, 0), (0, 10)] {
            let path = Path::new("small");
            let opened = file::open(&dir, path).unwrap();
            let expected = able.then(|| file::read_range(&opened, offset, length).unwrap());
            assert_eq!(
                read_range(&dir, path, offset, length),
                expected,
                "{offset} {length}"
            );
        }
        // Where the system's numbers end.
        let small = file::open(&dir, Path::new("small")).unwrap();
        for offset in [u64::MAX >> 1, u64::MAX] {
            assert_eq!(read_range(&dir, Path::new("small"), offset, 1), None);
            assert_eq!(file::read_range(&small, offset, 1).unwrap(), b"");
        }
    }
}
