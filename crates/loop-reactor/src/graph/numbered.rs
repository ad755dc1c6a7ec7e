//! Maps of what only some nodes have.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by a node's number, or its id.
pub(crate) type Numbered<K, V> = HashMap<K, V, BuildHasherDefault<Mixed>>;

/// The hash of a node's number, which nobody outside chooses.
#[derive(Default)]
pub(crate) struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32((*byte).into());
        }
    }

    fn write_u32(&mut self, number: u32) {
        // Knuth's multiplicative hashing, with the high bits brought down.
        let mixed = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}
