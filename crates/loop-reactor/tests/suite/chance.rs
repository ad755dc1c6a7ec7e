//! Inputs made by chance, from a seed.

/// Marsaglia's xorshift, so that a seed makes the same inputs everywhere.
pub(crate) struct Chance(u64);

impl Chance {
    /// Of neighbouring seeds, unlike inputs.
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        chance.next();
        chance
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from((self.next() >> 16) % bound.max(1) as u64).unwrap()
    }
}
