//! The routines that every adapter needs: room, numbers and texts.
//!
//! They do what `varint.rs` and `decode.rs` do, and the tests hold them against each other.

use wasm_encoder::{BlockType, Function, ValType};

use crate::adapter::body::{Body, Local, at};
use crate::adapter::component::AdaptError;
use crate::adapter::module::{Builder, END, Routine, START, Signature, own};
use crate::adapter::wire::{BASE, OVERSHOOT_BYTES, grow};
use crate::fault::FaultKind;
use crate::{HANDLE_BYTES_MAX, MESSAGE_BYTES_MAX};

const I32: ValType = ValType::I32;
const I64: ValType = ValType::I64;

impl Builder<'_> {
    pub(crate) fn make_routine(
        &mut self,
        routine: Routine,
    ) -> Result<(Signature, Function), AdaptError> {
        let (params, results): Signature = match routine {
            Routine::Fail => (vec![I32, I32], vec![]),
            Routine::Reserve => (vec![I32, I64], vec![]),
            Routine::PutUnsigned | Routine::PutSigned => (vec![I32, I64], vec![I32]),
            Routine::GetUnsigned(_) | Routine::GetSigned(_) => (vec![I32], vec![I64, I32]),
            Routine::Utf8 | Routine::PutChar | Routine::Encode(_) | Routine::Decode(_) => {
                (vec![I32, I32], vec![I32])
            }
            Routine::GetChar => (vec![I32], vec![I32, I32]),
            Routine::EncodeBytes(_) | Routine::EncodeList(_) => (vec![I32; 3], vec![I32]),
            Routine::DecodeBytes(_) | Routine::DecodeList(_) => (vec![I32], vec![I32; 3]),
        };
        let (mut body, args) = Body::new(&params);
        match routine {
            Routine::Fail => self.fail_body(&mut body, &args),
            Routine::Reserve => self.reserve_body(&mut body, &args),
            Routine::PutUnsigned => self.put_unsigned_body(&mut body, &args),
            Routine::PutSigned => self.put_signed_body(&mut body, &args),
            Routine::GetUnsigned(bits) => self.get_number_body(&mut body, &args, bits, false),
            Routine::GetSigned(bits) => self.get_number_body(&mut body, &args, bits, true),
            Routine::Utf8 => self.utf8_body(&mut body, &args),
            Routine::PutChar => self.put_char_body(&mut body, &args),
            Routine::GetChar => self.get_char_body(&mut body, &args),
            Routine::EncodeBytes(text) => self.encode_bytes_body(&mut body, &args, text)?,
            Routine::DecodeBytes(text) => self.decode_bytes_body(&mut body, &args, text)?,
            Routine::Encode(ty) => self.encode_body(&mut body, &args, ty)?,
            Routine::Decode(ty) => self.decode_body(&mut body, &args, ty)?,
            Routine::EncodeList(ty) => self.encode_list_body(&mut body, &args, ty)?,
            Routine::DecodeList(ty) => self.decode_list_body(&mut body, &args, ty)?,
        }
        Ok(((params, results), body.finish()))
    }

    /// Calls a routine with what is on the stack.
    pub(crate) fn call(&mut self, body: &mut Body, routine: Routine) {
        let function = self.routine(routine);
        body.ops().call(function);
    }

    /// Ends the component: its own value is wrong.
    pub(crate) fn fail_own(&mut self, body: &mut Body, kind: FaultKind) {
        body.i32(own(kind));
        body.i32(0);
        self.call(body, Routine::Fail);
        body.ops().unreachable();
    }

    /// Ends the component: the message is wrong at this place.
    pub(crate) fn fail_at(&mut self, body: &mut Body, kind: FaultKind, place: Local) {
        body.i32(kind as u32);
        body.get(place);
        self.call(body, Routine::Fail);
        body.ops().unreachable();
    }

    fn fail_body(&mut self, body: &mut Body, args: &[Local]) {
        let fail = self.fail();
        if let [code, place] = args {
            body.get(*code);
            body.get(*place);
            body.ops()
                .global_get(START)
                .i32_sub()
                .call(fail)
                .unreachable();
        }
    }

    /// Makes room for so many bytes, and the headroom after them. They are the most that there may be, so a little too much is no
    /// fault: the message is measured when it is written.
    fn reserve_body(&mut self, body: &mut Body, args: &[Local]) {
        let [cursor, bytes] = args else { return };
        let (memory, headroom) = (self.wire(), self.headroom());
        let end = body.local(I64);
        body.get(*cursor);
        body.ops().i64_extend_i32_u();
        body.get(*bytes);
        body.ops().i64_add().local_tee(end.index);
        body.ops()
            .i64_const(i64::from(BASE + MESSAGE_BYTES_MAX + OVERSHOOT_BYTES))
            .i64_gt_u();
        body.if_();
        self.fail_own(body, FaultKind::TooLarge);
        body.end();
        body.get(end);
        body.ops()
            .i64_const(i64::from(headroom))
            .i64_add()
            .local_set(end.index);
        grow(body, memory, end.index, |body| {
            self.fail_own(body, FaultKind::TooLarge);
        });
    }

    /// `while number >= 0x80 { put low seven bits | 0x80 }; put the rest`
    fn put_unsigned_body(&mut self, body: &mut Body, args: &[Local]) {
        let [cursor, number] = args else { return };
        let byte = at(self.wire(), 0, 1);
        body.ops().block(BlockType::Empty).loop_(BlockType::Empty);
        body.get(*number);
        body.ops().i64_const(0x80).i64_lt_u().br_if(1);
        body.get(*cursor);
        body.get(*number);
        body.ops().i64_const(0x80).i64_or().i64_store8(byte);
        body.get(*number);
        body.ops().i64_const(7).i64_shr_u().local_set(number.index);
        body.advance(*cursor, 1);
        body.ops().br(0).end().end();
        body.get(*cursor);
        body.get(*number);
        body.ops().i64_store8(byte);
        body.get(*cursor);
        body.ops().i32_const(1).i32_add();
    }

    /// `while number is not in -64..64 { put low seven bits | 0x80 }; put the rest & 0x7f`
    fn put_signed_body(&mut self, body: &mut Body, args: &[Local]) {
        let [cursor, number] = args else { return };
        let byte = at(self.wire(), 0, 1);
        body.ops().block(BlockType::Empty).loop_(BlockType::Empty);
        body.get(*number);
        body.ops()
            .i64_const(64)
            .i64_add()
            .i64_const(128)
            .i64_lt_u()
            .br_if(1);
        body.get(*cursor);
        body.get(*number);
        body.ops().i64_const(0x80).i64_or().i64_store8(byte);
        body.get(*number);
        body.ops().i64_const(7).i64_shr_s().local_set(number.index);
        body.advance(*cursor, 1);
        body.ops().br(0).end().end();
        body.get(*cursor);
        body.get(*number);
        body.ops().i64_const(0x7f).i64_and().i64_store8(byte);
        body.get(*cursor);
        body.ops().i32_const(1).i32_add();
    }

    /// Reads seven bits at a time; the last byte that there can be must not have bits outside the type.
    fn get_number_body(&mut self, body: &mut Body, args: &[Local], bits: u32, signed: bool) {
        let [cursor] = args else { return };
        let (start, byte) = (body.local(I32), body.local(I32));
        let (number, shift) = (body.local(I64), body.local(I64));
        let last = (bits - 1) / 7 * 7;
        body.get(*cursor);
        body.set(start);
        body.ops().loop_(BlockType::Empty);
        self.need_byte(body, *cursor, start);
        body.get(*cursor);
        let load = at(self.wire(), 0, 1);
        body.ops().i32_load8_u(load).local_set(byte.index);
        body.advance(*cursor, 1);
        // number |= (byte & 0x7f) << shift
        body.get(byte);
        body.ops().i32_const(0x7f).i32_and().i64_extend_i32_u();
        body.get(shift);
        body.ops().i64_shl();
        body.get(number);
        body.ops().i64_or().local_set(number.index);
        // The last byte there can be: it must be the last, and fit.
        body.get(shift);
        body.ops().i64_const(i64::from(last)).i64_eq();
        body.if_();
        check_last_byte(body, byte, bits - last, signed);
        body.if_();
        self.fail_at(body, FaultKind::Overflow, start);
        body.end();
        body.end();
        body.get(shift);
        body.ops().i64_const(7).i64_add().local_set(shift.index);
        body.get(byte);
        body.ops().i32_const(0x80).i32_and().br_if(0).end();
        body.get(number);
        if signed {
            // Shifts the sign to the top and back: by 64 - shift, which is nothing when all bits are there.
            let unused = body.local(I64);
            body.ops().i64_const(64);
            body.get(shift);
            body.ops().i64_sub().i64_const(0);
            body.get(shift);
            body.ops()
                .i64_const(64)
                .i64_lt_u()
                .select()
                .local_tee(unused.index)
                .i64_shl();
            body.get(unused);
            body.ops().i64_shr_s();
        }
        body.get(*cursor);
    }

    /// Ends the component unless there is a byte at the cursor.
    pub(crate) fn need_byte(&mut self, body: &mut Body, cursor: Local, place: Local) {
        body.get(cursor);
        body.ops().global_get(END).i32_ge_u();
        body.if_();
        self.fail_at(body, FaultKind::Truncated, place);
        body.end();
    }

    /// Ends the component unless there are so many bytes at the cursor.
    pub(crate) fn need_bytes(&mut self, body: &mut Body, cursor: Local, bytes: u32) {
        body.ops().global_get(END);
        body.get(cursor);
        body.ops().i32_sub();
        body.i32(bytes);
        body.ops().i32_lt_u();
        body.if_();
        self.fail_at(body, FaultKind::Truncated, cursor);
        body.end();
    }

    /// Whether bytes of the memory for messages are UTF-8: eight at a time while they are ASCII, then by the table of RFC 3629.
    fn utf8_body(&mut self, body: &mut Body, args: &[Local]) {
        let [place, bytes] = args else { return };
        let wire = self.wire();
        let end = body.local(I32);
        let (byte, length) = (body.local(I32), body.local(I32));
        let (low, high) = (body.local(I32), body.local(I32));
        body.get(*place);
        body.get(*bytes);
        body.ops().i32_add().local_set(end.index);
        body.ops().loop_(BlockType::Empty);
        // Eight ASCII characters at once.
        body.ops().block(BlockType::Empty).loop_(BlockType::Empty);
        body.get(end);
        body.get(*place);
        body.ops().i32_sub().i32_const(8).i32_lt_u().br_if(1);
        body.get(*place);
        body.ops()
            .i64_load(at(wire, 0, 1))
            .i64_const(0x8080_8080_8080_8080_u64.cast_signed())
            .i64_and()
            .i64_const(0)
            .i64_ne()
            .br_if(1);
        body.advance(*place, 8);
        body.ops().br(0).end().end();
        body.get(*place);
        body.get(end);
        body.ops().i32_ge_u();
        body.if_();
        body.ops().i32_const(1).return_().end();
        body.get(*place);
        body.ops().i32_load8_u(at(wire, 0, 1)).local_tee(byte.index);
        body.ops().i32_const(0x80).i32_lt_u();
        body.if_();
        body.advance(*place, 1);
        body.ops().br(1).end();
        sequence_length(body, byte, length);
        body.get(length);
        body.ops().i32_eqz();
        body.get(end);
        body.get(*place);
        body.ops().i32_sub();
        body.get(length);
        body.ops().i32_lt_u().i32_or();
        body.if_();
        body.ops().i32_const(0).return_().end();
        // The second byte: no overlong form, no surrogate, nothing above U+10FFFF.
        choose(body, byte, &[(0xe0, 0xa0), (0xf0, 0x90)], 0x80, low);
        choose(body, byte, &[(0xed, 0x9f), (0xf4, 0x8f)], 0xbf, high);
        body.get(*place);
        body.ops().i32_load8_u(at(wire, 1, 1));
        body.get(low);
        body.ops().i32_sub();
        body.get(high);
        body.get(low);
        body.ops().i32_sub().i32_gt_u();
        body.if_();
        body.ops().i32_const(0).return_().end();
        for offset in [2, 3] {
            body.get(length);
            body.i32(offset);
            body.ops().i32_gt_u();
            body.if_();
            body.get(*place);
            body.ops()
                .i32_load8_u(at(wire, offset, 1))
                .i32_const(0xc0)
                .i32_and()
                .i32_const(0x80)
                .i32_ne();
            body.if_();
            body.ops().i32_const(0).return_().end().end();
        }
        body.get(*place);
        body.get(length);
        body.ops()
            .i32_add()
            .local_set(place.index)
            .br(0)
            .end()
            .unreachable();
    }

    /// Writes a char as UTF-8.
    fn put_char_body(&mut self, body: &mut Body, args: &[Local]) {
        let [char, cursor] = args else { return };
        let wire = self.wire();
        // Not a surrogate, and not above U+10FFFF: both wrap around to something large.
        body.get(*char);
        body.ops()
            .i32_const(0xd800)
            .i32_xor()
            .i32_const(0x800)
            .i32_sub()
            .i32_const(0x11_0000 - 0x800)
            .i32_ge_u();
        body.if_();
        self.fail_own(body, FaultKind::Char);
        body.end();
        let forms = [
            (0x80, 0, 1),
            (0x800, 0xc0, 2),
            (0x1_0000, 0xe0, 3),
            (0x11_0000, 0xf0, 4),
        ];
        for (below, mark, length) in forms {
            body.get(*char);
            body.i32(below);
            body.ops().i32_lt_u();
            body.if_();
            for number in 0..length {
                let shift = 6 * (length - 1 - number);
                body.get(*cursor);
                body.get(*char);
                body.i32(shift);
                body.ops().i32_shr_u();
                if number == 0 {
                    body.i32(mark);
                } else {
                    body.ops().i32_const(0x3f).i32_and().i32_const(0x80);
                }
                body.ops().i32_or().i32_store8(at(wire, number, 1));
            }
            body.get(*cursor);
            body.i32(length);
            body.ops().i32_add().return_().end();
        }
        body.ops().unreachable();
    }

    /// Reads a char that is written as UTF-8.
    fn get_char_body(&mut self, body: &mut Body, args: &[Local]) {
        let [cursor] = args else { return };
        let wire = self.wire();
        let (byte, length, char) = (body.local(I32), body.local(I32), body.local(I32));
        self.need_byte(body, *cursor, *cursor);
        body.get(*cursor);
        body.ops().i32_load8_u(at(wire, 0, 1)).local_tee(byte.index);
        body.ops().i32_const(0x80).i32_lt_u();
        body.if_();
        body.get(byte);
        body.get(*cursor);
        body.ops().i32_const(1).i32_add().return_().end();
        sequence_length(body, byte, length);
        body.get(length);
        body.ops().i32_eqz();
        body.if_();
        self.fail_at(body, FaultKind::Utf8, *cursor);
        body.end();
        body.ops().global_get(END);
        body.get(*cursor);
        body.ops().i32_sub();
        body.get(length);
        body.ops().i32_lt_u();
        body.if_();
        self.fail_at(body, FaultKind::Truncated, *cursor);
        body.end();
        body.get(*cursor);
        body.get(length);
        self.call(body, Routine::Utf8);
        body.ops().i32_eqz();
        body.if_();
        self.fail_at(body, FaultKind::Utf8, *cursor);
        body.end();
        // The bits of the first byte that are not its mark: 0x7f >> length
        body.get(byte);
        body.ops().i32_const(0x7f);
        body.get(length);
        body.ops().i32_shr_u().i32_and().local_set(char.index);
        for offset in 1..4 {
            body.get(length);
            body.i32(offset);
            body.ops().i32_gt_u();
            body.if_();
            body.get(char);
            body.ops().i32_const(6).i32_shl();
            body.get(*cursor);
            body.ops()
                .i32_load8_u(at(wire, offset, 1))
                .i32_const(0x3f)
                .i32_and()
                .i32_or()
                .local_set(char.index)
                .end();
        }
        body.get(char);
        body.get(*cursor);
        body.get(length);
        body.ops().i32_add();
    }

    /// Writes the number in a 32-bit local.
    pub(crate) fn put_number(&mut self, body: &mut Body, number: Local, cursor: Local) {
        body.get(cursor);
        body.get(number);
        body.ops().i64_extend_i32_u();
        self.call(body, Routine::PutUnsigned);
        body.set(cursor);
    }

    /// Reads a number of 32 bits.
    pub(crate) fn get_number(&mut self, body: &mut Body, number: Local, cursor: Local) {
        body.get(cursor);
        self.call(body, Routine::GetUnsigned(32));
        body.set(cursor);
        body.ops().i32_wrap_i64().local_set(number.index);
    }
}

