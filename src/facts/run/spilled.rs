//! Records that wait on disk for the last row group of their period: written as a whole, read back by key range.

use crate::error::Result;
use crate::facts::kernel::record::{Head, Layout, Part, Records};
use crate::memory::{SpillFile, Spilled};
use std::sync::Arc;

/// Records of one source and period on disk, a key range after the other: heads, lines, texts, then each distinct set.
pub(crate) struct SpilledRecords {
    pub(crate) source: usize,
    pub(crate) layout: Layout,
    distinct_sets: usize,
    words: Spilled,
    /// Where in the words each piece of each range ends; on disk too, for there may be more ranges than records.
    ends: Spilled,
}

/// Records of one key range.
pub(crate) struct RangeRecords {
    pub(crate) part: Part,
    pub(crate) distinct: Vec<Vec<u64>>,
}

/// Words of a head.
const HEAD_WORDS: usize = 5;

const WORD: usize = size_of::<u64>();

impl SpilledRecords {
    /// Writes records to disk.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn write(records: Records, spill: &Arc<SpillFile>) -> Result<Self> {
        let Records { source, layout, parts, mut distinct, .. } = records;
        let (mut words, mut ends) = (Vec::new(), vec![0]);
        for (number, Part { heads, lines, texts }) in parts.into_iter().enumerate() {
            for Head { key, order: [high, low], micros, day, first } in heads {
                let place = u64::from(first) << 32 | u64::from(day);
                words.extend([key, high, low, micros.cast_unsigned(), place]);
            }
            ends.push(words.len() as u64);
            for piece in [lines, texts] {
                words.extend(piece);
                ends.push(words.len() as u64);
            }
            for set in &mut distinct {
                words.extend(std::mem::take(&mut set[number]));
                ends.push(words.len() as u64);
            }
        }
        let distinct_sets = distinct.len();
        let (words, ends) = (spill.write(&bytes_of(&words))?, spill.write(&bytes_of(&ends))?);
        Ok(Self { source, layout, distinct_sets, words, ends })
    }

    /// Reads the records of a key range.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn read(&self, range: usize) -> Result<RangeRecords> {
        let pieces = 3 + self.distinct_sets;
        let ends = self.ends.read_part(range * pieces * WORD..((range + 1) * pieces + 1) * WORD)?;
        let ends: Vec<usize> =
            words_of(&ends).map(|end| usize::try_from(end).expect("it fit memory")).collect();
        let words = self.words.read_part(ends[0] * WORD..ends[pieces] * WORD)?;
        let words: Vec<u64> = words_of(&words).collect();
        let mut pieces = ends.windows(2).map(|pair| &words[pair[0] - ends[0]..pair[1] - ends[0]]);
        let heads = pieces.next().expect("every range has heads");
        let mut owned = || pieces.next().expect("every range has lines and texts").to_vec();
        let (lines, texts) = (owned(), owned());
        let heads = heads.as_chunks::<HEAD_WORDS>().0.iter().map(head_of).collect();
        Ok(RangeRecords {
            part: Part { heads, lines, texts },
            distinct: pieces.map(<[u64]>::to_vec).collect(),
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "both halves of the last word are taken")]
fn head_of([key, high, low, micros, place]: &[u64; HEAD_WORDS]) -> Head {
    Head {
        key: *key,
        order: [*high, *low],
        micros: micros.cast_signed(),
        day: *place as u32,
        first: (place >> 32) as u32,
    }
}

fn bytes_of(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn words_of(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks::<WORD>().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
}
