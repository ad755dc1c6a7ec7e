//! How a type lies in linear memory and in flat values, and how many bytes it takes on the wire.
//!
//! The rules are those of the canonical ABI for 32-bit memories. `wit-parser` has them too; here they are computed
//! with limits, because the interfaces may be a stranger's, and the tests hold the two against each other.

use crate::plan::{HANDLE_BYTES_MAX, Plan, Shape, Ty, VALUE_BYTES_MAX, Why};

/// The most flat values that pass as a function's arguments: above that they pass through memory.
pub(crate) const FLAT_PARAMS_MAX: usize = 16;

/// The most bytes of a varint of 32 bits.
const VARINT32_BYTES: u32 = 5;

/// A core value type that interfaces flatten to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Flat {
    I32,
    I64,
    F32,
    F64,
}

/// A type in linear memory and in flat values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// In bytes.
    pub(crate) size: u32,
    /// In bytes, a power of two.
    pub(crate) align: u32,
    /// Its flat values, if there are at most [`FLAT_PARAMS_MAX`].
    pub(crate) flat: Option<Vec<Flat>>,
}

/// How many bytes a value takes on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WireSize {
    /// The shortest encoding.
    pub(crate) least: u32,
    /// The longest, not counting what lists and strings hold after their length.
    pub(crate) most: u32,
    /// Whether it holds no list and no string, so that `most` is the longest there is.
    pub(crate) bounded: bool,
}

/// What holds two flat values at one time or another.
pub(crate) fn join(a: Flat, b: Flat) -> Flat {
    match (a, b) {
        (a, b) if a == b => a,
        (Flat::I32, Flat::F32) | (Flat::F32, Flat::I32) => Flat::I32,
        _ => Flat::I64,
    }
}

/// The bytes of the tag of a variant with so many cases, in memory.
pub(crate) fn tag_bytes(cases: usize) -> u32 {
    match cases {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    }
}

impl Plan {
    /// Where each of the members lies that follow each other in memory, and the layout of all together.
    pub(crate) fn members(&self, members: &[Ty]) -> Result<(Vec<u32>, Layout), Why> {
        let mut offsets = Vec::with_capacity(members.len());
        let (mut end, mut align) = (0, 1);
        let mut flat = Some(Vec::new());
        for member in members {
            let layout = &self.node(*member).layout;
            let offset = align_up(end, layout.align);
            offsets.push(offset);
            end = offset + layout.size;
            if end > VALUE_BYTES_MAX {
                return Err(Why::TooLarge);
            }
            align = align.max(layout.align);
            flat = concatenated(flat, layout.flat.as_deref());
        }
        let size = align_up(end, align);
        Ok((offsets, Layout { size, align, flat }))
    }

    /// Where the payload of a variant with these cases lies, and the layout of the whole.
    pub(crate) fn cases(&self, cases: &[Option<Ty>]) -> Result<(u32, Layout), Why> {
        let tag = tag_bytes(cases.len());
        let (mut size, mut align) = (0, 1);
        let mut flat = Some(Vec::new());
        for ty in cases.iter().flatten() {
            let layout = &self.node(*ty).layout;
            size = size.max(layout.size);
            align = align.max(layout.align);
            flat = joined(flat, layout.flat.as_deref());
        }
        let offset = align_up(tag, align);
        let align = align.max(tag);
        let size = align_up(offset + size, align);
        if size > VALUE_BYTES_MAX {
            return Err(Why::TooLarge);
        }
        let flat = concatenated(Some(vec![Flat::I32]), flat.as_deref());
        Ok((offset, Layout { size, align, flat }))
    }

    /// The layout of a type of this shape, whose parts are in the arena.
    pub(crate) fn layout(&self, shape: &Shape) -> Result<Layout, Why> {
        let scalar = |size, flat| Layout {
            size,
            align: size,
            flat: Some(vec![flat]),
        };
        Ok(match shape {
            Shape::Bool | Shape::U8 | Shape::S8 => scalar(1, Flat::I32),
            Shape::U16 | Shape::S16 => scalar(2, Flat::I32),
            Shape::U32
            | Shape::S32
            | Shape::Char
            | Shape::Own(_)
            | Shape::Borrow(_)
            | Shape::Stream => scalar(4, Flat::I32),
            Shape::U64 | Shape::S64 => scalar(8, Flat::I64),
            Shape::F32 => scalar(4, Flat::F32),
            Shape::F64 => scalar(8, Flat::F64),
            Shape::String | Shape::List(_) => Layout {
                size: 8,
                align: 4,
                flat: Some(vec![Flat::I32, Flat::I32]),
            },
            Shape::Flags(names) => scalar(flags_bytes(names.len()), Flat::I32),
            Shape::Record(_) | Shape::Tuple(_) => self.members(&shape.members())?.1,
            Shape::Variant(_) | Shape::Enum(_) | Shape::Option(_) | Shape::Result(..) => {
                self.cases(&shape.cases())?.1
            }
        })
    }

