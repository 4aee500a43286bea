//! Writes a period's files while its key ranges are reduced: a chunk leaves as soon as its customers are there.
//!
//! Ranges of integer keys come in order and are dropped once they are written. Numbers of texts say nothing of the order of
//! the texts, so ranges of text keys are held until the last of them is there, and brought in order as a whole.

use super::period_run::{CHUNK_CUSTOMERS, Codes, GROUP_NAMES, Grain, MEMBER_NAMES, PeriodFiles, Piece, Rows};
use super::state_file::{BAND, ChunkWriter, EncodedChunk};
use super::text_order::in_text_order;
use crate::error::Result;
use crate::facts::inputs::intern::Interner;
use crate::facts::kernel::reduced::Reduced;
use crate::pipeline::KeyType;
use arrow::array::{Array, ArrayRef};
use rayon::prelude::*;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

/// The files of a period on their way.
pub(crate) struct PeriodWriter<'w> {
    key_type: KeyType,
    customers: &'w Interner,
    codes: Codes,
    files: Vec<GrainFile>,
    /// Ranges of text keys, until all are there.
    unordered: Vec<Reduced>,
    /// All texts of the period in order.
    texts: Option<ArrayRef>,
    /// Ranges in order that are not yet written to their end.
    pending: VecDeque<Reduced>,
    /// Rows of the first of them that are.
    written: usize,
}

struct GrainFile {
    grain: Grain,
    file: ChunkWriter,
    rows: usize,
}

impl<'w> PeriodWriter<'w> {
    /// Opens the files of a period with these product groups.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub(crate) fn new(
        folder: &Path,
        key_type: KeyType,
        customers: &'w Interner,
        codes: Codes,
        keeps_days: bool,
    ) -> Result<Self> {
        let grains = Grain::ALL.into_iter().filter(|grain| keeps_days || *grain != Grain::Days);
        let open = |grain| Ok(GrainFile { grain, file: ChunkWriter::new(folder)?, rows: 0 });
        Ok(Self {
            key_type,
            customers,
            codes,
            files: grains.map(open).collect::<Result<Vec<_>>>()?,
            unordered: Vec::new(),
            texts: None,
            pending: VecDeque::new(),
            written: 0,
        })
    }

    /// Adds the next key ranges, and writes the chunks that are full with them.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn add(&mut self, ranges: Vec<Reduced>) -> Result<()> {
        match self.key_type {
            KeyType::Text => {
                self.unordered.extend(ranges);
                Ok(())
            }
            KeyType::Int => self.add_in_order(ranges),
        }
    }

    /// Writes what is left, and names the files.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn finish(mut self) -> Result<PeriodFiles> {
        if self.key_type == KeyType::Text {
            let (texts, ranges) = in_text_order(std::mem::take(&mut self.unordered), self.customers);
            self.texts = Some(texts);
            self.add_in_order(ranges)?;
        }
        // At least one chunk, so that every file says of which kind its lists are.
        if self.pending_rows() > 0 || self.files[0].file.chunks() == 0 {
            self.write(1)?;
        }
        let mut files = BTreeMap::new();
        for GrainFile { grain, file, rows } in self.files {
            let names = match grain {
                Grain::Products => Some((GROUP_NAMES.to_owned(), self.codes.groups.names())),
                Grain::Orders => Some((MEMBER_NAMES.to_owned(), self.codes.members.names())),
                _ => None,
            };
            files.insert(grain, file.finish(rows, names.into_iter().collect())?);
        }
        let mut take = |grain| files.remove(&grain);
        let days = take(Grain::Days);
        let mut always = |grain| take(grain).expect("these grains are always kept");
        Ok(PeriodFiles {
            keys: always(Grain::Keys),
            customers: always(Grain::Customers),
            products: always(Grain::Products),
            orders: always(Grain::Orders),
            days,
        })
    }

    fn add_in_order(&mut self, ranges: Vec<Reduced>) -> Result<()> {
        for range in ranges {
            for file in &mut self.files {
                file.rows += file.grain.rows_of(&range);
            }
            let last = self.pending.back().and_then(|range| range.keys.last());
            let ends = last.zip(range.keys.first());
            debug_assert!(ends.is_none_or(|(last, first)| last < first), "ranges come in order");
            self.pending.push_back(range);
        }
        while self.pending_rows() >= CHUNK_CUSTOMERS {
            self.write(BAND.min(self.pending_rows() / CHUNK_CUSTOMERS))?;
        }
        Ok(())
    }

    fn pending_rows(&self) -> usize {
        self.pending.iter().map(|range| range.instants.len()).sum::<usize>() - self.written
    }

    /// Writes the next chunks of every grain, and drops the ranges that end with them.
    fn write(&mut self, chunks: usize) -> Result<()> {
        let rows: Vec<Rows<'_>> = (0..chunks).map(|chunk| self.rows(chunk)).collect();
        let jobs: Vec<(Grain, &Rows<'_>)> =
            self.files.iter().flat_map(|file| rows.iter().map(move |rows| (file.grain, rows))).collect();
        let encode = |(grain, rows): &(Grain, &Rows<'_>)| grain.lists(rows, &self.codes).encoded();
        let encoded = jobs.par_iter().with_max_len(1).map(encode).collect::<Result<Vec<EncodedChunk>>>()?;
        let mut encoded = encoded.into_iter();
        for file in &mut self.files {
            encoded.by_ref().take(chunks).try_for_each(|chunk| file.file.push(chunk))?;
        }
        self.written += chunks * CHUNK_CUSTOMERS;
        while let Some(range) = self.pending.front().filter(|range| range.instants.len() <= self.written) {
            self.written -= range.instants.len();
            self.pending.pop_front();
        }
        Ok(())
    }

    /// The rows of one of the next chunks.
    fn rows(&self, chunk: usize) -> Rows<'_> {
        let start = self.written + chunk * CHUNK_CUSTOMERS;
        let end = start + CHUNK_CUSTOMERS;
        let mut pieces = Vec::new();
        let mut base = 0;
        for range in &self.pending {
            let until = base + range.instants.len();
            let rows = start.max(base)..end.min(until);
            // A range without rows tells which columns there are.
            if !rows.is_empty() || self.pending_rows() == 0 && pieces.is_empty() {
                let place = rows.start - start;
                pieces.push(Piece { range, rows: rows.start - base..rows.end - base, place });
            }
            base = until;
        }
        let texts = self.texts.as_ref().map(|texts| {
            let known = texts.len() - texts.null_count();
            let first = (self.files[0].file.chunks() + chunk) * CHUNK_CUSTOMERS;
            let rows = first.min(known)..known.min(first + CHUNK_CUSTOMERS);
            texts.slice(rows.start, rows.len())
        });
        Rows { pieces, texts }
    }
}

