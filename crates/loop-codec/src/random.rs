//! Interfaces, values and damaged bytes made by chance from a seed, for tests. The same seed makes the same everywhere.

use std::fmt::Write as _;

use crate::plan::{Plan, Shape, Ty};
use crate::value::Value;

/// Marsaglia's xorshift.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        // Neighbouring seeds are to differ in all bits, and zero would stay zero.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below the bound, or 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let number = usize::try_from(self.number() >> 33).unwrap_or(0);
        number % bound.max(1)
    }

    fn pick<T: Copy>(&mut self, options: &[T], otherwise: T) -> T {
        let at = self.below(options.len());
        options.get(at).copied().unwrap_or(otherwise)
    }

    /// A number with few or many bits, since edges are where the mistakes are.
    fn wide(&mut self) -> u64 {
        let bits = self.below(65);
        let number = self.number();
        match self.below(4) {
            0 => u64::MAX,
            1 => 0,
            _ if bits == 0 => 0,
            _ => number >> (64 - bits),
        }
    }
}

/// What a made interface may have in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ingredients {
    /// Resources of its own, with constructors, methods and handles everywhere.
    pub resources: bool,
}

/// The WIT of a package `made:up` with the interface `it`.
pub fn wit(chance: &mut Chance, ingredients: Ingredients) -> String {
    let mut maker = Maker {
        chance,
        text: String::from("package made:up;\n\ninterface it {\n"),
        types: Vec::new(),
        resources: Vec::new(),
    };
    if ingredients.resources {
        maker.declare_resources();
    }
    for number in 0..maker.chance.below(7) {
        maker.declare(number);
    }
    for number in 0..=maker.chance.below(4) {
        let signature = maker.signature();
        let _ = writeln!(maker.text, "    f{number}: func{signature};");
    }
    maker.text.push_str("}\n");
    maker.text
}

struct Maker<'a> {
    chance: &'a mut Chance,
    text: String,
    /// The types that may be named, and whether a borrow is in them.
    types: Vec<(String, bool)>,
    resources: Vec<String>,
}

/// Where a type stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Among what a function takes: borrows may be in it.
    Param,
    /// Elsewhere: they may not.
    Elsewhere,
}