    /// The wire sizes of a type of this shape, whose parts are in the arena.
    pub(crate) fn wire_size(&self, shape: &Shape) -> WireSize {
        let bounded = |least, most| WireSize {
            least,
            most,
            bounded: true,
        };
        match shape {
            Shape::Bool | Shape::U8 | Shape::S8 => bounded(1, 1),
            Shape::U16 | Shape::S16 => bounded(1, 3),
            Shape::U32 | Shape::S32 => bounded(1, VARINT32_BYTES),
            Shape::U64 | Shape::S64 => bounded(1, 10),
            Shape::F32 => bounded(4, 4),
            Shape::F64 => bounded(8, 8),
            Shape::Char => bounded(1, 4),
            Shape::Flags(names) => {
                let bytes = flags_wire_bytes(names.len());
                bounded(bytes, bytes)
            }
            Shape::Own(_) | Shape::Borrow(_) => bounded(1, VARINT32_BYTES + HANDLE_BYTES_MAX),
            Shape::String | Shape::List(_) => WireSize {
                least: 1,
                most: VARINT32_BYTES,
                bounded: false,
            },
            Shape::Stream => WireSize {
                least: 1,
                most: 1 + VARINT32_BYTES,
                bounded: false,
            },
            Shape::Record(_) | Shape::Tuple(_) => self.wire_size_of_members(&shape.members()),
            Shape::Variant(_) | Shape::Enum(_) | Shape::Option(_) | Shape::Result(..) => {
                let cases = shape.cases();
                let none = bounded(0, 0);
                let sizes: Vec<WireSize> = cases
                    .iter()
                    .map(|ty| ty.map_or(none, |ty| self.node(ty).wire))
                    .collect();
                WireSize {
                    least: 1 + sizes.iter().map(|size| size.least).min().unwrap_or(0),
                    most: VARINT32_BYTES + sizes.iter().map(|size| size.most).max().unwrap_or(0),
                    bounded: sizes.iter().all(|size| size.bounded),
                }
            }
        }
    }

    /// The wire sizes of members that follow each other.
    pub(crate) fn wire_size_of_members(&self, members: &[Ty]) -> WireSize {
        // Invariant: no overflow, for each member takes a byte of memory at least, of which there are at most
        // `VALUE_BYTES_MAX`, and at most `VARINT32_BYTES + HANDLE_BYTES_MAX` bytes of wire for each.
        members.iter().map(|ty| self.node(*ty).wire).fold(
            WireSize {
                least: 0,
                most: 0,
                bounded: true,
            },
            |sum, size| WireSize {
                least: sum.least + size.least,
                most: sum.most + size.most,
                bounded: sum.bounded && size.bounded,
            },
        )
    }
}

impl Shape {
    /// The types of a record or tuple, in their order.
    pub(crate) fn members(&self) -> Vec<Ty> {
        match self {
            Self::Record(fields) => fields.iter().map(|(_, ty)| *ty).collect(),
            Self::Tuple(types) => types.clone(),
            _ => Vec::new(),
        }
    }

    /// The payloads of everything that is a choice between cases, in the order of their tags.
    pub(crate) fn cases(&self) -> Vec<Option<Ty>> {
        match self {
            Self::Variant(cases) => cases.iter().map(|(_, ty)| *ty).collect(),
            Self::Enum(names) => vec![None; names.len()],
            Self::Option(ty) => vec![None, Some(*ty)],
            Self::Result(ok, err) => vec![*ok, *err],
            _ => Vec::new(),
        }
    }
}

/// The bytes of so many flags in memory.
pub(crate) fn flags_bytes(count: usize) -> u32 {
    match count {
        0..=8 => 1,
        9..=16 => 2,
        _ => 4,
    }
}

/// The bytes of so many flags on the wire.
pub(crate) fn flags_wire_bytes(count: usize) -> u32 {
    match count {
        0..=8 => 1,
        9..=16 => 2,
        17..=24 => 3,
        _ => 4,
    }
}

/// The bits that so many flags use.
pub(crate) fn flags_mask(count: usize) -> u32 {
    u32::MAX
        .checked_shr(u32::BITS.saturating_sub(count.try_into().unwrap_or(u32::BITS)))
        .unwrap_or(0)
}

fn align_up(offset: u32, align: u32) -> u32 {
    offset.next_multiple_of(align)
}

fn concatenated(flat: Option<Vec<Flat>>, more: Option<&[Flat]>) -> Option<Vec<Flat>> {
    let mut flat = flat?;
    flat.extend_from_slice(more?);
    (flat.len() <= FLAT_PARAMS_MAX).then_some(flat)
}

/// What holds the flat values of one case or the other.
fn joined(flat: Option<Vec<Flat>>, other: Option<&[Flat]>) -> Option<Vec<Flat>> {
    let (mut flat, other) = (flat?, other?);
    for (place, value) in flat.iter_mut().zip(other) {
        *place = join(*place, *value);
    }
    let known = flat.len();
    flat.extend(other.iter().skip(known));
    Some(flat)
}
