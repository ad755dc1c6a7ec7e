//! Slots: signals with names, which are what of a graph is saved.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use crate::graph::Graph;
use crate::graph::node::Node;
use crate::graph::value::Value;
use crate::handle::{Handle, Id, Signal};
use crate::portable::{Damaged, Decoder, Encoder, Portable};
use crate::stop::Failure;

/// The longest name of a slot, in bytes. A name is a path of a few words; what is longer was not meant as one.
pub const NAME_MAX: usize = 1024;

/// The largest saved state that is read, in bytes. What is read is checked as a whole before it counts, so it takes several times
/// as much memory for a moment, and a program for WebAssembly has 4 GiB in all.
pub const SAVED_MAX: usize = 256 << 20;

/// How a saved state begins: what it is, and the form of what follows.
const MAGIC: [u8; 8] = *b"loopgr\x00\x01";

/// The length of the digest at the end.
const DIGEST: usize = 32;

/// The slots of a graph. More than one may have had a name, if those before it were disposed of and can come back.
#[derive(Default)]
pub(crate) struct Slots {
    named: BTreeMap<String, Vec<Slot>>,
    /// What is being loaded, while fibers come that may have slots in it.
    loading: Option<Loading>,
    /// With how many names those are looked for that stand for nothing any more.
    prune_at: usize,
}

/// A saved state on its way into the graph.
struct Loading {
    /// Versions and bytes, by name.
    parts: BTreeMap<String, (u32, Vec<u8>)>,
    /// Why it cannot be loaded after all.
    error: Option<Unloaded>,
}

/// A slot, with its type forgotten.
#[derive(Clone, Copy)]
struct Slot {
    id: Id,
    version: u32,
    encode: fn(&Value, &mut Encoder),
    load: fn(&mut Graph, Id, u32, &[u8]) -> Result<(), Damaged>,
}

/// Why there is no such slot.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unnamed {
    /// Another slot has the name.
    #[error("there is a slot named {0:?} already")]
    Taken(String),
    /// The name is longer than [`NAME_MAX`].
    #[error("a name of {0} bytes, which is more than {NAME_MAX}")]
    TooLong(usize),
}

/// Why a saved state was not loaded. Nothing has happened then.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unloaded {
    /// It is larger than [`SAVED_MAX`].
    #[error("a saved state of {0} bytes, which is more than {SAVED_MAX}")]
    TooLarge(usize),
    /// It is none, or one of another form.
    #[error("this is no saved state, or one of another version of this program")]
    Unknown,
    /// Its digest is not that of its bytes.
    #[error("the saved state is not what was saved")]
    Altered,
    /// It does not hold together.
    #[error("the saved state is damaged")]
    Damaged(#[from] Damaged),
    /// A slot's value is damaged.
    #[error("the saved state is damaged at {slot:?}")]
    Slot {
        /// The slot's name.
        slot: String,
        /// How.
        #[source]
        damaged: Damaged,
    },
    /// A slot was saved in a form that this program does not know yet.
    #[error("{slot:?} was saved as version {saved}, and this program knows {known}")]
    Newer {
        /// The slot's name.
        slot: String,
        /// The version of what was saved.
        saved: u32,
        /// The version that the slot has here.
        known: u32,
    },
}

/// What came of loading.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Slots of the graph that the saved state did not have: they are what they were.
    pub missing: Vec<String>,
    /// Slots of the saved state that the graph does not have: they were left out.
    pub unknown: Vec<String>,
}

/// A part of a saved state.
struct Part<'a> {
    name: String,
    version: u32,
    bytes: &'a [u8],
}

impl Graph {
    /// Makes a slot: a signal that is saved under a name.
    ///
    /// # Errors
    ///
    /// [`Unnamed`] if a slot that is there has the name, or if it is too long.
    pub fn slot<T: Portable>(
        &mut self,
        name: impl Into<String>,
        value: T,
    ) -> Result<Signal<T>, Unnamed> {
        let name = name.into();
        if name.len() > NAME_MAX {
            return Err(Unnamed::TooLong(name.len()));
        }
        let nodes = &self.cx.nodes;
        if self.slots.named.len() >= self.slots.prune_at {
            self.slots.named.retain(|_, slots| {
                slots.retain(|slot| nodes.keeps(slot.id));
                !slots.is_empty()
            });
            self.slots.prune_at = 2 * self.slots.named.len() + 16;
        }
        if let Some(named) = self.slots.named.get_mut(&name) {
            named.retain(|slot| nodes.keeps(slot.id));
            if named.iter().any(|slot| nodes.find(slot.id).is_some()) {
                return Err(Unnamed::Taken(name));
            }
        }
        let value = match &mut self.slots.loading {
            Some(loading) => loading.take(&name).unwrap_or(value),
            None => value,
        };
        let signal = self.signal(value);
        self.name(signal, name.clone());
        let slot = Slot {
            id: signal.id(),
            version: T::VERSION,
            encode: |value, to| {
                if let Some(value) = value.get::<T>() {
                    value.encode(to);
                }
            },
            load: |graph, id, version, bytes| {
                let value = read::<T>(version, bytes)?;
                // The slot was found a moment ago, and has this type.
                let _: Result<(), Failure> = graph.set(Signal::new(id), value);
                Ok(())
            },
        };
        self.slots.named.entry(name).or_default().push(slot);
        Ok(signal)
    }

