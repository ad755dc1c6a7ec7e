//! Secure random numbers, and streams that can be played again.
//!
//! ```no_run
//! use loop_guest::random::{self, Rng};
//!
//! # fn main() -> Result<(), random::RandomError> {
//! let key = random::bytes(32)?; // secret
//! let dice = Rng::named("dice"); // the same in each run that has the same seed
//! let rolled = dice.below(6) + 1;
//! # let _ = (key, rolled);
//! # Ok(())
//! # }
//! ```

use std::fmt;

use crate::bindings::randomness;

pub use crate::bindings::randomness::RandomError;

/// Secure random bytes, at most 65,536 at once.
pub fn bytes(count: u32) -> Result<Vec<u8>, RandomError> {
    randomness::bytes(count)
}

/// A secure random number.
pub fn number() -> u64 {
    randomness::number()
}

/// The seed of this run: write it down to play the run again.
pub fn run_seed() -> u64 {
    randomness::run_seed()
}

/// A stream of numbers that is the same whenever it starts from the same seed. Not for secrets.
pub struct Rng {
    raw: randomness::Generator,
}

impl Rng {
    /// A stream of one's own, from this seed.
    pub fn seeded(seed: u64) -> Self {
        Self {
            raw: randomness::Generator::seeded(seed),
        }
    }

    /// A stream of this run. Different names give independent streams.
    pub fn named(name: &str) -> Self {
        Self {
            raw: randomness::Generator::named(name),
        }
    }

    /// The next number, all values equally likely.
    pub fn number(&self) -> u64 {
        self.raw.next()
    }

    /// The next bytes, at most 65,536 at once.
    pub fn bytes(&self, count: u32) -> Result<Vec<u8>, RandomError> {
        self.raw.next_bytes(count)
    }

    /// The next number below `bound`, all equally likely; 0 if `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        self.raw.below(bound)
    }

    /// The next number from 0 up to and without 1.
    pub fn fraction(&self) -> f64 {
        self.raw.fraction()
    }
}

impl fmt::Debug for Rng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rng")
    }
}