/// Whether the last byte of a number, of which so many bits belong to it, is wrong.
fn check_last_byte(body: &mut Body, byte: Local, bits: u32, signed: bool) {
    body.get(byte);
    if signed {
        // Every bit above the sign repeats it, and none says that more follows: with the sign's place added, what is
        // in range wraps to below twice that place.
        let place = 1_u32 << (bits - 1);
        // (sign-extended from 7 bits) + place >= 2 * place, or byte >= 0x80
        body.ops().i32_const(25).i32_shl().i32_const(25).i32_shr_s();
        body.i32(place);
        body.ops().i32_add();
        body.i32(place * 2);
        body.ops().i32_ge_u();
        body.get(byte);
        body.ops().i32_const(0x80).i32_ge_u().i32_or();
    } else {
        body.i32(1 << bits);
        body.ops().i32_ge_u();
    }
}

/// The length of a UTF-8 sequence that begins with this byte, which is not ASCII; 0 if none does.
fn sequence_length(body: &mut Body, byte: Local, length: Local) {
    // 2 + (byte >= 0xe0) + (byte >= 0xf0)
    body.ops().i32_const(2);
    body.get(byte);
    body.ops().i32_const(0xe0).i32_ge_u().i32_add();
    body.get(byte);
    body.ops().i32_const(0xf0).i32_ge_u().i32_add().i32_const(0);
    // Between 0xc2 and 0xf4.
    body.get(byte);
    body.ops()
        .i32_const(0xc2)
        .i32_sub()
        .i32_const(0xf5 - 0xc2)
        .i32_lt_u()
        .select();
    body.set(length);
}

/// Sets a local to what stands beside the byte's value, or else to the last argument's value.
fn choose(body: &mut Body, byte: Local, choices: &[(u32, u32)], otherwise: u32, result: Local) {
    body.i32(otherwise);
    body.set(result);
    for (value, chosen) in choices {
        body.i32(*chosen);
        body.get(result);
        body.get(byte);
        body.i32(*value);
        body.ops().i32_eq().select().local_set(result.index);
    }
}

/// A handle fits into the headroom.
const _: () = assert!(HANDLE_BYTES_MAX < 0x80, "a handle's length is one byte");
