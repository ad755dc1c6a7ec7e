//! From values to messages.
//!
//! Invariant: whenever something is written without asking for room, the room is there. Every routine that writes what has no
//! bound (texts, lists) asks for it, and gives back as much headroom as it found. The headroom holds what is written between
//! two such: all of a function's arguments, or all of a list's element, but for the texts and lists in them.

use wasm_encoder::{BlockType, ValType};

use crate::MESSAGE_BYTES_MAX;
use crate::adapter::body::{Body, Local, at};
use crate::adapter::component::AdaptError;
use crate::adapter::module::{Builder, Routine, Text, own};
use crate::encode::{NAN32, NAN64};
use crate::fault::FaultKind;
use crate::plan::{Flat, Shape, Ty, flags_mask, flags_wire_bytes, tag_bytes};

const I32: ValType = ValType::I32;

/// For how much of a list room is made at once, in bytes: a page of memory.
const CHUNK_BYTES: u32 = 64 << 10;

impl Builder<'_> {
    /// Writes a value whose flat values are in locals.
    pub(crate) fn encode_flat(
        &mut self,
        body: &mut Body,
        ty: Ty,
        flat: &[Local],
        cursor: Local,
    ) -> Result<(), AdaptError> {
        body.still_short()?;
        let plan = self.plan;
        let shape = plan.shape(ty);
        match shape {
            Shape::String | Shape::List(_) => {
                for local in flat {
                    body.get(*local);
                }
                self.encode_sequence(body, shape, cursor);
            }
            Shape::Record(_) | Shape::Tuple(_) => {
                self.encode_members(body, &shape.members(), flat, cursor)?;
            }
            Shape::Variant(_) | Shape::Enum(_) | Shape::Option(_) | Shape::Result(..) => {
                let Some((tag, joined)) = flat.split_first() else {
                    return Err(AdaptError::TooComplex);
                };
                let cases = shape.cases();
                self.put_tag(body, shape, *tag, cases.len(), cursor);
                self.for_each_case(body, &cases, *tag, |builder, body, ty| {
                    let own = builder
                        .plan
                        .node(ty)
                        .layout
                        .flat
                        .clone()
                        .unwrap_or_default();
                    let locals = body.flat_locals(&own);
                    for (from, to) in joined.iter().zip(&locals) {
                        body.get(*from);
                        narrow(body, from.ty, to.ty);
                        body.set(*to);
                    }
                    builder.encode_flat(body, ty, &locals, cursor)?;
                    body.release_all(locals);
                    Ok(())
                })?;
            }
            _ => {
                if let [value] = flat {
                    self.encode_scalar(body, shape, *value, cursor);
                }
            }
        }
        Ok(())
    }

    /// Writes values that follow each other, whose flat values are in locals.
    pub(crate) fn encode_members(
        &mut self,
        body: &mut Body,
        members: &[Ty],
        mut flat: &[Local],
        cursor: Local,
    ) -> Result<(), AdaptError> {
        for ty in members {
            let count = self.plan.node(*ty).layout.flat.as_ref().map_or(0, Vec::len);
            let Some((own, rest)) = flat.split_at_checked(count) else {
                return Err(AdaptError::TooComplex);
            };
            self.encode_flat(body, *ty, own, cursor)?;
            flat = rest;
        }
        Ok(())
    }

    /// Writes a value that lies in memory.
    pub(crate) fn encode_memory(
        &mut self,
        body: &mut Body,
        ty: Ty,
        pointer: Local,
        offset: u32,
        cursor: Local,
    ) -> Result<(), AdaptError> {
        let plan = self.plan;
        let shape = plan.shape(ty);
        let values = self.values()?;
        match shape {
            Shape::String | Shape::List(_) => {
                for offset in [offset, offset + 4] {
                    body.get(pointer);
                    body.ops().i32_load(at(values, offset, 4));
                }
                self.encode_sequence(body, shape, cursor);
            }
            Shape::Record(_)
            | Shape::Tuple(_)
            | Shape::Variant(_)
            | Shape::Option(_)
            | Shape::Result(..) => {
                body.get(pointer);
                body.i32(offset);
                body.ops().i32_add();
                body.get(cursor);
                self.call(body, Routine::Encode(ty));
                body.set(cursor);
            }
            _ => {
                let layout = &plan.node(ty).layout;
                let flat = layout.flat.as_deref().and_then(<[Flat]>::first);
                let value = body.local(flat.unwrap_or(&Flat::I32).into());
                body.get(pointer);
                load(body, shape, values, offset, layout.size);
                body.set(value);
                self.encode_scalar(body, shape, value, cursor);
                body.release(value);
            }
        }
        Ok(())
    }

    /// `(pointer, at) -> at`
    pub(crate) fn encode_body(
        &mut self,
        body: &mut Body,
        args: &[Local],
        ty: Ty,
    ) -> Result<(), AdaptError> {
        let [pointer, cursor] = args else {
            return Err(AdaptError::TooComplex);
        };
        let plan = self.plan;
        let shape = plan.shape(ty);
        let cases = shape.cases();
        if cases.is_empty() {
            let members = shape.members();
            let (offsets, _) = plan.members(&members).map_err(|_| AdaptError::TooComplex)?;
            for (ty, offset) in members.into_iter().zip(offsets) {
                body.still_short()?;
                self.encode_memory(body, ty, *pointer, offset, *cursor)?;
            }
        } else {
            let (payload, _) = plan.cases(&cases).map_err(|_| AdaptError::TooComplex)?;
            let tag = body.local(I32);
            let values = self.values()?;
            body.get(*pointer);
            load(body, &Shape::U32, values, 0, tag_bytes(cases.len()));
            body.set(tag);
            self.put_tag(body, shape, tag, cases.len(), *cursor);
            self.for_each_case(body, &cases, tag, |builder, body, ty| {
                body.still_short()?;
                builder.encode_memory(body, ty, *pointer, payload, *cursor)
            })?;
        }
        body.get(*cursor);
        Ok(())
    }

    /// Writes a text or list, whose pointer and length are on the stack.
    fn encode_sequence(&mut self, body: &mut Body, shape: &Shape, cursor: Local) {
        body.get(cursor);
        let routine = match shape {
            Shape::List(element) => match self.same_in_memory(*element) {
                Some(bytes) => Routine::EncodeBytes(Text::Bytes(bytes, 1)),
                None => Routine::EncodeList(*element),
            },
            _ => Routine::EncodeBytes(Text::Utf8),
        };
        self.call(body, routine);
        body.set(cursor);
    }

    /// How many bytes a value has, if it lies in memory as it is sent.
    pub(crate) fn same_in_memory(&self, ty: Ty) -> Option<u32> {
        let shape = self.plan.shape(ty);
        match shape {
            Shape::U8 | Shape::S8 => Some(1),
            Shape::Record(_) | Shape::Tuple(_) => {
                let members = shape.members();
                members.iter().map(|ty| self.same_in_memory(*ty)).sum()
            }
            _ => None,
        }
    }

    /// `(pointer, count, at) -> at`: the count, then the bytes as they are.
    pub(crate) fn encode_bytes_body(
        &mut self,
        body: &mut Body,
        args: &[Local],
        text: Text,
    ) -> Result<(), AdaptError> {
        let [pointer, count, cursor] = args else {
            return Err(AdaptError::TooComplex);
        };
        let (values, wire) = (self.values()?, self.wire());
        let bytes = body.local(I32);
        let each = match text {
            Text::Bytes(each, _) => each,
            Text::Utf8 => 1,
        };
        self.put_number(body, *count, *cursor);
        // What is too many is refused before the product can wrap.
        body.get(*cursor);
        body.get(*count);
        body.ops()
            .i64_extend_i32_u()
            .i64_const(i64::from(each))
            .i64_mul();
        self.call(body, Routine::Reserve);
        body.get(*count);
        body.i32(each);
        body.ops().i32_mul().local_set(bytes.index);
        body.get(*cursor);
        body.get(*pointer);
        body.get(bytes);
        body.ops().memory_copy(wire, values);
        if text == Text::Utf8 {
            body.get(*cursor);
            body.get(bytes);
            self.call(body, Routine::Utf8);
            body.ops().i32_eqz();
            body.if_();
            self.fail_own(body, FaultKind::Utf8);
            body.end();
        }
        body.get(*cursor);
        body.get(bytes);
        body.ops().i32_add();
        Ok(())
    }

    /// `(pointer, count, at) -> at`: the count, then each element.
    pub(crate) fn encode_list_body(
        &mut self,
        body: &mut Body,
        args: &[Local],
        element: Ty,
    ) -> Result<(), AdaptError> {
        let [pointer, count, cursor] = args else {
            return Err(AdaptError::TooComplex);
        };
        let (wire_size, size) = {
            let node = self.plan.node(element);
            (node.wire, node.layout.size)
        };
        // Elements without texts and lists in them get their room by the chunk, others one by one. A chunk's size is a power of
        // two; what does not fill one comes first.
        let chunk = if wire_size.bounded {
            1 << (CHUNK_BYTES / wire_size.most).max(1).ilog2()
        } else {
            1
        };
        // What cannot fit is refused at once.
        body.get(*count);
        body.ops()
            .i64_extend_i32_u()
            .i64_const(i64::from(wire_size.least))
            .i64_mul()
            .i64_const(i64::from(MESSAGE_BYTES_MAX))
            .i64_gt_u();
        body.if_();
        self.fail_own(body, FaultKind::TooLarge);
        body.end();
        self.put_number(body, *count, *cursor);
        let room = |builder: &mut Self, body: &mut Body, elements: u32| {
            body.get(*cursor);
            let most = if wire_size.bounded { wire_size.most } else { 0 };
            body.ops().i64_const(i64::from(elements) * i64::from(most));
            builder.call(body, Routine::Reserve);
        };
        // (count & (chunk - 1)) * most
        body.get(*cursor);
        body.get(*count);
        body.i32(chunk - 1);
        body.ops()
            .i32_and()
            .i64_extend_i32_u()
            .i64_const(i64::from(wire_size.most))
            .i64_mul();
        self.call(body, Routine::Reserve);
        body.ops().block(BlockType::Empty).loop_(BlockType::Empty);
        body.get(*count);
        body.ops().i32_eqz().br_if(1);
        body.get(*count);
        body.i32(chunk - 1);
        body.ops().i32_and().i32_eqz();
        body.if_();
        room(self, body, chunk);
        body.end();
        self.encode_memory(body, element, *pointer, 0, *cursor)?;
        body.advance(*pointer, size);
        body.advance(*count, u32::MAX);
        body.ops().br(0).end().end();
        if !wire_size.bounded {
            room(self, body, 0);
        }
        body.get(*cursor);
        Ok(())
    }

    /// Writes the tag in a local, which must be that of one of so many cases.
    fn put_tag(&mut self, body: &mut Body, shape: &Shape, tag: Local, cases: usize, cursor: Local) {
        body.get(tag);
        body.i32(u32::try_from(cases).unwrap_or(u32::MAX));
        body.ops().i32_ge_u();
        body.if_();
        self.fail_own(body, FaultKind::Tag);
        body.end();
        if matches!(shape, Shape::Option(_) | Shape::Result(..)) {
            body.get(cursor);
            body.get(tag);
            let byte = at(self.wire(), 0, 1);
            body.ops().i32_store8(byte);
            body.advance(cursor, 1);
        } else {
            self.put_number(body, tag, cursor);
        }
    }

    /// Does something for the case whose tag is in a local, if it holds anything: a jump through a table of all cases.
    pub(crate) fn for_each_case(
        &mut self,
        body: &mut Body,
        cases: &[Option<Ty>],
        tag: Local,
        mut each: impl FnMut(&mut Self, &mut Body, Ty) -> Result<(), AdaptError>,
    ) -> Result<(), AdaptError> {
        let full: Vec<Ty> = cases.iter().flatten().copied().collect();
        let count = u32::try_from(full.len()).unwrap_or(u32::MAX);
        if count == 0 {
            return Ok(());
        }
        // The blocks of the cases stand inside each other, the first innermost, and all in one that ends behind them.
        for _ in 0..=count {
            body.ops().block(BlockType::Empty);
        }
        let mut next = 0;
        let targets: Vec<u32> = cases
            .iter()
            .map(|ty| {
                let target = if ty.is_some() { next } else { count };
                next += u32::from(ty.is_some());
                target
            })
            .collect();
        body.get(tag);
        body.ops().br_table(targets, count).end();
        for (number, ty) in (1..).zip(full) {
            each(self, body, ty)?;
            body.ops().br(count - number).end();
        }
        Ok(())
    }

    /// Writes the one flat value of a type without parts.
    fn encode_scalar(&mut self, body: &mut Body, shape: &Shape, value: Local, cursor: Local) {
        let wire = self.wire();
        match shape {
            Shape::U16 | Shape::U32 | Shape::U64 => {
                body.get(cursor);
                body.get(value);
                match shape {
                    Shape::U16 => body.ops().i32_const(0xffff).i32_and().i64_extend_i32_u(),
                    Shape::U32 => body.ops().i64_extend_i32_u(),
                    _ => &mut body.ops(),
                };
                self.call(body, Routine::PutUnsigned);
                body.set(cursor);
            }
            Shape::S16 | Shape::S32 | Shape::S64 => {
                body.get(cursor);
                body.get(value);
                match shape {
                    Shape::S16 => body.ops().i32_extend16_s().i64_extend_i32_s(),
                    Shape::S32 => body.ops().i64_extend_i32_s(),
                    _ => &mut body.ops(),
                };
                self.call(body, Routine::PutSigned);
                body.set(cursor);
            }
            Shape::Char => {
                body.get(value);
                body.get(cursor);
                self.call(body, Routine::PutChar);
                body.set(cursor);
            }
            Shape::F32 => {
                // value == value ? value : NaN
                body.get(cursor);
                body.get(value);
                body.ops().i32_reinterpret_f32();
                body.i32(NAN32);
                body.get(value);
                body.get(value);
                body.ops().f32_eq().select().i32_store(at(wire, 0, 1));
                body.advance(cursor, 4);
            }
            Shape::F64 => {
                body.get(cursor);
                body.get(value);
                body.ops()
                    .i64_reinterpret_f64()
                    .i64_const(NAN64.cast_signed());
                body.get(value);
                body.get(value);
                body.ops().f64_eq().select().i64_store(at(wire, 0, 1));
                body.advance(cursor, 8);
            }
            Shape::Flags(names) => {
                // Always four bytes: the headroom of other flags is less than what is written, but the next value, or nobody,
                // overwrites them.
                body.get(cursor);
                body.get(value);
                body.i32(flags_mask(names.len()));
                body.ops().i32_and().i32_store(at(wire, 0, 1));
                body.advance(cursor, flags_wire_bytes(names.len()));
            }
            Shape::Enum(names) => self.put_tag(body, shape, value, names.len(), cursor),
            Shape::Bool => {
                body.get(cursor);
                body.get(value);
                body.ops().i32_const(0).i32_ne().i32_store8(at(wire, 0, 1));
                body.advance(cursor, 1);
            }
            // A byte.
            _ => {
                body.get(cursor);
                body.get(value);
                body.ops().i32_store8(at(wire, 0, 1));
                body.advance(cursor, 1);
            }
        }
    }

    /// Ends the component if a call through the adapter is under way.
    pub(crate) fn check_idle(&mut self, body: &mut Body) {
        let fail = self.fail();
        body.ops().global_get(crate::adapter::module::BUSY);
        body.if_();
        body.i32(own(FaultKind::Busy));
        body.i32(0);
        body.ops().call(fail).unreachable().end();
    }
}

