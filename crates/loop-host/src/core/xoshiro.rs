//! Streams of random numbers that are the same on every host: xoshiro256** seeded by SplitMix64.
//!
//! Not for secrets. The algorithm is part of the WIT: changing a number here breaks runs that were recorded.

/// The state of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xoshiro([u64; 4]);

impl Xoshiro {
    /// The stream that starts from this seed.
    pub fn new(seed: u64) -> Self {
        let mut state = seed;
        Self(std::array::from_fn(|_| split_mix(&mut state)))
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// The next number below `bound`, all equally likely; 0 if `bound` is 0 or 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound < 2 {
            return 0;
        }
        let unfair = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.number()) * u128::from(bound);
            let (high, low) = halves(product);
            if low >= unfair {
                return high;
            }
        }
    }

    /// The next number from 0 up to and without 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
    pub fn fraction(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Fills `bytes` with numbers in little-endian order.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.number().to_le_bytes();
            for (byte, random) in chunk.iter_mut().zip(number) {
                *byte = random;
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the low half is what is left"
)]
fn halves(product: u128) -> (u64, u64) {
    ((product >> 64) as u64, product as u64)
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Xoshiro, split_mix};

    /// The first outputs that the authors' own code gives for the state 1, 2, 3, 4.
    #[test]
    fn numbers_are_those_of_the_published_algorithm() {
        let mut stream = Xoshiro([1, 2, 3, 4]);
        let numbers: Vec<u64> = (0..4).map(|_| stream.number()).collect();
        assert_eq!(
            numbers,
            [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240]
        );
    }

    #[test]
    fn the_seed_is_spread_by_split_mix() {
        let mut state = 1_234_567;
        assert_eq!(split_mix(&mut state), 6_457_827_717_110_365_317);
        assert_eq!(split_mix(&mut state), 3_203_168_211_198_807_973);
    }

    #[test]
    fn numbers_below_a_bound_stay_below_and_reach_all() {
        let mut stream = Xoshiro::new(7);
        let mut seen = [0_u32; 6];
        for _ in 0..6_000 {
            seen[usize::try_from(stream.below(6)).unwrap()] += 1;
        }
        assert!(
            seen.iter().all(|count| (800..1_200).contains(count)),
            "{seen:?}"
        );
        assert_eq!((stream.below(0), stream.below(1)), (0, 0));
        assert!((0..1_000).all(|_| stream.below(u64::MAX) < u64::MAX));
    }

    #[test]
    fn bytes_are_the_numbers_and_the_rest_is_thrown_away() {
        let (mut bytes, mut numbers) = (Xoshiro::new(9), Xoshiro::new(9));
        let mut filled = [0; 11];
        bytes.fill(&mut filled);
        let (first, second) = (
            numbers.number().to_le_bytes(),
            numbers.number().to_le_bytes(),
        );
        assert_eq!(filled[..8], first);
        assert_eq!(filled[8..], second[..3]);
        assert_eq!(bytes, numbers);
    }

    #[test]
    fn fractions_lie_between_zero_and_one() {
        let mut stream = Xoshiro::new(3);
        assert!((0..1_000).all(|_| (0.0..1.0).contains(&stream.fraction())));
    }
}
