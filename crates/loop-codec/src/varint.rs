//! LEB128, as upstream's `leb128-tokio` reads and writes it: a form longer than it need be is read, as long as it
//! has no more bytes than the widest number of the type, and none of its bits lies outside the type.

/// Appends the shortest form.
pub(crate) fn put_unsigned(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(low_seven(value) | 0x80);
        value >>= 7;
    }
    bytes.push(low_seven(value));
}

/// Appends the shortest form.
pub(crate) fn put_signed(bytes: &mut Vec<u8>, mut value: i64) {
    // The sign is in bit 6 of the last byte.
    while !(-0x40..0x40).contains(&value) {
        bytes.push(low_seven(value.cast_unsigned()) | 0x80);
        value >>= 7;
    }
    bytes.push(low_seven(value.cast_unsigned()));
}

/// Why a number cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The bytes end.
    Truncated,
    /// It has bits that its type has not.
    Overflow,
}

/// Reads a number of so many bits, and says how many bytes it took.
pub(crate) fn unsigned(bytes: &[u8], bits: u32) -> Result<(u64, usize), Broken> {
    // Most numbers are small, and of most texts the length.
    if let Some(byte @ ..0x80) = bytes.first() {
        return Ok((u64::from(*byte), 1));
    }
    let (value, last, used) = groups(bytes, bits)?;
    let over = used * 7;
    if over > bits && u32::from(last) >> (7 - (over - bits)) != 0 {
        return Err(Broken::Overflow);
    }
    Ok((value, used as usize))
}

/// Reads a number of so many bits with a sign, and says how many bytes it took.
pub(crate) fn signed(bytes: &[u8], bits: u32) -> Result<(i64, usize), Broken> {
    let (value, last, used) = groups(bytes, bits)?;
    let read = used * 7;
    if read > bits {
        // Every bit above the sign must repeat it.
        let rest = last >> (7 - (read - bits) - 1);
        let ones = 0x7f >> (7 - (read - bits) - 1);
        if rest != 0 && rest != ones {
            return Err(Broken::Overflow);
        }
    }
    let unused = u64::BITS.saturating_sub(read);
    Ok(((value << unused).cast_signed() >> unused, used as usize))
}

/// The seven bits of each byte together, the last byte, and how many there were.
fn groups(bytes: &[u8], bits: u32) -> Result<(u64, u8, u32), Broken> {
    let mut value = 0;
    for number in 0..bits.div_ceil(7) {
        let Some(byte) = bytes.get(number as usize) else {
            return Err(Broken::Truncated);
        };
        value |= u64::from(byte & 0x7f) << (number * 7);
        if byte & 0x80 == 0 {
            return Ok((value, *byte, number + 1));
        }
    }
    Err(Broken::Overflow)
}

fn low_seven(value: u64) -> u8 {
    value.to_le_bytes()[0] & 0x7f
}
