//! Fixed-width records between the scan and the reduction: `u64` words, `Layout::words` to a record.
//!
//! Every record begins with key and meta; a sale record goes on with instant and order, a record of a source that
//! looks for duplicates with its line identity, and all end with the row's values.

use super::source::Source;
use crate::pipeline::Duplicates;

/// Which word of a record is what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Words per record.
    pub(crate) words: usize,
    /// Words of the order key: 0 for events, 1 for integers, 2 for text.
    pub(crate) order_words: usize,
    /// First word of the line identity (two words), its content (one) and its place (one), if duplicates matter.
    pub(crate) identity: Option<usize>,
    /// First word of the values.
    pub(crate) values: usize,
}

pub(crate) const KEY: usize = 0;
pub(crate) const META: usize = 1;
pub(crate) const AT: usize = 2;
pub(crate) const ORDER: usize = 3;
pub(crate) const IDENTITY_WORDS: usize = 4;

impl Layout {
    pub(crate) fn of(source: &Source) -> Self {
        let Some(sale) = &source.sale else {
            return Self { words: 2 + source.values.len(), order_words: 0, identity: None, values: 2 };
        };
        let order_words = if sale.order.ty() == super::expr::Type::Text { 2 } else { 1 };
        let after_order = ORDER + order_words;
        let checked = sale.line.is_some() && sale.duplicates != Duplicates::Allow;
        let identity = checked.then_some(after_order);
        let values = after_order + if checked { IDENTITY_WORDS } else { 0 };
        Self { words: values + source.values.len(), order_words, identity, values }
    }
}

/// The meta word: product group, day of the period, return flag and filter answers.
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

    pub(crate) fn filters(self) -> u32 {
        (self.0 & 0xffff_ffff) as u32
    }

    pub(crate) fn group(self) -> u32 {
        (self.0 >> 32) as u32 & (Self::MAX_GROUPS - 1)
    }

    /// Days since the period began.
    pub(crate) fn day(self) -> u32 {
        (self.0 >> 52) as u32 & 0x7ff
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
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// Index into the run's sources.
    pub(crate) source: usize,
    /// Per key range, the records one after another.
    pub(crate) parts: Vec<Vec<u64>>,
    /// Per distinct set and key range, records of four words: key, value, value, filter answers.
    pub(crate) distinct: Vec<Vec<Vec<u64>>>,
}
