//! Records between the scan and the reduction, in `u64` words: lines, and heads that neighbours share.
//!
//! A line begins with its meta word and has the row's values, in 32 bits each where its batch allows; the line of a
//! source that looks for duplicates ends with its identity. The first of neighbouring lines that share them is followed
//! by a head: the key and, for sales, instant and order.

use super::source::{Sale, Source};

/// Which word of a record is what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// How many values a line has.
    pub(crate) values: usize,
    /// Whether two values share a word.
    narrow: bool,
    /// Words of the order key: 0 for events, 1 for integers, 2 for text.
    pub(crate) order_words: usize,
    /// First word of the line identity (two words), its content (one) and its place (one), if duplicates matter.
    pub(crate) identity: Option<usize>,
    /// Words of a line.
    pub(crate) line_words: usize,
    /// Words of a head.
    pub(crate) head_words: usize,
}

/// Words of a line.
pub(crate) const META: usize = 0;
pub(crate) const VALUES: usize = 1;
const IDENTITY_WORDS: usize = 4;

/// Words of a head.
pub(crate) const KEY: usize = 0;
pub(crate) const AT: usize = 1;
pub(crate) const ORDER: usize = 2;

impl Layout {
    pub(crate) fn of(source: &Source, narrow: bool) -> Self {
        let values = source.values.len();
        let after_values = VALUES + if narrow { values.div_ceil(2) } else { values };
        let order_words = source.sale.as_ref().map_or(0, |sale| match sale.order.ty() {
            super::expr::Type::Text => 2,
            _ => 1,
        });
        let identity = source.sale.as_ref().is_some_and(Sale::looks_for_duplicates).then_some(after_values);
        Self {
            values,
            narrow,
            order_words,
            identity,
            line_words: after_values + identity.map_or(0, |_| IDENTITY_WORDS),
            head_words: if order_words == 0 { AT } else { ORDER + order_words },
        }
    }

    /// A value of a line.
    #[inline(always)]
    pub(crate) fn value(&self, line: &[u64], index: usize) -> i64 {
        if self.narrow {
            half(line[VALUES + index / 2], index % 2)
        } else {
            line[VALUES + index].cast_signed()
        }
    }

    /// The four values that every sale has.
    #[inline(always)]
    pub(crate) fn measures(&self, line: &[u64]) -> [i64; 4] {
        if self.narrow {
            let [low, high] = *line[VALUES..].first_chunk().expect("a sale has four measures");
            [half(low, 0), half(low, 1), half(high, 0), half(high, 1)]
        } else {
            line[VALUES..].first_chunk::<4>().expect("a sale has four measures").map(u64::cast_signed)
        }
    }

    /// The order of a head as two words.
    #[inline(always)]
    pub(crate) fn order(&self, head: &[u64]) -> [u64; 2] {
        [head[ORDER], if self.order_words == 2 { head[ORDER + 1] } else { 0 }]
    }
}

/// Two values in one word.
pub(crate) fn pair(first: i64, second: i64) -> u64 {
    let low = |value: i64| value.cast_unsigned() & 0xffff_ffff;
    low(first) | low(second) << 32
}

/// The first or the second value of a word.
#[expect(clippy::cast_possible_truncation, reason = "the half is what is asked for")]
#[inline(always)]
fn half(word: u64, index: usize) -> i64 {
    i64::from((word >> (32 * index)) as i32)
}

/// Records of one key range, written one after another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'r> {
    pub(crate) layout: Layout,
    pub(crate) words: &'r [u64],
}

/// A line and its head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'r> {
    pub(crate) meta: Meta,
    pub(crate) words: &'r [u64],
    pub(crate) head: &'r [u64],
}

impl<'r> Part<'r> {
    /// Its lines in order.
    pub(crate) fn lines(self) -> impl Iterator<Item = Line<'r>> {
        let (mut rest, mut head) = (self.words, &self.words[..0]);
        std::iter::from_fn(move || {
            let (words, after) = rest.split_at_checked(self.layout.line_words)?;
            rest = after;
            let meta = Meta(words[META]);
            if meta.has_head() {
                (head, rest) = rest.split_at(self.layout.head_words);
            }
            Some(Line { meta, words, head })
        })
    }
}

/// The meta word: product group, day of the period, return flag, filter answers, and whether a head follows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Meta(pub(crate) u64);

impl Meta {
    /// Product groups a history may have.
    pub(crate) const MAX_GROUPS: u32 = 1 << 20;

    pub(crate) fn new(group: u32, is_return: bool) -> Self {
        Self(u64::from(group) << 32 | u64::from(is_return) << 63)
    }

    /// Notes a filter's answer.
    pub(crate) fn answer(&mut self, filter: usize, answer: bool) {
        self.0 |= u64::from(answer) << filter;
    }

    /// The same on a day since the period began.
    pub(crate) fn on(self, day: u32) -> Self {
        Self(self.0 | u64::from(day) << 52)
    }

    /// The same with a head after the line.
    pub(crate) fn with_head(self) -> Self {
        Self(self.0 | 1 << 61)
    }

    pub(crate) fn has_head(self) -> bool {
        self.0 >> 61 & 1 == 1
    }

    pub(crate) fn filters(self) -> u32 {
        (self.0 & 0xffff_ffff) as u32
    }

    pub(crate) fn group(self) -> u32 {
        (self.0 >> 32) as u32 & (Self::MAX_GROUPS - 1)
    }

    /// Days since the period began.
    pub(crate) fn day(self) -> u32 {
        (self.0 >> 52) as u32 & 0x1ff
    }

    pub(crate) fn is_return(self) -> bool {
        self.0 >> 63 == 1
    }
}

/// The key of rows without customer: after every other key.
pub(crate) const UNIDENTIFIED: u64 = u64::MAX;

/// An integer key as a word with the same order.
pub(crate) fn key_word(key: i64) -> u64 {
    key.cast_unsigned() ^ (1 << 63)
}

/// The integer key of a word.
pub(crate) fn word_key(word: u64) -> i64 {
    (word ^ (1 << 63)).cast_signed()
}

/// A text key as two words: up to 15 bytes as they are, with their length; longer ones as 15 bytes of their BLAKE3.
///
/// Two texts of one customer share words with a chance below 2⁻¹¹⁹ per pair.
pub(crate) fn text_words(text: &str) -> [u64; 2] {
    let mut bytes = [0_u8; 16];
    if text.len() < 16 {
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        bytes[15] = u8::try_from(text.len()).expect("shorter than 16 bytes");
    } else {
        bytes[..15].copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..15]);
        bytes[15] = 255;
    }
    let word = |start: usize| u64::from_be_bytes(bytes[start..start + 8].try_into().expect("eight bytes"));
    [word(0), word(8)]
}

/// Records of one source and period, cut into key ranges.
#[derive(Debug)]
pub(crate) struct Records {
    /// Index into the run's sources.
    pub(crate) source: usize,
    pub(crate) layout: Layout,
    /// Per key range, the words of its records.
    pub(crate) parts: Vec<Vec<u64>>,
    /// Per distinct set and key range, records of four words: key, value, value, filter answers.
    pub(crate) distinct: Vec<Vec<Vec<u64>>>,
}

impl Records {
    /// The records of one key range.
    pub(crate) fn part(&self, part: usize) -> Part<'_> {
        Part { layout: self.layout, words: &self.parts[part] }
    }
}