#[cfg(test)]
mod tests {
    use super::super::period_run::{NameCodes, read_ids};
    use super::super::state_file::Kept;
    use super::*;
    use crate::facts::kernel::column::Column;
    use crate::facts::kernel::group_set::GroupSet;
    use crate::facts::kernel::measures::MEASURES;
    use crate::facts::kernel::record::{UNIDENTIFIED, key_word};
    use crate::facts::schema::NO_INSTANT;
    use arrow::array::{Int64Array, StringArray};
    use std::ops::Range;
    use std::sync::Arc;

    /// Customers with these keys, each with its place in every measure, so that rows tell where they came from.
    fn reduced(keys: &[u64], first: usize) -> Reduced {
        let places = (first..).take(keys.len()).map(|place| i64::try_from(place).unwrap());
        let column = || Column::from(places.clone().collect::<Vec<i64>>());
        Reduced {
            keys: keys.to_vec(),
            measures: MEASURES.iter().map(|_| column()).collect(),
            instants: vec![[NO_INSTANT; 2]; keys.len()],
            orders: column(),
            active_days: column(),
            ..Reduced::default()
        }
    }

    fn no_names(known: &Interner) -> Codes {
        let none = || NameCodes::of(&GroupSet::default(), known);
        Codes { groups: none(), members: none() }
    }

