//! LEB128, the variable-length integers of WebAssembly: seven bits a byte, the lowest first.

use bytes::BufMut;

/// The bytes that a `u32` takes at most.
pub(crate) const U32_BYTES_MAX: usize = 5;

/// The bytes that a `u64` takes at most.
const U64_BYTES_MAX: usize = 10;

/// A number that cannot be one: more bytes or bits than its type has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number has more bits than its type")]
pub(crate) struct Overlong;

/// Reads a `u32` at the front of `bytes`, and says how many bytes it took; `None` if more bytes are needed.
pub(crate) fn read_u32(bytes: &[u8]) -> Result<Option<(u32, usize)>, Overlong> {
    let Some((value, used)) = read(bytes, U32_BYTES_MAX)? else {
        return Ok(None);
    };
    let value = u32::try_from(value).map_err(|_| Overlong)?;
    Ok(Some((value, used)))
}

/// Reads a `u64` at the front of `bytes`, as [`read_u32`] does.
pub(crate) fn read_u64(bytes: &[u8]) -> Result<Option<(u64, usize)>, Overlong> {
    read(bytes, U64_BYTES_MAX)
}

fn read(bytes: &[u8], bytes_max: usize) -> Result<Option<(u64, usize)>, Overlong> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(bytes_max).enumerate() {
        let bits = u64::from(byte & 0x7f);
        let shift = 7 * index;
        let shifted = bits << shift;
        if shifted >> shift != bits {
            return Err(Overlong);
        }
        value |= shifted;
        if byte & 0x80 == 0 {
            return Ok(Some((value, index + 1)));
        }
    }
    if bytes.len() >= bytes_max {
        return Err(Overlong);
    }
    Ok(None)
}

/// Appends a number in as few bytes as it takes.
pub(crate) fn write(value: impl Into<u64>, out: &mut impl BufMut) {
    let mut value = value.into();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            out.put_u8(low);
            return;
        }
        out.put_u8(low | 0x80);
    }
}

/// Appends the length of something in memory, which is below 4 GiB by a limit of its own.
pub(crate) fn write_len(length: usize, out: &mut impl BufMut) {
    write(length as u64, out);
}

/// How many bytes [`write`] appends.
pub(crate) fn size(value: impl Into<u64>) -> usize {
    let bits = 64 - (value.into() | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: u64) {
        let mut bytes = Vec::new();
        write(value, &mut bytes);
        assert_eq!(bytes.len(), size(value));
        assert_eq!(read_u64(&bytes), Ok(Some((value, bytes.len()))));
        for cut in 0..bytes.len() {
            assert_eq!(read_u64(&bytes[..cut]), Ok(None), "{value} cut at {cut}");
        }
        let expected = u32::try_from(value).map_err(|_| Overlong);
        if bytes.len() <= U32_BYTES_MAX {
            assert_eq!(
                read_u32(&bytes),
                expected.map(|value| Some((value, bytes.len())))
            );
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for shift in 0..64 {
            check(1 << shift);
            check((1 << shift) - 1);
            check(u64::MAX >> shift);
        }
    }

    #[test]
    fn more_bits_than_the_type_has_are_refused() {
        assert_eq!(read_u32(&[0xff, 0xff, 0xff, 0xff, 0x1f]), Err(Overlong));
        assert_eq!(read_u32(&[0x80; 5]), Err(Overlong));
        assert_eq!(read_u32(&[0xff; 9]), Err(Overlong));
        assert_eq!(read_u64(&[0xff; 10]), Err(Overlong));
        let mut two = [0xff; 10];
        two[9] = 2;
        assert_eq!(read_u64(&two), Err(Overlong));
    }

    #[test]
    fn padding_is_allowed_as_in_wasm() {
        assert_eq!(read_u32(&[0x83, 0x80, 0x00]), Ok(Some((3, 3))));
    }
}
