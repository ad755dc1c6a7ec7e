//! Bytes that wait to be written.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

/// Data up to this size is copied behind the head before it: a copy of it costs less than one more slice to the system.
const COPY_BYTES_MAX: usize = 8 * 1024;

/// Bytes that wait to be written: small ones together in one buffer, large ones as they are.
#[derive(Debug, Default)]
pub struct Outbox {
    /// What comes before `tail`.
    parts: VecDeque<Bytes>,
    parts_len: usize,
    tail: BytesMut,
}

impl Outbox {
    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.parts_len + self.tail.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where small things are written.
    pub(crate) fn tail(&mut self) -> &mut BytesMut {
        &mut self.tail
    }

    /// Adds data.
    pub(crate) fn push(&mut self, data: Bytes) {
        if data.len() <= COPY_BYTES_MAX {
            self.tail.extend_from_slice(&data);
            return;
        }
        if !self.tail.is_empty() {
            let before = self.tail.split().freeze();
            self.parts_len += before.len();
            self.parts.push_back(before);
        }
        self.parts_len += data.len();
        self.parts.push_back(data);
    }

    /// Fills in slices of what comes next, in order, and says how many.
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let tail = (!self.tail.is_empty()).then_some(&self.tail[..]);
        let all = self.parts.iter().map(|part| &part[..]).chain(tail);
        let mut filled = 0;
        for (slot, bytes) in slices.iter_mut().zip(all) {
            *slot = IoSlice::new(bytes);
            filled += 1;
        }
        filled
    }

    /// Forgets the first bytes: they were written.
    pub(crate) fn advance(&mut self, mut count: usize) {
        while count > 0 {
            let Some(part) = self.parts.front_mut() else {
                self.tail.advance(count.min(self.tail.len()));
                return;
            };
            let here = count.min(part.len());
            part.advance(here);
            self.parts_len -= here;
            count -= here;
            if part.is_empty() {
                self.parts.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_leave_in_the_order_in_which_they_came() {
        let mut outbox = Outbox::default();
        let mut expected = Vec::new();
        for size in [3, 9000, 5, 8192, 8193, 20_000, 1] {
            let data = vec![u8::try_from(size % 251).unwrap(); size];
            expected.extend_from_slice(&data);
            outbox.push(data.into());
        }
        assert_eq!(outbox.len(), expected.len());
        let mut written = Vec::new();
        while !outbox.is_empty() {
            let mut slices = [IoSlice::new(&[]); 2];
            let filled = outbox.slices(&mut slices);
            let all: Vec<u8> = slices[..filled]
                .iter()
                .flat_map(|slice| slice.to_vec())
                .collect();
            let count = all.len().min(1234);
            written.extend_from_slice(&all[..count]);
            outbox.advance(count);
        }
        assert_eq!(written, expected);
    }
}