    /// Writes keys in ranges that are cut at these places, some ranges at a time.
    fn write(
        folder: &Path,
        key_type: KeyType,
        customers: &Interner,
        keys: &[u64],
        cuts: &[usize],
        at_once: usize,
    ) -> PeriodFiles {
        let mut writer = PeriodWriter::new(folder, key_type, customers, no_names(customers), false).unwrap();
        let bounds: Vec<usize> = [&[0], cuts, &[keys.len()]].concat();
        let ranges: Vec<Range<usize>> = bounds.windows(2).map(|pair| pair[0]..pair[1]).collect();
        for ranges in ranges.chunks(at_once) {
            let ranges = ranges.iter().map(|range| reduced(&keys[range.clone()], range.start));
            writer.add(ranges.collect()).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn keys_read_back_as_they_were_and_the_unidentified_cost_object_is_null() {
        let folder = tempfile::tempdir().unwrap();
        let interner = Interner::new();
        let many: Vec<Option<i64>> = (0..40_000).map(|key| Some(key * 3)).chain([None]).collect();
        for keys in [
            &[Some(i64::MIN), Some(-1), Some(7), Some(i64::MAX - 1), None][..],
            &[Some(5_000_000_001), Some(5_000_000_002), Some(5_000_000_300)],
            &[None],
            &[],
            &many,
        ] {
            let words: Vec<u64> = keys.iter().map(|key| key.map_or(UNIDENTIFIED, key_word)).collect();
            let files = write(folder.path(), KeyType::Int, &interner, &words, &[], 1);
            let ids: ArrayRef = Arc::new(keys.iter().copied().collect::<Int64Array>());
            assert_eq!(&read_ids(folder.path(), &files.keys, KeyType::Int).unwrap(), &ids);
        }
        for texts in [&[Some("a"), Some(""), Some("Zoë"), None][..], &[Some("a")], &[None]] {
            let word = |text: &Option<&str>| text.map_or(UNIDENTIFIED, |text| interner.intern(text).into());
            let mut words: Vec<u64> = texts.iter().map(word).collect();
            words.sort_unstable();
            let files = write(folder.path(), KeyType::Text, &interner, &words, &[], 1);
            let mut texts = texts.to_vec();
            texts.sort_unstable_by_key(|text| (text.is_none(), *text));
            let ids: ArrayRef = Arc::new(texts.iter().copied().collect::<StringArray>());
            assert_eq!(&read_ids(folder.path(), &files.keys, KeyType::Text).unwrap(), &ids);
        }
    }

    #[test]
    fn bytes_follow_from_the_rows_and_not_from_the_ranges() {
        let folder = tempfile::tempdir().unwrap();
        let interner = Interner::new();
        let numbers: Vec<u64> = (0..50_000).map(key_word).collect();
        let text = |number: u64| interner.intern(&(number * 7_919 % 40_009).to_string()).into();
        let mut texts: Vec<u64> = (0..40_000).map(text).collect();
        texts.sort_unstable();
        for (key_type, keys) in [(KeyType::Int, &numbers), (KeyType::Text, &texts)] {
            let make =
                |cuts: &[usize], at_once| write(folder.path(), key_type, &interner, keys, cuts, at_once);
            let whole = make(&[], 1);
            for (cuts, at_once) in
                [(&[1, 16_384][..], 1), (&[30_000, 30_001, 30_001, 40_000], 2), (&[16_383], 9), (&[0], 1)]
            {
                let cut = make(cuts, at_once);
                assert_eq!((cut.keys, cut.customers), (whole.keys.clone(), whole.customers.clone()));
                assert_eq!((cut.products, cut.orders), (whole.products.clone(), whole.orders.clone()));
            }
        }
        let whole = write(folder.path(), KeyType::Int, &interner, &numbers, &[], 1);
        let kept = Kept::open(folder.path(), &whole.customers).unwrap();
        assert_eq!(kept.chunks(), 4);
        let mut rows = Vec::new();
        kept.chunk(3).unwrap().append("orders", 1..3, &mut rows);
        assert_eq!(rows, [3 * 16_384 + 1, 3 * 16_384 + 2]);
    }

    #[test]
    fn a_period_that_is_given_up_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let interner = Interner::new();
        let keys: Vec<u64> = (0..20_000).map(key_word).collect();
        let codes = no_names(&interner);
        let mut writer = PeriodWriter::new(folder.path(), KeyType::Int, &interner, codes, false).unwrap();
        writer.add(vec![reduced(&keys, 0)]).unwrap();
        drop(writer);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
