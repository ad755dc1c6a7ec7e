//! Plain wRPC, as the Bytecode Alliance specifies it: one byte stream for each call.
//!
//! The caller sends the version (0), the name of the instance, the name of the function, and frames; the answer is
//! frames alone. Each side says that nothing more comes by closing its half of the stream. There is no error on this
//! wire: a call that fails is a stream that ends within a frame, or that breaks.

mod decode;
pub(crate) mod incoming;
pub(crate) mod outgoing;

pub use decode::{Decoder, Item, PlainError};

use bytes::BufMut;

use crate::call::Target;
use crate::leb;

/// The first byte of a call: the version of the protocol, and the only one there is.
pub const VERSION: u8 = 0;

/// Appends the head of a call, which its frames follow.
pub fn encode_head(target: &Target, out: &mut impl BufMut) {
    out.put_u8(VERSION);
    for name in [target.instance(), target.function()] {
        leb::write_len(name.len(), out);
        out.put_slice(name.as_bytes());
    }
}
