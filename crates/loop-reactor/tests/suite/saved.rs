//! Slots become bytes and come back, and no bytes do harm.

use std::collections::BTreeMap;

use loop_reactor::graph::{Loaded, NAME_MAX, Unloaded, Unnamed};
use loop_reactor::portable::{DEPTH_MAX, Damaged, Decoder, Encoder, Portable};
use loop_reactor::{Failure, Graph, Signal};
use sha2::{Digest as _, Sha256};

use crate::chance::Chance;

/// A value of a program's own, as its first version wrote it.
#[derive(Clone, Debug, PartialEq)]
struct Pen0 {
    width: u32,
}

impl Portable for Pen0 {
    fn encode(&self, to: &mut Encoder) {
        self.width.encode(to);
    }

    fn decode(from: &mut Decoder<'_>, _: u32) -> Result<Self, Damaged> {
        Ok(Self {
            width: u32::decode(from, 0)?,
        })
    }
}

/// The same later.
#[derive(Clone, Debug, PartialEq)]
struct Pen1 {
    width: u32,
    colour: String,
}

impl Portable for Pen1 {
    const VERSION: u32 = 1;

    fn encode(&self, to: &mut Encoder) {
        self.width.encode(to);
        self.colour.encode(to);
    }

    fn decode(from: &mut Decoder<'_>, version: u32) -> Result<Self, Damaged> {
        let width = u32::decode(from, 0)?;
        let colour = match version {
            0 => "black".to_owned(),
            _ => String::decode(from, 0)?,
        };
        Ok(Self { width, colour })
    }
}

/// A type that holds more of its own.
#[derive(Clone, Debug, PartialEq)]
struct Tree(Vec<Tree>);

impl Portable for Tree {
    fn encode(&self, to: &mut Encoder) {
        self.0.encode(to);
    }

    fn decode(from: &mut Decoder<'_>, version: u32) -> Result<Self, Damaged> {
        Vec::decode(from, version).map(Self)
    }
}

/// Saves one slot and loads it over another value.
fn check<T: Portable + Clone + std::fmt::Debug>(value: &T, other: &T) {
    let mut graph = Graph::new();
    let slot = graph.slot("slot", value.clone()).unwrap();
    let saved = graph.save();
    graph.set(slot, other.clone()).unwrap();
    assert_ne!(graph.save(), saved);
    assert_eq!(graph.load(&saved).unwrap(), Loaded::default());
    assert_eq!(graph.read(slot).unwrap(), value);
    assert_eq!(graph.save(), saved);
}

#[test]
fn values_come_back_as_they_were() {
    check(&true, &false);
    check(&'ü', &'a');
    check(&-1_i8, &1);
    check(&-1_i16, &1);
    check(&-1_i32, &1);
    check(&i64::MIN, &1);
    check(&i128::MIN, &1);
    check(&255_u8, &1);
    check(&u16::MAX, &1);
    check(&u32::MAX, &1);
    check(&u64::MAX, &1);
    check(&u128::MAX, &1);
    check(&7_usize, &1);
    check(&-0.5_f32, &1.0);
    check(&f64::INFINITY, &1.0);
    check(&"größe".to_owned(), &String::new());
    check(&vec![Some(1), None], &vec![]);
    check(&Some(Box::new(3)), &None);
    check(
        &BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]),
        &BTreeMap::new(),
    );
    check(
        &Tree(vec![Tree(vec![]), Tree(vec![Tree(vec![])])]),
        &Tree(vec![]),
    );
}

/// All that are no number are one, so that machines agree.
#[test]
fn what_is_no_number_has_one_form() {
    let digest = |value: f64| {
        let mut graph = Graph::new();
        graph.slot("slot", value).unwrap();
        graph.digest()
    };
    assert_eq!(
        digest(f64::NAN),
        digest(f64::from_bits(f64::NAN.to_bits() | 1))
    );
    assert_ne!(digest(0.0), digest(-0.0));
}

/// The bytes are a format: a digest that changes here changes for all that was saved.
#[test]
fn a_digest_is_the_same_everywhere() {
    let mut graph = Graph::new();
    graph.slot("count", 7_i32).unwrap();
    graph.slot("words", vec!["loop".to_owned()]).unwrap();
    let digest = graph.digest();
    let begins = [0xc4, 0x9d, 0xcb, 0x6a, 0x91, 0xc3, 0x30, 0x31];
    assert_eq!(digest[..8], begins, "{digest:02x?}");
    let saved = graph.save();
    assert_eq!(
        Sha256::digest(&saved[..saved.len() - 32]).as_slice(),
        graph.digest()
    );
}

