//! A ring of shared memory, with a peer that writes any word at any time.
//!
//! An input is actions: a byte says what is done, and the bytes behind it how.

use std::io::IoSlice;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Buf as _;
use loop_wire::transport::shm::ring::{
    Consumer, HEAD_BYTES, Producer, RING_BYTES, RING_WORDS, Ring, RingError, Unread, Written,
};

/// The peer does what a peer does, as far as it is let.
const WRITES: u8 = 0;
const READS: u8 = 1;
const ENDS: u8 = 2;
/// The peer writes a word: which, and what.
const POKES: u8 = 3;
/// This side does its part.
const READ: u8 = 4;
const WRITE: u8 = 5;

/// What honest sides do, each at its end of one ring, or a little of what others do.
pub(crate) fn corpus() -> Vec<Vec<u8>> {
    let action = |what: u8, much: u16| {
        let [high, low] = much.to_be_bytes();
        vec![what, high, low]
    };
    // And this side looks.
    let poke = |word: u16, value: u64| {
        let mut bytes = action(POKES, word);
        bytes.extend_from_slice(&value.to_be_bytes());
        bytes.extend([READ, WRITE].map(|what| action(what, 9)).concat());
        bytes
    };
    let mut corpus = vec![Vec::new()];
    for much in [0, 1, 7, 8, 300, u16::MAX] {
        corpus.extend([WRITES, READS, READ, WRITE].map(|what| action(what, much)));
    }
    corpus.push(action(ENDS, 0));
    // An even word is of the ring to this side, an odd one of the other: see `feed`.
    let ring = RING_BYTES as u64;
    for value in [0, 5, 300, ring, ring + 1, 1 << 62, (1 << 63) | 5, u64::MAX] {
        corpus.extend([poke(0, value), poke(17, value)]);
    }
    corpus
}

/// Both rings, made once.
static MEMORY: LazyLock<[Vec<AtomicU64>; 2]> =
    LazyLock::new(|| [(); 2].map(|()| (0..RING_WORDS).map(|_| AtomicU64::new(0)).collect()));

/// Both rings of a stream, seen from this side and from the peer's.
#[derive(Default)]
struct Sides {
    consumer: Consumer,
    their_producer: Producer,
    producer: Producer,
    their_consumer: Consumer,
}

pub(crate) fn feed(mut input: &[u8], measure: &mut dyn FnMut()) -> bool {
    // What the data was before is no matter; the words of the head begin as 0.
    let [inward, outward] = &*MEMORY;
    for head in [inward, outward] {
        for word in head.iter().take(HEAD_BYTES / 8) {
            word.store(0, Ordering::Relaxed);
        }
    }
    let (Some(to_us), Some(to_them)) = (Ring::new(inward), Ring::new(outward)) else {
        return false;
    };
    let mut sides = Sides::default();
    let mut buffer = vec![7; usize::from(u16::MAX)];
    measure();
    while let (Ok(what), Ok(much)) = (input.try_get_u8(), input.try_get_u16()) {
        let bytes = buffer.get_mut(..usize::from(much)).unwrap_or_default();
        match what % 6 {
            WRITES => drop(sides.their_producer.write(to_us, &[IoSlice::new(bytes)])),
            READS => {
                if sides.their_consumer.look(to_them).is_ok() {
                    sides.their_consumer.take(to_them, bytes);
                }
            }
            ENDS => sides.their_producer.end(to_us, much % 2 == 0),
            POKES => {
                let word = input.try_get_u64().unwrap_or(u64::MAX);
                let ring = if much % 2 == 0 { inward } else { outward };
                if let Some(at) = ring.get(usize::from(much & !1)) {
                    at.store(word, Ordering::Relaxed);
                }
            }
            what => {
                if act(&mut sides, what, to_us, to_them, bytes).is_err() {
                    return false;
                }
            }
        }
    }
    measure();
    true
}

/// What this side does, and what must hold whatever the peer does.
fn act(
    sides: &mut Sides,
    what: u8,
    to_us: Ring<'_>,
    to_them: Ring<'_>,
    bytes: &mut [u8],
) -> Result<(), RingError> {
    if what == READ {
        to_us.reader_sleeps();
        to_us.reader_wakes();
        let _ = sides.consumer.is_ready(to_us);
        if let Unread::Bytes(count) = sides.consumer.look(to_us)? {
            assert!((1..=RING_BYTES).contains(&count), "{count} unread bytes");
            let taken = sides.consumer.take(to_us, bytes);
            assert_eq!(taken, count.min(bytes.len()));
            let _ = sides.consumer.takes_writer(to_us);
        }
        return Ok(());
    }
    let slices = [IoSlice::new(bytes), IoSlice::new(b"and more")];
    if let Written::Bytes(count) = sides.producer.write(to_them, &slices)? {
        assert!(
            (1..=bytes.len() + 8).contains(&count),
            "{count} bytes of {}",
            bytes.len()
        );
        let _ = to_them.takes_reader();
    }
    to_them.writer_sleeps();
    to_them.writer_wakes();
    let _ = sides.producer.is_ready(to_them);
    Ok(())
}
