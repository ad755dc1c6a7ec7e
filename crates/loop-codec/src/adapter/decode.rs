//! From messages to values.
//!
//! Nothing is believed before it is there: a list's elements are compared with the bytes that follow before memory is
//! allocated for them.

use wasm_encoder::{BlockType, ValType};

use crate::adapter::body::{Body, Local, at};
use crate::adapter::component::AdaptError;
use crate::adapter::encode::widen;
use crate::adapter::module::{Builder, END, Routine, Text};
use crate::fault::FaultKind;
use crate::plan::{Flat, Shape, Ty, flags_mask, flags_wire_bytes, tag_bytes};

const I32: ValType = ValType::I32;
const I64: ValType = ValType::I64;

impl Builder<'_> {
    /// Reads a value into locals, as flat values.
    pub(crate) fn decode_flat(
        &mut self,
        body: &mut Body,
        ty: Ty,
        flat: &[Local],
        cursor: Local,
    ) -> Result<(), AdaptError> {
        body.still_short()?;
        let plan = self.plan;
        let shape = plan.shape(ty);
        match (shape, flat) {
            (Shape::String | Shape::List(_), [pointer, length]) => {
                self.decode_sequence(body, shape, cursor);
                body.set(*length);
                body.set(*pointer);
            }
            (Shape::Record(_) | Shape::Tuple(_), _) => {
                self.decode_members(body, &shape.members(), flat, cursor)?;
            }
            (Shape::Variant(_) | Shape::Option(_) | Shape::Result(..), [tag, joined @ ..]) => {
                let cases = shape.cases();
                self.get_tag(body, shape, *tag, cases.len(), cursor);
                for local in joined {
                    zero(body, local.ty);
                    body.set(*local);
                }
                self.for_each_case(body, &cases, *tag, |builder, body, ty| {
                    let own = builder
                        .plan
                        .node(ty)
                        .layout
                        .flat
                        .clone()
                        .unwrap_or_default();
                    let locals = body.flat_locals(&own);
                    builder.decode_flat(body, ty, &locals, cursor)?;
                    for (from, to) in locals.iter().zip(joined) {
                        body.get(*from);
                        widen(body, from.ty, to.ty);
                        body.set(*to);
                    }
                    body.release_all(locals);
                    Ok(())
                })?;
            }
            (_, [value]) => self.decode_scalar(body, shape, *value, cursor),
            _ => return Err(AdaptError::TooComplex),
        }
        Ok(())
    }

    /// Reads values that follow each other into locals, as flat values.
    pub(crate) fn decode_members(
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
            self.decode_flat(body, *ty, own, cursor)?;
            flat = rest;
        }
        Ok(())
    }

    /// Reads a value into memory.
    pub(crate) fn decode_memory(
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
                let (start, length) = (body.local(I32), body.local(I32));
                self.decode_sequence(body, shape, cursor);
                body.set(length);
                body.set(start);
                for (value, offset) in [(start, offset), (length, offset + 4)] {
                    body.get(pointer);
                    body.get(value);
                    body.ops().i32_store(at(values, offset, 4));
                    body.release(value);
                }
            }
            Shape::Record(_)
            | Shape::Tuple(_)
            | Shape::Variant(_)
            | Shape::Option(_)
            | Shape::Result(..) => {
                body.get(cursor);
                body.get(pointer);
                body.i32(offset);
                body.ops().i32_add();
                self.call(body, Routine::Decode(ty));
                body.set(cursor);
            }
            _ => {
                let layout = &plan.node(ty).layout;
                let flat = layout.flat.as_deref().and_then(<[Flat]>::first);
                let value = body.local(flat.unwrap_or(&Flat::I32).into());
                self.decode_scalar(body, shape, value, cursor);
                body.get(pointer);
                body.get(value);
                store(body, shape, values, offset, layout.size);
                body.release(value);
            }
        }
        Ok(())
    }

    /// `(at, pointer) -> at`
    pub(crate) fn decode_body(
        &mut self,
        body: &mut Body,
        args: &[Local],
        ty: Ty,
    ) -> Result<(), AdaptError> {
        let [cursor, pointer] = args else {
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
                self.decode_memory(body, ty, *pointer, offset, *cursor)?;
            }
        } else {
            let (payload, _) = plan.cases(&cases).map_err(|_| AdaptError::TooComplex)?;
            let tag = body.local(I32);
            self.get_tag(body, shape, tag, cases.len(), *cursor);
            let values = self.values()?;
            body.get(*pointer);
            body.get(tag);
            store(body, &Shape::U32, values, 0, tag_bytes(cases.len()));
            self.for_each_case(body, &cases, tag, |builder, body, ty| {
                body.still_short()?;
                builder.decode_memory(body, ty, *pointer, payload, *cursor)
            })?;
        }
        body.get(*cursor);
        Ok(())
    }

    /// Reads a text or list, and leaves its pointer and length on the stack.
    fn decode_sequence(&mut self, body: &mut Body, shape: &Shape, cursor: Local) {
        body.get(cursor);
        let routine = match shape {
            Shape::List(element) => match self.same_on_wire(*element) {
                Some(bytes) => {
                    let align = self.plan.node(*element).layout.align;
                    Routine::DecodeBytes(Text::Bytes(bytes, align))
                }
                None => Routine::DecodeList(*element),
            },
            _ => Routine::DecodeBytes(Text::Utf8),
        };
        self.call(body, routine);
        body.set(cursor);
    }

    /// How many bytes a value has, if it is sent as it is to lie in memory. Floats are such: which NaN it is, is no part of them.
    fn same_on_wire(&self, ty: Ty) -> Option<u32> {
        match self.plan.shape(ty) {
            Shape::F32 => Some(4),
            Shape::F64 => Some(8),
            _ => self.same_in_memory(ty),
        }
    }

    /// `(at) -> (pointer, count, at)`: the count, then the bytes as they are.
    pub(crate) fn decode_bytes_body(
        &mut self,
        body: &mut Body,
        args: &[Local],
        text: Text,
    ) -> Result<(), AdaptError> {
        let [cursor] = args else {
            return Err(AdaptError::TooComplex);
        };
        let (each, align) = match text {
            Text::Utf8 => (1, 1),
            Text::Bytes(each, align) => (each, align),
        };
        let (values, wire) = (self.values()?, self.wire());
        let (count, pointer, bytes) = (body.local(I32), body.local(I32), body.local(I32));
        self.get_count(body, count, *cursor, each);
        body.get(count);
        body.i32(each);
        body.ops().i32_mul().local_set(bytes.index);
        if text == Text::Utf8 {
            body.get(*cursor);
            body.get(bytes);
            self.call(body, Routine::Utf8);
            body.ops().i32_eqz();
            body.if_();
            self.fail_at(body, FaultKind::Utf8, *cursor);
            body.end();
        }
        self.allocate(body, bytes, align)?;
        body.set(pointer);
        body.get(pointer);
        body.get(*cursor);
        body.get(bytes);
        body.ops().memory_copy(values, wire);
        body.get(pointer);
        body.get(count);
        body.get(*cursor);
        body.get(bytes);
        body.ops().i32_add();
        Ok(())
    }

    /// `(at) -> (pointer, count, at)`: the count, then each element.
    pub(crate) fn decode_list_body(
        &mut self,
        body: &mut Body,
        args: &[Local],
        element: Ty,
    ) -> Result<(), AdaptError> {
        let [cursor] = args else {
            return Err(AdaptError::TooComplex);
        };
        let (least, size, align) = {
            let node = self.plan.node(element);
            (node.wire.least, node.layout.size, node.layout.align)
        };
        let (count, left) = (body.local(I32), body.local(I32));
        let (pointer, next, bytes) = (body.local(I32), body.local(I32), body.local(I32));
        let start = body.local(I32);
        body.get(*cursor);
        body.set(start);
        self.get_count(body, count, *cursor, least);
        // count * size: what does not fit into a memory at all would wrap.
        body.get(count);
        body.ops()
            .i64_extend_i32_u()
            .i64_const(i64::from(size))
            .i64_mul();
        body.ops().i64_const(i64::from(i32::MAX)).i64_gt_u();
        body.if_();
        self.fail_at(body, FaultKind::TooLarge, start);
        body.end();
        body.get(count);
        body.i32(size);
        body.ops().i32_mul().local_set(bytes.index);
        self.allocate(body, bytes, align)?;
        body.ops().local_tee(next.index).local_set(pointer.index);
        body.get(count);
        body.set(left);
        body.ops().block(BlockType::Empty).loop_(BlockType::Empty);
        body.get(left);
        body.ops().i32_eqz().br_if(1);
        self.decode_memory(body, element, next, 0, *cursor)?;
        body.advance(next, size);
        body.advance(left, u32::MAX);
        body.ops().br(0).end().end();
        body.get(pointer);
        body.get(count);
        body.get(*cursor);
        Ok(())
    }

    /// Reads a list's count, which must leave so many bytes for each element.
    fn get_count(&mut self, body: &mut Body, count: Local, cursor: Local, least: u32) {
        let start = body.local(I32);
        body.get(cursor);
        body.set(start);
        self.get_number(body, count, cursor);
        body.get(count);
        body.ops()
            .i64_extend_i32_u()
            .i64_const(i64::from(least))
            .i64_mul();
        body.ops().global_get(END);
        body.get(cursor);
        body.ops().i32_sub().i64_extend_i32_u().i64_gt_u();
        body.if_();
        self.fail_at(body, FaultKind::Count, start);
        body.end();
        body.release(start);
    }

    /// Allocates in the memory for values, and leaves the pointer on the stack.
    pub(crate) fn allocate(
        &mut self,
        body: &mut Body,
        bytes: Local,
        align: u32,
    ) -> Result<(), AdaptError> {
        let realloc = self.realloc()?;
        body.ops().i32_const(0).i32_const(0);
        body.i32(align);
        body.get(bytes);
        body.ops().call(realloc);
        Ok(())
    }

    /// Reads the tag of one of so many cases.
    fn get_tag(&mut self, body: &mut Body, shape: &Shape, tag: Local, cases: usize, cursor: Local) {
        if matches!(shape, Shape::Option(_) | Shape::Result(..)) {
            self.get_bit(body, tag, cursor);
            return;
        }
        let start = body.local(I32);
        body.get(cursor);
        body.set(start);
        self.get_number(body, tag, cursor);
        body.get(tag);
        body.i32(u32::try_from(cases).unwrap_or(u32::MAX));
        body.ops().i32_ge_u();
        body.if_();
        self.fail_at(body, FaultKind::Tag, start);
        body.end();
        body.release(start);
    }

    /// Reads a byte that is 0 or 1.
    fn get_bit(&mut self, body: &mut Body, bit: Local, cursor: Local) {
        self.need_byte(body, cursor, cursor);
        body.get(cursor);
        let byte = at(self.wire(), 0, 1);
        body.ops().i32_load8_u(byte).local_tee(bit.index);
        body.ops().i32_const(1).i32_gt_u();
        body.if_();
        self.fail_at(body, FaultKind::Bool, cursor);
        body.end();
        body.advance(cursor, 1);
    }

    /// Reads a type without parts into a local.
    fn decode_scalar(&mut self, body: &mut Body, shape: &Shape, value: Local, cursor: Local) {
        let wire = self.wire();
        let (bits, signed) = match shape {
            Shape::U16 => (16, false),
            Shape::U32 => (32, false),
            Shape::U64 => (64, false),
            Shape::S16 => (16, true),
            Shape::S32 => (32, true),
            Shape::S64 => (64, true),
            _ => (0, false),
        };
        match shape {
            Shape::Bool => self.get_bit(body, value, cursor),
            Shape::Enum(names) => self.get_tag(body, shape, value, names.len(), cursor),
            Shape::Char => {
                body.get(cursor);
                self.call(body, Routine::GetChar);
                body.set(cursor);
                body.set(value);
            }
            Shape::F32 | Shape::F64 => {
                let bytes = if *shape == Shape::F32 { 4 } else { 8 };
                self.need_bytes(body, cursor, bytes);
                body.get(cursor);
                match shape {
                    Shape::F32 => body.ops().f32_load(at(wire, 0, 1)),
                    _ => body.ops().f64_load(at(wire, 0, 1)),
                };
                body.set(value);
                body.advance(cursor, bytes);
            }
            Shape::Flags(names) => {
                let bytes = flags_wire_bytes(names.len());
                self.need_bytes(body, cursor, bytes);
                body.get(cursor);
                // What is loaded beyond the flags' own bytes is dropped; the memory for messages is larger than any message.
                body.ops().i32_load(at(wire, 0, 1));
                body.i32(flags_mask(names.len()));
                body.ops().i32_and().local_set(value.index);
                body.advance(cursor, bytes);
            }
            _ if bits > 0 => {
                body.get(cursor);
                let routine = if signed {
                    Routine::GetSigned(bits)
                } else {
                    Routine::GetUnsigned(bits)
                };
                self.call(body, routine);
                body.set(cursor);
                if value.ty != I64 {
                    body.ops().i32_wrap_i64();
                }
                body.set(value);
            }
            // A byte.
            _ => {
                self.need_byte(body, cursor, cursor);
                body.get(cursor);
                match shape {
                    Shape::S8 => body.ops().i32_load8_s(at(wire, 0, 1)),
                    _ => body.ops().i32_load8_u(at(wire, 0, 1)),
                };
                body.set(value);
                body.advance(cursor, 1);
            }
        }
    }
}

/// Stores a value without parts. The address and the value are on the stack.
fn store(body: &mut Body, shape: &Shape, memory: u32, offset: u32, size: u32) {
    let place = at(memory, offset, 1);
    match (shape, size) {
        (Shape::F32, _) => body.ops().f32_store(place),
        (Shape::F64, _) => body.ops().f64_store(place),
        (_, 1) => body.ops().i32_store8(place),
        (_, 2) => body.ops().i32_store16(place),
        (_, 4) => body.ops().i32_store(place),
        _ => body.ops().i64_store(place),
    };
}

fn zero(body: &mut Body, ty: ValType) {
    match ty {
        ValType::I64 => body.ops().i64_const(0),
        ValType::F32 => body.ops().f32_const(0.0.into()),
        ValType::F64 => body.ops().f64_const(0.0.into()),
        _ => body.ops().i32_const(0),
    };
}