    /// The slots that are there, by name.
    fn live_slots(&self) -> impl Iterator<Item = (&String, &Slot, &Node)> {
        let nodes = &self.cx.nodes;
        self.slots.named.iter().filter_map(|(name, slots)| {
            let mut live = slots.iter();
            live.find_map(|slot| Some((name, slot, nodes.find(slot.id)?)))
        })
    }

    /// The values of all slots, as bytes. Graphs whose slots have equal names and values give equal bytes, on every machine.
    ///
    /// What follows from slots is not in it, and neither are signals without a name.
    pub fn save(&self) -> Vec<u8> {
        let mut bytes = self.encoded();
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
        bytes
    }

    /// The digest of all slots: equal for equal names and values, on every machine, and different otherwise.
    pub fn digest(&self) -> [u8; DIGEST] {
        Sha256::digest(self.encoded()).into()
    }

    fn encoded(&self) -> Vec<u8> {
        let mut to = Encoder::default();
        to.bytes(&MAGIC);
        to.length(self.live_slots().count());
        for (name, slot, node) in self.live_slots() {
            name.encode(&mut to);
            slot.version.encode(&mut to);
            let mut value = Encoder::default();
            (slot.encode)(&node.value, &mut value);
            value.finish().encode(&mut to);
        }
        to.finish()
    }

    /// Writes the slots of a saved state, as one tick.
    ///
    /// A slot that was saved by an earlier version of its type is read as that ([`Portable::decode`]). Slots are found by name: those
    /// that only one side has are told, and left alone. Fibers that come with what is loaded find their slots in it.
    ///
    /// # Errors
    ///
    /// [`Unloaded`]: whatever the bytes are, they are either loaded as a whole, or nothing has happened.
    pub fn load(&mut self, saved: &[u8]) -> Result<Loaded, Unloaded> {
        let parts = parts(saved)?;
        let slots: BTreeMap<String, Slot> = self
            .live_slots()
            .map(|(name, slot, _)| (name.clone(), *slot))
            .collect();
        self.tick(|graph| {
            for part in &parts {
                let Some(slot) = slots.get(&part.name) else {
                    continue;
                };
                known(&part.name, part.version, slot.version)?;
                let read = (slot.load)(graph, slot.id, part.version, part.bytes);
                read.map_err(|damaged| Unloaded::Slot {
                    slot: part.name.clone(),
                    damaged,
                })?;
            }
            let coming = parts.iter().filter(|part| !slots.contains_key(&part.name));
            let coming =
                coming.map(|part| (part.name.clone(), (part.version, part.bytes.to_vec())));
            graph.slots.loading = Some(Loading {
                parts: coming.collect(),
                error: None,
            });
            graph.settle_tree();
            match graph.slots.loading.take().and_then(|loading| loading.error) {
                Some(error) => Err(error),
                None => Ok(()),
            }
        })?;
        let mut loaded = Loaded::default();
        let mut unknown: BTreeSet<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        for (name, ..) in self.live_slots() {
            if !unknown.remove(name.as_str()) {
                loaded.missing.push(name.clone());
            }
        }
        loaded.unknown = unknown.into_iter().map(str::to_owned).collect();
        Ok(loaded)
    }
}

impl Loading {
    /// What was saved under a name, if anything, for a slot that comes now.
    fn take<T: Portable>(&mut self, name: &str) -> Option<T> {
        let (version, bytes) = self.parts.get(name)?;
        let read = known(name, *version, T::VERSION).and_then(|()| {
            read(*version, bytes).map_err(|damaged| Unloaded::Slot {
                slot: name.to_owned(),
                damaged,
            })
        });
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.error.get_or_insert(error);
                None
            }
        }
    }
}

/// Whether a slot knows the version in which it was saved.
fn known(slot: &str, saved: u32, known: u32) -> Result<(), Unloaded> {
    if saved <= known {
        return Ok(());
    }
    Err(Unloaded::Newer {
        slot: slot.to_owned(),
        saved,
        known,
    })
}

/// Reads a value, and nothing else.
fn read<T: Portable>(version: u32, bytes: &[u8]) -> Result<T, Damaged> {
    let mut from = Decoder::new(bytes);
    let value = T::decode(&mut from, version)?;
    from.end()?;
    Ok(value)
}

/// Takes a saved state apart, with its names in order.
fn parts(saved: &[u8]) -> Result<Vec<Part<'_>>, Unloaded> {
    if saved.len() > SAVED_MAX {
        return Err(Unloaded::TooLarge(saved.len()));
    }
    let rest = saved.strip_prefix(&MAGIC).ok_or(Unloaded::Unknown)?;
    let (_, digest) = rest.split_last_chunk::<DIGEST>().ok_or(Damaged::Short)?;
    let (whole, _) = saved.split_at(saved.len() - DIGEST);
    if Sha256::digest(whole).as_slice() != digest {
        return Err(Unloaded::Altered);
    }
    let (rest, _) = rest.split_at(rest.len() - DIGEST);
    let mut from = Decoder::new(rest);
    let mut parts: Vec<Part<'_>> = Vec::new();
    for _ in 0..from.length()? {
        let name = String::decode(&mut from, 0)?;
        if parts.last().is_some_and(|last| last.name >= name) {
            return Err(Damaged::Order.into());
        }
        let version = u32::decode(&mut from, 0)?;
        let length = from.length()?;
        parts.push(Part {
            name,
            version,
            bytes: from.bytes(length)?,
        });
    }
    from.end()?;
    Ok(parts)
}