impl Maker<'_> {
    fn declare_resources(&mut self) {
        for number in 0..=self.chance.below(2) {
            self.resources.push(format!("r{number}"));
        }
        for name in self.resources.clone() {
            let _ = writeln!(self.text, "    resource {name} {{");
            if self.chance.below(2) == 0 {
                let signature = self.params();
                let _ = writeln!(self.text, "        constructor({signature});");
            }
            for number in 0..self.chance.below(3) {
                let signature = self.signature();
                let _ = writeln!(self.text, "        m{number}: func{signature};");
            }
            if self.chance.below(2) == 0 {
                let signature = self.signature();
                let _ = writeln!(self.text, "        s: static func{signature};");
            }
            self.text.push_str("    }\n");
        }
    }

    fn declare(&mut self, number: usize) {
        let name = format!("t{number}");
        let position = match self.chance.below(3) {
            0 => Position::Param,
            _ => Position::Elsewhere,
        };
        let mut body = String::new();
        match self.chance.below(8) {
            0..3 => {
                for field in 0..=self.chance.below(5) {
                    let ty = self.ty(2, position);
                    let _ = write!(body, " m{field}: {ty},");
                }
                let _ = writeln!(self.text, "    record {name} {{{body} }}");
            }
            3..6 => {
                let cases = self.many();
                for case in 0..=cases {
                    if self.chance.below(3) == 0 {
                        let _ = write!(body, " c{case},");
                    } else {
                        let ty = self.ty(2, position);
                        let _ = write!(body, " c{case}({ty}),");
                    }
                }
                let _ = writeln!(self.text, "    variant {name} {{{body} }}");
            }
            6 => {
                let cases = self.many() * 4;
                for case in 0..=cases {
                    let _ = write!(body, " c{case},");
                }
                let _ = writeln!(self.text, "    enum {name} {{{body} }}");
            }
            _ => {
                for flag in 0..=self.chance.below(32) {
                    let _ = write!(body, " c{flag},");
                }
                let _ = writeln!(self.text, "    flags {name} {{{body} }}");
            }
        }
        let borrows = body.contains("borrow<")
            || self
                .types
                .iter()
                .any(|(name, borrows)| *borrows && body.contains(name.as_str()));
        self.types.push((name, borrows));
    }

    /// A few, seldom so many that the tag takes another form.
    fn many(&mut self) -> usize {
        match self.chance.below(12) {
            0 => 100 + self.chance.below(200),
            _ => self.chance.below(6),
        }
    }

    fn params(&mut self) -> String {
        let count = match self.chance.below(6) {
            0 => 14 + self.chance.below(6),
            1 => 0,
            _ => self.chance.below(5),
        };
        let params: Vec<String> = (0..count)
            .map(|number| format!("p{number}: {}", self.ty(3, Position::Param)))
            .collect();
        params.join(", ")
    }

    fn signature(&mut self) -> String {
        let params = self.params();
        let result = match self.chance.below(4) {
            0 => String::new(),
            _ => format!(" -> {}", self.ty(3, Position::Elsewhere)),
        };
        format!("({params}){result}")
    }

    fn ty(&mut self, depth: usize, position: Position) -> String {
        const PLAIN: &[&str] = &[
            "bool", "u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "char",
            "string", "list<u8>",
        ];
        if depth == 0 {
            return self.chance.pick(PLAIN, "u8").to_owned();
        }
        match self.chance.below(13) {
            0..5 => self.chance.pick(PLAIN, "u8").to_owned(),
            5 => format!("option<{}>", self.ty(depth - 1, position)),
            6 => match self.chance.below(4) {
                0 => "result".to_owned(),
                1 => format!("result<{}>", self.ty(depth - 1, position)),
                2 => format!("result<_, {}>", self.ty(depth - 1, position)),
                _ => {
                    let ok = self.ty(depth - 1, position);
                    format!("result<{ok}, {}>", self.ty(depth - 1, position))
                }
            },
            7 => {
                let members: Vec<String> = (0..=self.chance.below(3))
                    .map(|_| self.ty(depth - 1, position))
                    .collect();
                format!("tuple<{}>", members.join(", "))
            }
            8 | 9 => format!("list<{}>", self.ty(depth - 1, position)),
            10 if !self.resources.is_empty() => {
                let at = self.chance.below(self.resources.len());
                let name = self.resources.get(at).cloned().unwrap_or_default();
                match (position, self.chance.below(2)) {
                    (Position::Param, 0) => format!("borrow<{name}>"),
                    _ => name,
                }
            }
            _ => {
                let at = self.chance.below(self.types.len());
                match self.types.get(at) {
                    Some((name, borrows)) if position == Position::Param || !borrows => {
                        name.clone()
                    }
                    _ => self.chance.pick(PLAIN, "u8").to_owned(),
                }
            }
        }
    }
}

impl Plan {
    /// The size and alignment of a type in a 32-bit memory, in bytes.
    pub fn layout_in_memory(&self, ty: Ty) -> (usize, usize) {
        let layout = &self.node(ty).layout;
        (layout.size as usize, layout.align as usize)
    }
}

