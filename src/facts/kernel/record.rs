//! Records between the scan and the reduction: lines, and heads that neighbours share.
//!
//! A line is some `u64` words: a meta word, then the row's values, in 32 bits each where its batch allows; the line of a
//! source that looks for duplicates ends with its identity. Neighbouring lines of one customer and order share a head.

use super::group_set::GroupSet;
use crate::facts::inputs::source::{Sale, Source};
use crate::units::Day;

/// Which word of a line is what.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Layout {
    /// How many values a line has.
    pub(crate) values: usize,
    /// Whether two values share a word.
    pub(crate) narrow: bool,
    /// First word of the line identity (two words), its content (one) and its place (one), if duplicates matter.
    pub(crate) identity: Option<usize>,
    /// Words of a line.
    pub(crate) words: usize,
}

pub(crate) const META: usize = 0;
const VALUES: usize = 1;
const IDENTITY_WORDS: usize = 4;

impl Layout {
    pub(crate) fn of(source: &Source, narrow: bool) -> Self {
        let values = source.record_values();
        let after_values = VALUES + if narrow { values.div_ceil(2) } else { values };
        let identity = source.sale.as_ref().is_some_and(Sale::looks_for_duplicates).then_some(after_values);
        let words = after_values + identity.map_or(0, |_| IDENTITY_WORDS);
        Self { values, narrow, identity, words }
    }

    /// A value of a line.
    #[inline(always)]
    pub(crate) fn value(&self, line: &[u64], index: usize) -> i64 {
        if self.narrow {
            let word = line[VALUES + index / 2];
            if index.is_multiple_of(2) { first_half(word) } else { second_half(word) }
        } else {
            line[VALUES + index].cast_signed()
        }
    }

    /// The four values that every sale has.
    #[inline(always)]
    pub(crate) fn measures(&self, line: &[u64]) -> [i64; 4] {
        if self.narrow {
            let [low, high] = *line[VALUES..].first_chunk().expect("a sale has four measures");
            [first_half(low), second_half(low), first_half(high), second_half(high)]
        } else {
            line[VALUES..].first_chunk::<4>().expect("a sale has four measures").map(u64::cast_signed)
        }
    }
}

/// Two values in one word.
pub(crate) fn pair(first: i64, second: i64) -> u64 {
    let low = |value: i64| value.cast_unsigned() & 0xffff_ffff;
    low(first) | low(second) << 32
}

#[expect(clippy::cast_possible_truncation, reason = "the half is what is asked for")]
#[inline(always)]
fn first_half(word: u64) -> i64 {
    i64::from(word as i32)
}

#[inline(always)]
fn second_half(word: u64) -> i64 {
    word.cast_signed() >> 32
}

/// What neighbouring lines share: a customer and, for sales, order and instant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) key: u64,
    pub(crate) order: [u64; 2],
    pub(crate) micros: i64,
    /// Days since the period began.
    pub(crate) day: u32,
    /// Where the first line begins, in words.
    pub(crate) first: u32,
}

/// Records of one key range.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) heads: Vec<Head>,
    pub(crate) lines: Vec<u64>,
    /// Texts of the keys of orders, where they are kept.
    pub(crate) texts: Vec<u64>,
}

/// Lines of one key range, to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines<'r> {
    pub(crate) layout: Layout,
    pub(crate) heads: &'r [Head],
    words: &'r [u64],
    pub(crate) texts: &'r [u64],
}

impl<'r> Lines<'r> {
    /// The lines of a part.
    pub(crate) fn of_part(layout: Layout, Part { heads, lines, texts }: &'r Part) -> Self {
        Self { layout, heads, words: lines, texts }
    }

    /// How many they are.
    pub(crate) fn len(self) -> usize {
        self.words.len() / self.layout.words
    }

    /// All of them in order.
    pub(crate) fn all(self) -> impl Iterator<Item = &'r [u64]> {
        self.words.chunks_exact(self.layout.words)
    }

    /// Brings them into the processor's cache, in order and thus at memory's full speed.
    ///
    /// Customers' lines are read here and there afterwards, and each would wait for memory alone.
    pub(crate) fn fetch(self) {
        const CACHE_LINE: usize = 8;
        std::hint::black_box(self.words.iter().step_by(CACHE_LINE).fold(0, |seen, word| seen ^ word));
    }

    /// Those of a head.
    #[inline(always)]
    pub(crate) fn of(self, head: usize) -> impl Iterator<Item = &'r [u64]> {
        let from = self.heads[head].first as usize;
        let until = self.heads.get(head + 1).map_or(self.words.len(), |next| next.first as usize);
        // Exact chunks would be counted first, which takes a division.
        self.words[from..until].chunks(self.layout.words)
    }
}

/// The meta word: product group, return flag and filter answers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Meta(pub(crate) u64);

impl Meta {
    /// Product groups a history may have.
    pub(crate) const MAX_GROUPS: u32 = 1 << 20;

    pub(crate) fn of_group(group: u32) -> Self {
        Self(u64::from(group) << 32)
    }

    pub(crate) fn mark_return(&mut self) {
        self.0 |= 1 << 63;
    }

    /// Marks a line between companies of the group.
    pub(crate) fn eliminate(&mut self) {
        self.0 |= 1 << 62;
    }

    pub(crate) fn is_eliminated(self) -> bool {
        self.0 >> 62 & 1 == 1
    }

    /// Notes that a filter holds.
    pub(crate) fn answer(&mut self, filter: usize) {
        self.0 |= 1 << filter;
    }

    pub(crate) fn filters(self) -> u32 {
        (self.0 & 0xffff_ffff) as u32
    }

    pub(crate) fn group(self) -> u32 {
        (self.0 >> 32) as u32 & (Self::MAX_GROUPS - 1)
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
    /// Per key range, its records.
    pub(crate) parts: Vec<Part>,
    /// Product groups of its order lines.
    pub(crate) groups: GroupSet,
    /// Members of dimensions of its order lines.
    pub(crate) members: GroupSet,
    /// Per distinct set and key range, records of four words: key, value, value, filter answers.
    pub(crate) distinct: Vec<Vec<Vec<u64>>>,
    /// Last day of its rows.
    pub(crate) last_day: Day,
}

impl Records {
    /// The lines of one key range.
    pub(crate) fn lines(&self, part: usize) -> Lines<'_> {
        Lines::of_part(self.layout, &self.parts[part])
    }

    /// Memory that they take.
    pub(crate) fn bytes(&self) -> u64 {
        let part = |part: &Part| {
            let words = part.lines.capacity() + part.texts.capacity();
            part.heads.capacity() * size_of::<Head>() + words * size_of::<u64>()
        };
        let distinct = |records: &Vec<u64>| records.capacity() * size_of::<u64>();
        let parts: usize = self.parts.iter().map(part).sum();
        (parts + self.distinct.iter().flatten().map(distinct).sum::<usize>()) as u64
    }
}
