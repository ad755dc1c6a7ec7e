//! The file that is written.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};

use loop_guest::log;
use netx_recording::{BYTES_MAX, Line};

use crate::bindings::wasi::config::store;

struct Recording {
    file: File,
    bytes: u64,
    /// The last number of a connection or a call.
    last: u64,
}

thread_local! {
    static OPEN: RefCell<Option<Recording>> = const { RefCell::new(None) };
}

/// Writes a line. Where that fails the log says why, and what was asked for is done all the same.
pub(crate) fn note(line: &Line) {
    if let Err(why) = with(|recording| recording.add(line)) {
        log::error!("not recorded: {why}");
    }
}

/// A number for a connection or a call, which no other of the recording has.
pub(crate) fn number() -> u64 {
    let number = with(|recording| {
        recording.last += 1;
        Ok(recording.last)
    });
    // What cannot be opened is told when something is written.
    number.unwrap_or_default()
}

fn with<R>(work: impl FnOnce(&mut Recording) -> Result<R, String>) -> Result<R, String> {
    OPEN.with_borrow_mut(|open| {
        if open.is_none() {
            *open = Some(Recording::open()?);
        }
        open.as_mut().map_or_else(|| Err(String::new()), work)
    })
}

impl Recording {
    fn open() -> Result<Self, String> {
        let path = store::get("file").ok().flatten();
        let path = path.ok_or("`file` is not among the settings of this provider")?;
        let in_file = |why: &dyn std::fmt::Display| format!("{path}: {why}");
        let before = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(in_file(&error)),
        };
        let lines = netx_recording::read(&before).map_err(|why| in_file(&why))?;
        let numbers = lines.iter().filter_map(|line| match line {
            Line::Connected { connection, .. } => Some(*connection),
            Line::CallBegun { call, .. } => Some(*call),
            _ => None,
        });
        let last = numbers.max().unwrap_or_default();
        let file = OpenOptions::new().create(true).append(true).open(&path);
        Ok(Self {
            file: file.map_err(|error| in_file(&error))?,
            bytes: before.len() as u64,
            last,
        })
    }

    fn add(&mut self, line: &Line) -> Result<(), String> {
        let text = netx_recording::write(line).map_err(|error| error.to_string())?;
        let bytes = self.bytes + text.len() as u64;
        if bytes > BYTES_MAX {
            return Err(format!(
                "the recording has {BYTES_MAX} bytes, which is the limit"
            ));
        }
        self.file
            .write_all(text.as_bytes())
            .map_err(|error| error.to_string())?;
        self.bytes = bytes;
        Ok(())
    }
}