/// A value of this type. Handles are taken from the closure, which gets the resource's number and whether it is owned.
pub fn value(
    chance: &mut Chance,
    plan: &Plan,
    ty: Ty,
    handle: &mut dyn FnMut(usize, bool) -> Vec<u8>,
) -> Value {
    let shape = plan.shape(ty);
    match shape {
        Shape::Bool => Value::Bool(chance.below(2) == 1),
        Shape::U8 => Value::U8(low(chance.wide())),
        Shape::S8 => Value::S8(low(chance.wide()).cast_signed()),
        Shape::U16 => Value::U16(low16(chance.wide())),
        Shape::S16 => Value::S16(low16(chance.wide()).cast_signed()),
        Shape::U32 => Value::U32(low32(chance.wide())),
        Shape::S32 => Value::S32(low32(chance.wide()).cast_signed()),
        Shape::U64 => Value::U64(chance.wide()),
        Shape::S64 => Value::S64(chance.wide().cast_signed()),
        Shape::F32 => Value::F32(match chance.below(6) {
            0 => f32::from_bits(0x7fc0_0000),
            1 => -0.0,
            _ => not_nan32(f32::from_bits(low32(chance.number() >> 13))),
        }),
        Shape::F64 => Value::F64(match chance.below(6) {
            0 => f64::from_bits(0x7ff8_0000_0000_0000),
            1 => f64::NEG_INFINITY,
            _ => not_nan64(f64::from_bits(chance.number())),
        }),
        Shape::Char => Value::Char(char(chance)),
        Shape::String => {
            let length = length(chance);
            Value::String((0..length).map(|_| char(chance)).collect())
        }
        Shape::List(element) if plan.is_byte(*element) => {
            let length = length(chance) * 3;
            Value::Bytes((0..length).map(|_| low(chance.number() >> 9)).collect())
        }
        Shape::List(element) => {
            let length = length(chance) / 2;
            Value::List(
                (0..length)
                    .map(|_| value(chance, plan, *element, handle))
                    .collect(),
            )
        }
        Shape::Record(_) | Shape::Tuple(_) => Value::Record(
            shape
                .members()
                .into_iter()
                .map(|ty| value(chance, plan, ty, handle))
                .collect(),
        ),
        Shape::Variant(_) | Shape::Enum(_) | Shape::Option(_) | Shape::Result(..) => {
            let cases = shape.cases();
            let number = chance.below(cases.len());
            let payload = cases.get(number).copied().flatten();
            let payload = payload.map(|ty| Box::new(value(chance, plan, ty, handle)));
            Value::Case(u32::try_from(number).unwrap_or(0), payload)
        }
        Shape::Flags(names) => {
            Value::Flags(low32(chance.wide()) & crate::plan::flags_mask(names.len()))
        }
        Shape::Own(resource) => Value::Handle(handle(*resource, true)),
        Shape::Borrow(resource) => Value::Handle(handle(*resource, false)),
        Shape::Stream => Value::Stream(None),
    }
}

/// The bytes with a few places changed, cut or repeated.
pub fn damaged(chance: &mut Chance, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        let any = low(chance.number() >> 17);
        match chance.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, any),
            2 => bytes
                .splice(at..at, [0xff, 0xff, 0xff, 0xff, any & 0x0f])
                .for_each(drop),
            3 => {
                let copied = bytes.get(at..).unwrap_or_default().to_vec();
                bytes.extend(copied.iter().take(40));
            }
            4 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << (any & 7);
                }
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = any;
                }
            }
        }
    }
    bytes
}

/// Short mostly.
fn length(chance: &mut Chance) -> usize {
    match chance.below(10) {
        0 => 0,
        1 => 60 + chance.below(100),
        _ => chance.below(6),
    }
}

fn char(chance: &mut Chance) -> char {
    let most = chance.pick(&[0x7f, 0x7ff, 0xffff, 0x0010_ffff], 0x7f);
    char::from_u32(low32(chance.number() >> 11) % (most + 1)).unwrap_or('\u{fffd}')
}

fn not_nan32(value: f32) -> f32 {
    if value.is_nan() { 1.5 } else { value }
}

fn not_nan64(value: f64) -> f64 {
    if value.is_nan() { 1.5 } else { value }
}

fn low(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

fn low16(number: u64) -> u16 {
    u16::from_le_bytes([low(number), low(number >> 8)])
}

fn low32(number: u64) -> u32 {
    u32::from(low16(number)) | u32::from(low16(number >> 16)) << 16
}
