//! The words of a page, with how often each occurs.

use std::fmt::Write;

/// Words in lower case and in order, each with how often it occurs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Words(Vec<(String, u32)>);

impl Words {
    /// Those that were counted, in any order.
    pub fn new(mut words: Vec<(String, u32)>) -> Self {
        words.sort_unstable();
        Self(words)
    }

    /// How often words occur that begin like this.
    pub fn beginning(&self, start: &str) -> u32 {
        let from = self.0.partition_point(|(word, _)| word.as_str() < start);
        let found = self.0.iter().skip(from);
        found
            .take_while(|(word, _)| word.starts_with(start))
            .fold(0, |sum, (_, times)| sum.saturating_add(*times))
    }

    /// As text: the digest of what they were counted in, and a line for each.
    pub fn write(&self, digest: u64) -> String {
        let mut text = format!("{digest:x}\n");
        for (word, times) in &self.0 {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{word} {times}");
        }
        text
    }

    /// What [`write`](Self::write) gave, if it was for this digest.
    pub fn read(text: &str, digest: u64) -> Option<Self> {
        let mut lines = text.lines();
        if u64::from_str_radix(lines.next()?, 16) != Ok(digest) {
            return None;
        }
        let words = lines.map(|line| {
            let (word, times) = line.rsplit_once(' ')?;
            Some((word.to_owned(), times.parse().ok()?))
        });
        words.collect::<Option<_>>().map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    fn words() -> Words {
        Words::new(vec![
            ("to".to_owned(), 2),
            ("bee".to_owned(), 3),
            ("beehive".to_owned(), 4),
        ])
    }

    #[test]
    fn words_are_found_by_their_beginning() {
        for (start, times) in [("bee", 7), ("beeh", 4), ("t", 2), ("ees", 0), ("z", 0)] {
            assert_eq!(words().beginning(start), times, "{start}");
        }
    }

    #[test]
    fn words_are_read_as_they_were_written() {
        let text = words().write(0xab);
        assert_eq!(text, "ab\nbee 3\nbeehive 4\nto 2\n");
        assert_eq!(Words::read(&text, 0xab), Some(words()));
        assert_eq!(Words::read(&text, 0xac), None, "of another text");
        for broken in ["", "ab\nbee", "ab\nbee x\n", "x\nbee 3\n"] {
            assert_eq!(Words::read(broken, 0xab), None, "{broken}");
        }
    }
}
