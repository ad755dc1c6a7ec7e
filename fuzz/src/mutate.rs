//! Inputs out of what a peer would say.

use crate::random::Random;

/// Bytes that decoders are wrong about: the ends of ranges, the marks of LEB128, the heads of messages.
const NASTY: [&[u8]; 12] = [
    &[0x00],
    &[0x7f],
    &[0x80],
    &[0xff],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0x1f],
    &[0x80, 0x80, 0x80, 0x80, 0x80],
    &[0x80, 0x80, 0x0a],
    &[0xff; 10],
    &[0x40, 0x00, 0x00],
    &[0x83, 0x01, 0x00],
    &[0xf0, 0x9f, 0x92],
];

/// The bytes of an input at most, so that many are made in a second.
const INPUT_BYTES_MAX: usize = 1024;

/// Puts some of what peers say together, and changes it.
pub(crate) fn input(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = Vec::with_capacity(INPUT_BYTES_MAX * 2);
    // The first piece of a corpus is what everything begins with, and mostly left alone.
    let begin = corpus.first().map(Vec::as_slice).unwrap_or_default();
    input.extend_from_slice(begin);
    for _ in 0..random.below(5) {
        let piece = corpus.get(random.below(corpus.len())).map(Vec::as_slice);
        input.extend_from_slice(piece.unwrap_or_default());
    }
    let spared = if random.chance(8) { 0 } else { begin.len() };
    for _ in 0..random.below(6) {
        change(&mut input, spared, random);
    }
    input.truncate(INPUT_BYTES_MAX);
    input
}

fn change(input: &mut Vec<u8>, spared: usize, random: &mut Random) {
    let length = input.len();
    let at = spared + random.below(length.saturating_sub(spared));
    match random.below(6) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = random.byte();
            }
        }
        2 => input.truncate(at),
        3 => {
            let nasty = NASTY
                .get(random.below(NASTY.len()))
                .copied()
                .unwrap_or_default();
            input.splice(at.min(length)..at.min(length), nasty.iter().copied());
        }
        4 => {
            let end = (at + random.below(8)).min(length);
            input.drain(at.min(end)..end);
        }
        _ => {
            let end = (at + random.below(64)).min(length);
            let again: Vec<u8> = input.get(at.min(end)..end).unwrap_or_default().to_vec();
            let to = spared.min(length) + random.below(length.saturating_sub(spared));
            input.splice(to.min(length)..to.min(length), again);
        }
    }
}
