//! One process at a time, across processes: a lock file that the system frees when its holder ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::event::{Cancel, Event};

/// How often a held lock is tried again. Short enough not to be felt after a build of a second.
const RETRY: Duration = Duration::from_millis(25);

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Why a lock was not taken.
#[derive(Debug)]
pub(crate) enum LockError {
    Io(io::Error),
    Cancelled,
}

impl Lock {
    /// Takes the lock, waiting while another holds it and saying so once.
    ///
    /// The file stays: removing it would let two processes lock two files of the same name.
    pub(crate) fn take(
        path: &Path,
        on: &str,
        cancel: &Cancel,
        events: &mut dyn FnMut(Event),
    ) -> Result<Self, LockError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(LockError::Io)?;
        let mut said = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(source)) => return Err(LockError::Io(source)),
                Err(TryLockError::WouldBlock) => {}
            }
            if cancel.is_cancelled() {
                return Err(LockError::Cancelled);
            }
            if !said {
                events(Event::Waiting { on: on.to_owned() });
                said = true;
            }
            std::thread::sleep(RETRY);
        }
    }
}