#[test]
fn a_digest_is_of_the_slots_alone() {
    let mut first = Graph::new();
    let a = first.slot("a", 1).unwrap();
    first.slot("b", 2).unwrap();
    let mut second = Graph::new();
    second.signal("not saved");
    second.slot("b", 2).unwrap();
    let other = second.slot("a", 0).unwrap();
    assert_ne!(first.digest(), second.digest());
    second.set(other, 1).unwrap();
    assert_eq!(first.digest(), second.digest());
    assert_eq!(first.save(), second.save());
    first.remember_ticks(5);
    let digest = first.digest();
    first.set(a, 5).unwrap();
    assert_ne!(first.digest(), digest);
    first.go_to(first.before().unwrap()).unwrap();
    assert_eq!(first.digest(), digest);
}

#[test]
fn an_earlier_version_is_read_and_a_later_one_refused() {
    let mut old = Graph::new();
    old.slot("pen", Some(Pen0 { width: 3 })).unwrap();
    let mut new = Graph::new();
    let colour = || "red".to_owned();
    let pen = new
        .slot(
            "pen",
            Some(Pen1 {
                width: 1,
                colour: colour(),
            }),
        )
        .unwrap();
    let later = new.save();
    new.load(&old.save()).unwrap();
    let read = new.get(pen).unwrap().unwrap();
    assert_eq!((read.width, read.colour.as_str()), (3, "black"));
    let refused = old.load(&later).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "\"pen\" was saved as version 1, and this program knows 0"
    );
}

#[test]
fn slots_are_found_by_name() {
    let mut first = Graph::new();
    first.slot("a", 1).unwrap();
    first.slot("b", 2).unwrap();
    let mut second = Graph::new();
    let b = second.slot("b", 0).unwrap();
    let c = second.slot("c", 3).unwrap();
    let loaded = second.load(&first.save()).unwrap();
    assert_eq!(
        loaded,
        Loaded {
            missing: vec!["c".to_owned()],
            unknown: vec!["a".to_owned()],
        }
    );
    assert_eq!((second.get(b).unwrap(), second.get(c).unwrap()), (2, 3));
}

#[test]
fn a_name_stands_for_one_slot() {
    let mut graph = Graph::new();
    let first = graph.slot("a", 1).unwrap();
    assert_eq!(graph.slot("a", 2), Err(Unnamed::Taken("a".to_owned())));
    graph.remember_ticks(10);
    graph.dispose(first);
    let empty = graph.digest();
    let without = graph.now();
    let second = graph
        .tick(|graph| graph.slot("a", "text".to_owned()))
        .unwrap();
    let with = graph.digest();
    assert_ne!(with, empty);
    // Each comes back in its time.
    graph.go_to(without).unwrap();
    assert_eq!(graph.digest(), empty);
    graph.go_to(graph.before().unwrap()).unwrap();
    assert_eq!(graph.get(first).unwrap(), 1);
    assert_eq!(graph.load(&graph.save()).unwrap(), Loaded::default());
    graph.go_to(graph.after()[0]).unwrap();
    graph.go_to(graph.after()[0]).unwrap();
    assert_eq!(
        (graph.get(second).unwrap().as_str(), graph.digest()),
        ("text", with)
    );

    let long = "n".repeat(NAME_MAX + 1);
    assert_eq!(graph.slot(long, 1), Err(Unnamed::TooLong(NAME_MAX + 1)));
}

#[test]
fn a_slot_that_is_refused_makes_no_node() {
    let mut graph = Graph::new();
    graph.slot("a", 1).unwrap();
    assert!(graph.slot("a", 1).is_err());
    let failed: Result<(), Failure> = graph.tick(|graph| {
        graph.slot("b", 1).unwrap();
        Err(Failure::Cycle { path: vec![] })
    });
    assert!(failed.is_err());
    assert_eq!(graph.nodes(), 1);
    graph.slot("b", 2).unwrap();
}

/// The bytes of a state with one slot named `a`, with a digest that fits.
fn forged(version: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes = b"loopgr\x00\x01".to_vec();
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend(1_u64.to_le_bytes());
    bytes.push(b'a');
    bytes.extend(version.to_le_bytes());
    bytes.extend((value.len() as u64).to_le_bytes());
    bytes.extend(value);
    signed(bytes)
}

fn signed(mut bytes: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    bytes
}