/// Loads a value without parts from the address on the stack.
fn load(body: &mut Body, shape: &Shape, memory: u32, offset: u32, size: u32) {
    let place = at(memory, offset, 1);
    match (shape, size) {
        (Shape::F32, _) => body.ops().f32_load(place),
        (Shape::F64, _) => body.ops().f64_load(place),
        (_, 1) => body.ops().i32_load8_u(place),
        (_, 2) => body.ops().i32_load16_u(place),
        (_, 4) => body.ops().i32_load(place),
        _ => body.ops().i64_load(place),
    };
}

/// From what holds the flat values of all cases to that of one.
fn narrow(body: &mut Body, from: ValType, to: ValType) {
    match (from, to) {
        (ValType::I64, ValType::I32) => body.ops().i32_wrap_i64(),
        (ValType::I32, ValType::F32) => body.ops().f32_reinterpret_i32(),
        (ValType::I64, ValType::F32) => body.ops().i32_wrap_i64().f32_reinterpret_i32(),
        (ValType::I64, ValType::F64) => body.ops().f64_reinterpret_i64(),
        _ => return,
    };
}

/// From a flat value of one case to what holds those of all.
pub(crate) fn widen(body: &mut Body, from: ValType, to: ValType) {
    match (from, to) {
        (ValType::I32, ValType::I64) => body.ops().i64_extend_i32_u(),
        (ValType::F32, ValType::I32) => body.ops().i32_reinterpret_f32(),
        (ValType::F32, ValType::I64) => body.ops().i32_reinterpret_f32().i64_extend_i32_u(),
        (ValType::F64, ValType::I64) => body.ops().i64_reinterpret_f64(),
        _ => return,
    };
}
