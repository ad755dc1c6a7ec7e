//! The parts of what a server sends, counted before anything is made of them.
//!
//! A part of three bytes becomes a value of some fifty, and several times that while a list of them grows. So what an answer takes in
//! memory is bounded by its parts, and its bytes alone say little.

/// What is wrong with what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// More parts than there may be, or a list that announces as many.
    TooMany,
    /// It is not the protocol. Who reads it after us would find other parts in it.
    Strange,
}

/// The longest number before a content or a list: more digits are of no length that there may be.
const DIGITS_MAX: usize = 10;

/// Where in the protocol the bytes are that come next.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    at: At,
}

#[derive(Debug, Default)]
enum At {
    /// Before a part.
    #[default]
    Kind,
    /// In a line that is the part, up to its end. Whether the last byte may begin the end.
    Line { end: bool },
    /// In a number, of so many digits, after which there is content or a list.
    Number { of: Of, number: Number },
    /// In a content with its line end, of so many more bytes.
    Content(usize),
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Bytes,
    /// Parts, in each entry of a list, and beside its entries.
    Parts {
        each: usize,
        beside: usize,
    },
}

#[derive(Clone, Copy, Debug, Default)]
struct Number {
    value: usize,
    digits: usize,
    negative: bool,
    end: bool,
}

impl Parts {
    /// Goes through bytes that came, and takes each part off those that there may be.
    ///
    /// # Errors
    /// What came is not to be read any further.
    pub(crate) fn count(&mut self, mut bytes: &[u8], left: &mut usize) -> Result<(), Fault> {
        while let Some((byte, rest)) = bytes.split_first() {
            if let At::Content(more) = &mut self.at {
                let here = bytes.len().min(*more);
                *more -= here;
                if *more == 0 {
                    self.at = At::Kind;
                }
                bytes = bytes.get(here..).unwrap_or_default();
                continue;
            }
            self.step(*byte, left)?;
            bytes = rest;
        }
        Ok(())
    }

    fn step(&mut self, byte: u8, left: &mut usize) -> Result<(), Fault> {
        match &mut self.at {
            At::Kind => {
                *left = left.checked_sub(1).ok_or(Fault::TooMany)?;
                self.at = At::of(byte)?;
            }
            At::Line { end } if *end && byte == b'\n' => self.at = At::Kind,
            At::Line { end } => *end = byte == b'\r',
            At::Number { of, number } => {
                if !number.step(byte)? {
                    return Ok(());
                }
                self.at = match (*of, number.given()) {
                    (_, None) => At::Kind,
                    (Of::Bytes, Some(bytes)) => {
                        let line_end = b"\r\n".len();
                        At::Content(bytes.checked_add(line_end).ok_or(Fault::Strange)?)
                    }
                    (Of::Parts { each, beside }, Some(entries)) => {
                        let parts = entries.saturating_mul(each).saturating_add(beside);
                        if parts > *left {
                            return Err(Fault::TooMany);
                        }
                        At::Kind
                    }
                };
            }
            // Gone over above.
            At::Content(_) => {}
        }
        Ok(())
    }
}

impl At {
    /// A part of the kind that its first byte says.
    fn of(kind: u8) -> Result<Self, Fault> {
        let of = match kind {
            b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => return Ok(Self::Line { end: false }),
            b'$' | b'!' | b'=' => Of::Bytes,
            b'*' | b'~' | b'>' => Of::Parts { each: 1, beside: 0 },
            b'%' => Of::Parts { each: 2, beside: 0 },
            // Attributes, and what they are of.
            b'|' => Of::Parts { each: 2, beside: 1 },
            _ => return Err(Fault::Strange),
        };
        let number = Number::default();
        Ok(Self::Number { of, number })
    }
}

impl Number {
    /// Takes a byte, and says whether the line is over.
    fn step(&mut self, byte: u8) -> Result<bool, Fault> {
        match byte {
            b'\n' if self.end => return Ok(true),
            _ if self.end => return Err(Fault::Strange),
            b'\r' if self.digits > 0 => self.end = true,
            b'-' if self.digits == 0 && !self.negative => self.negative = true,
            b'0'..=b'9' if self.digits < DIGITS_MAX => {
                self.digits += 1;
                self.value = self.value * 10 + usize::from(byte - b'0');
            }
            _ => return Err(Fault::Strange),
        }
        Ok(false)
    }

    /// None where a negative number says that there is nothing.
    fn given(self) -> Option<usize> {
        (!self.negative).then_some(self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Parts};

    /// The parts of these bytes, whether they come at once or one by one.
    fn check(bytes: &[u8], expected: Result<usize, Fault>) {
        const MOST: usize = 100;
        let shown = String::from_utf8_lossy(bytes).into_owned();
        let mut left = MOST;
        let counted = Parts::default().count(bytes, &mut left);
        assert_eq!(counted.map(|()| MOST - left), expected, "{shown:?}");
        let (mut parts, mut left) = (Parts::default(), MOST);
        let mut single = bytes.chunks(1);
        let counted = single.try_for_each(|byte| parts.count(byte, &mut left));
        assert_eq!(
            counted.map(|()| MOST - left),
            expected,
            "{shown:?} one by one"
        );
    }

    #[test]
    fn parts_are_counted() {
        check(b"", Ok(0));
        check(b"+OK\r\n:1\r\n_\r\n", Ok(3));
        check(b"+a\rb\nc\r\r\n:1\r\n", Ok(2));
        check(b"$0\r\n\r\n$-1\r\n", Ok(2));
        // What stands in a content is no part.
        check(b"$9\r\n:1\r\n:2\r\n\r\r\n:1\r\n", Ok(2));
        check(b"*2\r\n*-1\r\n*0\r\n", Ok(3));
        check(b"*99\r\n", Ok(1));
        check(b"%49\r\n|48\r\n", Ok(2));
        check(b"!3\r\nERR\r\n=3\r\ntxt\r\n", Ok(2));
    }

    #[test]
    fn too_many_parts_are_refused() {
        check(&b"_\r\n".repeat(100), Ok(100));
        check(&b"_\r\n".repeat(101), Err(Fault::TooMany));
        check(&b"*1\r\n".repeat(101), Err(Fault::TooMany));
        check(b"*100\r\n", Err(Fault::TooMany));
        check(b"%50\r\n", Err(Fault::TooMany));
        check(b"|49\r\n|49\r\n", Err(Fault::TooMany));
        check(b">9999999999\r\n", Err(Fault::TooMany));
    }

    #[test]
    fn what_others_may_read_otherwise_is_refused() {
        for strange in [
            &b"HTTP/1.1 400"[..],
            b"$\r\n",
            b"$-\r\n",
            b"$+1\r\n",
            b"$ 1\r\n",
            b"$1 \r\n",
            b"$1\n",
            b"$1\r\r\n",
            b"$--1\r\n",
            b"$1-\r\n",
            b"$99999999999\r\n",
            b"*\xd9\xa1\r\n",
        ] {
            check(strange, Err(Fault::Strange));
        }
    }
}