/// How loading a value of type `T` is refused.
fn refusal<T: Portable>(value: T, bytes: &[u8]) -> String {
    let mut graph = Graph::new();
    graph.slot("a", value).unwrap();
    let before = graph.digest();
    let refused = graph.load(&forged(0, bytes)).unwrap_err();
    assert_eq!(graph.digest(), before);
    match refused {
        Unloaded::Slot { damaged, .. } => damaged.to_string(),
        other => other.to_string(),
    }
}

#[test]
fn what_is_damaged_is_refused() {
    assert_eq!(refusal(1_u32, &[1, 2]), "the bytes end too early");
    assert_eq!(refusal(1_u8, &[1, 2]), "1 bytes too many");
    assert_eq!(refusal(true, &[2]), "no truth value");
    assert_eq!(refusal('a', &[0, 0, 0x11, 0]), "no character");
    let long = u64::MAX.to_le_bytes();
    assert_eq!(
        refusal(vec![1_u8], &long),
        "a length of 18446744073709551615, for which there are not enough bytes"
    );
    assert_eq!(
        refusal(String::new(), &[1, 0, 0, 0, 0, 0, 0, 0, 0xff]),
        "no text in UTF-8"
    );
    let mut twice = 2_u64.to_le_bytes().to_vec();
    twice.extend([1, 1, 1, 1]);
    assert_eq!(
        refusal(BTreeMap::from([(1_u8, 1_u8)]), &twice),
        "keys out of order"
    );
    // Each level says that one more follows.
    let deep: Vec<u8> = 1_u64.to_le_bytes().repeat(100_000);
    assert_eq!(
        refusal(Tree(vec![]), &deep),
        format!("values within values, more than {DEPTH_MAX} deep")
    );
}

#[test]
fn what_is_no_saved_state_is_refused() {
    let mut graph = Graph::new();
    graph.slot("a", 1).unwrap();
    assert_eq!(graph.load(b""), Err(Unloaded::Unknown));
    assert_eq!(graph.load(b"loopgr\x00\x02"), Err(Unloaded::Unknown));
    assert_eq!(graph.load(b"loopgr\x00\x01"), Err(Damaged::Short.into()));
    let mut saved = graph.save();
    saved[20] ^= 1;
    assert_eq!(graph.load(&saved), Err(Unloaded::Altered));
    let none = signed(b"loopgr\x00\x01".to_vec());
    assert_eq!(graph.load(&none), Err(Damaged::Short.into()));
    // Names that do not rise.
    let mut bytes = b"loopgr\x00\x01".to_vec();
    bytes.extend(2_u64.to_le_bytes());
    for _ in 0..2 {
        bytes.extend(1_u64.to_le_bytes());
        bytes.push(b'a');
        bytes.extend([0; 12]);
    }
    assert_eq!(graph.load(&signed(bytes)), Err(Damaged::Order.into()));
}

/// A graph with slots of several types.
fn sample() -> (Graph, Signal<i64>) {
    let mut graph = Graph::new();
    let number = graph.slot("number", 5_i64).unwrap();
    graph
        .slot("list", vec!["a".to_owned(), "bc".to_owned()])
        .unwrap();
    graph
        .slot("map", BTreeMap::from([(1_u16, Some(true)), (2, None)]))
        .unwrap();
    graph
        .slot("tree", Tree(vec![Tree(vec![]), Tree(vec![])]))
        .unwrap();
    (graph, number)
}

#[test]
fn mutated_bytes_are_loaded_as_a_whole_or_not_at_all() {
    let (mut graph, number) = sample();
    let saved = graph.save();
    let whole = &saved[..saved.len() - 32];
    let mut loaded = 0;
    for seed in 0..20_000 {
        let mut chance = Chance::new(seed);
        let mut bytes = whole.to_vec();
        for _ in 0..=chance.below(3) {
            let at = chance.below(bytes.len());
            match chance.below(4) {
                0 => bytes[at] = u8::try_from(chance.below(256)).unwrap(),
                1 => bytes[at] ^= 1 << chance.below(8),
                2 => drop(bytes.drain(at..(at + chance.below(9)).min(bytes.len()))),
                _ => bytes.insert(at, u8::try_from(chance.below(4)).unwrap()),
            }
            if bytes.is_empty() {
                bytes.push(0);
            }
        }
        graph.set(number, -1).unwrap();
        let before = graph.digest();
        match graph.load(&signed(bytes)) {
            Ok(_) => loaded += 1,
            Err(_) => assert_eq!(graph.digest(), before, "seed {seed}"),
        }
    }
    assert!(loaded > 100, "some still fit: {loaded}");
}
