//! Compiled functions, kept for components that are mostly the same as another.
//!
//! What JavaScript and Python are made into is an interpreter with the source in its memory: after each change another
//! component, of the same code. So the functions of large modules are kept, by the digest of the module's code; of a
//! component that changed only in its data nearly all of them are found, and compiling it takes a fourth of the time.
//!
//! Cranelift decides whether a function is the same, by a digest of all that its compiled form depends on; where several
//! threads compile, it takes some for new that are not, which costs their time and nothing else. The entries of the cache
//! that hold functions are as trustworthy as those that hold components, and for the same reasons.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use wasmparser::{Parser, Payload};
use wasmtime::CacheStore;

use super::{Cache, digest, read_entry};

/// How the names of entries with functions end.
const FORMAT: &str = "1.functions";

/// The size of a module's code from which on its functions are kept: what takes more than a tenth of a second to compile.
const CODE_BYTES_MIN: usize = 256 << 10;

/// The size of all functions of an entry: those of a Python have 80 MiB.
const ENTRY_BYTES_MAX: usize = 256 << 20;

/// An entry is written anew when fewer than this part of the functions asked for were there, in percent.
const FOUND_PERCENT_MIN: usize = 80;

/// Cranelift's digests of functions.
const KEY_BYTES: usize = 32;

type Key = [u8; KEY_BYTES];

/// The functions for one compilation, and what it adds to them.
#[derive(Debug)]
pub(crate) struct Functions {
    path: PathBuf,
    known: HashMap<Key, Vec<u8>>,
    asked: Mutex<Asked>,
}

#[derive(Debug, Default)]
struct Asked {
    found: usize,
    added: HashMap<Key, Vec<u8>>,
    added_bytes: usize,
}

impl Functions {
    /// The functions that are kept for a component; nothing for one that compiles quickly anyway.
    pub(crate) fn of(cache: &Cache, component: &[u8], engine: u64) -> Option<Arc<Self>> {
        let code = largest_code(component).filter(|code| code.len() >= CODE_BYTES_MIN)?;
        let path = cache.entry(&digest(code), engine, FORMAT);
        let known = match read(&path) {
            Ok(known) => known,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(entry = %path.display(), %error, "an entry of the cache is not used");
                }
                HashMap::new()
            }
        };
        Some(Arc::new(Self {
            path,
            known,
            asked: Mutex::default(),
        }))
    }

    /// Keeps what was compiled, if it is worth it.
    pub(crate) fn keep(&self, cache: &Cache) {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let all = asked.found + asked.added.len();
        if asked.found * 100 >= all * FOUND_PERCENT_MIN {
            return;
        }
        let mut content = Vec::new();
        for (key, code) in asked.added.iter().chain(&self.known) {
            let Ok(length) = u32::try_from(code.len()) else {
                continue;
            };
            if content.len() + KEY_BYTES + size_of::<u32>() + code.len() > ENTRY_BYTES_MAX {
                break;
            }
            content.extend(key);
            content.extend(length.to_le_bytes());
            content.extend(code);
        }
        cache.write(&self.path, &content);
    }
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let code = self.known.get(key)?;
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.found += 1;
        Some(Cow::Borrowed(code))
    }

    fn insert(&self, key: &[u8], code: Vec<u8>) -> bool {
        let Ok(key) = Key::try_from(key) else {
            return false;
        };
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.added_bytes + code.len() > ENTRY_BYTES_MAX {
            return false;
        }
        asked.added_bytes += code.len();
        asked.added.insert(key, code);
        true
    }
}

/// The code of the module that has most of it.
fn largest_code(component: &[u8]) -> Option<&[u8]> {
    let mut largest: &[u8] = &[];
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::CodeSectionStart { range, .. } = payload.ok()? {
            let code = component.get(range)?;
            if code.len() > largest.len() {
                largest = code;
            }
        }
    }
    Some(largest)
}

/// The functions of an entry.
fn read(path: &Path) -> io::Result<HashMap<Key, Vec<u8>>> {
    let mut content = Vec::new();
    let mut is_too_large = false;
    read_entry(path, &mut |piece| {
        is_too_large |= content.len() + piece.len() > ENTRY_BYTES_MAX;
        if !is_too_large {
            content.extend_from_slice(piece);
        }
    })?;
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is damaged");
    if is_too_large {
        return Err(damaged());
    }
    let mut known = HashMap::new();
    let mut rest = content.as_slice();
    while !rest.is_empty() {
        let (key, behind) = rest.split_first_chunk::<KEY_BYTES>().ok_or_else(damaged)?;
        let (length, behind) = behind.split_first_chunk().ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| damaged())?;
        let (code, behind) = behind.split_at_checked(length).ok_or_else(damaged)?;
        known.insert(*key, code.to_vec());
        rest = behind;
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::{Cache, Functions};
    use std::fmt::Write as _;
    use std::sync::Arc;
    use wasmtime::{Config, Engine};

    /// A component with as many functions, all different, and one byte of data.
    fn component(functions: u32, data: u8) -> Vec<u8> {
        let mut text = String::from("(component (core module (memory 1)");
        write!(text, "(data (i32.const 0) \"\\{data:02x}\")").unwrap();
        for index in 0..functions {
            let body = format!("i32.const {index} i32.load offset=4 i32.add ").repeat(48);
            write!(text, "(func (param i32) (result i32) local.get 0 {body})").unwrap();
        }
        text.push_str("))");
        wat::parse_str(text).unwrap()
    }

    fn compile(functions: &Arc<Functions>, component: &[u8]) -> Vec<u8> {
        let mut config = Config::new();
        config.parallel_compilation(false);
        config
            .enable_incremental_compilation(Arc::<Functions>::clone(functions))
            .unwrap();
        let engine = Engine::new(&config).unwrap();
        engine.precompile_component(component).unwrap()
    }

    #[test]
    fn nothing_of_a_component_that_changed_in_its_data_is_compiled_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("compiled")).unwrap();
        let (before, after) = (component(1000, 1), component(1000, 2));
        let first = Functions::of(&cache, &before, 0).unwrap();
        compile(&first, &before);
        first.keep(&cache);

        let second = Functions::of(&cache, &after, 0).unwrap();
        assert!(
            compile(&second, &after) == compile(&Functions::of(&cache, &after, 1).unwrap(), &after)
        );
        let asked = second.asked.lock().unwrap();
        assert!(asked.found >= 1000, "{} were found", asked.found);
        assert!(
            asked.added.len() < 10,
            "{} were compiled",
            asked.added.len()
        );
    }

    #[test]
    fn of_a_small_component_nothing_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("compiled")).unwrap();
        assert!(Functions::of(&cache, &component(10, 1), 0).is_none());
    }
}
