//! What is fed to a graph that loads: saved states, as another program, an earlier version or a storm may have left them.

use std::collections::BTreeMap;

use loop_reactor::portable::{Damaged, Decoder, Encoder, Portable};
use loop_reactor::{Fiber, Graph, Stop};
use sha2::{Digest as _, Sha256};

use crate::random::Random;

/// How a saved state begins.
const MAGIC: &[u8; 8] = b"loopgr\x00\x01";

/// Branches within branches.
#[derive(PartialEq)]
struct Tree(Vec<Tree>);

impl Portable for Tree {
    fn encode(&self, to: &mut Encoder) {
        self.0.encode(to);
    }

    fn decode(from: &mut Decoder<'_>, _: u32) -> Result<Self, Damaged> {
        Vec::decode(from, 0).map(Self)
    }
}

/// A page, which was saved as a byte once.
#[derive(Clone, Copy, PartialEq)]
struct Page(u32);

impl Portable for Page {
    const VERSION: u32 = 1;

    fn encode(&self, to: &mut Encoder) {
        self.0.encode(to);
    }

    fn decode(from: &mut Decoder<'_>, version: u32) -> Result<Self, Damaged> {
        match version {
            0 => u8::decode(from, 0).map(|page| Self(page.into())),
            _ => u32::decode(from, 0).map(Self),
        }
    }
}

/// Books that come with what is loaded, each with a slot.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "components take their props so"
)]
fn shelf(f: &mut Fiber<'_>, (): &()) -> Result<(), Stop> {
    let titles = f.saved("titles", || vec!["a".to_owned()]);
    for title in f.get(titles)? {
        f.keyed(title.clone(), book, title);
    }
    Ok(())
}

fn book(f: &mut Fiber<'_>, title: &String) -> Result<(), Stop> {
    let page = f.saved("page", || Page(1));
    let page = f.get(page)?.0;
    f.effect("book", format!("{title}@{page}"));
    Ok(())
}

/// The graph that is fed, with slots of all kinds. None if it cannot be made, which would be a bug.
fn graph() -> Option<Graph> {
    let mut graph = Graph::new();
    graph.slot("number", 5_i64).ok()?;
    graph.slot("float", 0.5_f64).ok()?;
    graph.slot("list", vec![Some('a'), None]).ok()?;
    let map = BTreeMap::from([("one".to_owned(), true), ("two".to_owned(), false)]);
    graph.slot("map", map).ok()?;
    graph.slot("page", Page(7)).ok()?;
    graph.slot("tree", Tree(vec![Tree(Vec::new())])).ok()?;
    graph.mount(shelf, ());
    Some(graph)
}

/// The parts of saved states, in order; the first is nothing, for a state may be empty.
pub(crate) fn corpus() -> Vec<Vec<u8>> {
    let part = |name: &str, version: u32, value: &[u8]| {
        let mut part = (name.len() as u64).to_le_bytes().to_vec();
        part.extend_from_slice(name.as_bytes());
        part.extend_from_slice(&version.to_le_bytes());
        part.extend_from_slice(&(value.len() as u64).to_le_bytes());
        part.extend_from_slice(value);
        part
    };
    let mut titles = 2_u64.to_le_bytes().to_vec();
    for title in [b"a", b"b"] {
        titles.extend_from_slice(&1_u64.to_le_bytes());
        titles.extend_from_slice(title);
    }
    let mut parts = vec![
        Vec::new(),
        part("0/0/a:page", 1, &[9, 0, 0, 0]),
        part("0/0/b:page", 0, &[3]),
        part("0/0:titles", 0, &titles),
        part("number", 0, &[1; 8]),
        part("page", 0, &[200]),
        part("tree", 0, &[1_u64.to_le_bytes(), [0; 8]].concat()),
        part("nobody's", 3, b"whatever"),
    ];
    // Together, as they are saved.
    let all = parts.get(1..7).unwrap_or_default().concat();
    parts.push(all);
    parts
}

/// How many parts the bytes seem to hold.
fn count(mut bytes: &[u8]) -> u64 {
    let mut count = 0;
    let length = |bytes: &mut &[u8]| {
        let (length, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        usize::try_from(u64::from_le_bytes(*length)).ok()
    };
    loop {
        let mut part = || {
            let name = length(&mut bytes)?;
            bytes = bytes.get(name.checked_add(4)?..)?;
            let value = length(&mut bytes)?;
            bytes = bytes.get(value..)?;
            Some(())
        };
        if part().is_none() {
            return count;
        }
        count += 1;
    }
}

/// Loads parts into a graph: all of it counts, or nothing.
pub(crate) fn feed(parts: &[u8], random: &mut Random, measure: &mut dyn FnMut()) -> bool {
    let Some(mut graph) = graph() else {
        unreachable!("names are different");
    };
    let mut saved = MAGIC.to_vec();
    let claimed = if random.chance(16) {
        random.next() >> random.below(64)
    } else {
        count(parts)
    };
    saved.extend_from_slice(&claimed.to_le_bytes());
    saved.extend_from_slice(parts);
    // Who damages a state on purpose has its digest right.
    let digest = if random.chance(64) {
        [0; 32]
    } else {
        Sha256::digest(&saved).into()
    };
    saved.extend_from_slice(&digest);

    let before = graph.digest();
    let nodes = graph.nodes();
    graph.take_commands();
    let loaded = graph.load(&saved);
    measure();
    if loaded.is_err() {
        assert_eq!(graph.digest(), before, "nothing has happened");
        assert_eq!(graph.nodes(), nodes, "nothing has happened");
        assert!(graph.take_commands().is_empty(), "nothing is to be done");
        return false;
    }
    let (digest, again) = (graph.digest(), graph.save());
    assert!(graph.load(&again).is_ok(), "what was saved is loaded");
    assert_eq!(graph.digest(), digest, "and is the same");
    true
}
