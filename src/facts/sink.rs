//! Writes evaluated rows as records into the key ranges of their periods.

use super::evaluate::Evaluated;
use super::fates::Fate;
use super::key_ranges::KeyRanges;
use super::record::{Layout, Records};
use super::scan::{ScanContext, Scanned, Task};
use crate::units::Day;
use hashbrown::HashMap;
use std::sync::Arc;

/// Collects records per period and key range.
pub(crate) struct Sink<'c> {
    context: &'c ScanContext<'c>,
    source: usize,
    layout: Layout,
    expected_rows: usize,
    pub(crate) records: HashMap<u16, Records>,
    ranges: HashMap<u16, Arc<KeyRanges>>,
}

impl<'c> Sink<'c> {
    pub(crate) fn new(context: &'c ScanContext<'c>, source: usize, expected_rows: usize) -> Self {
        let layout = Layout::of(&context.sources[source]);
        Self { context, source, layout, expected_rows, records: HashMap::new(), ranges: HashMap::new() }
    }

    pub(crate) fn add(
        &mut self,
        task: Task,
        first_row: u64,
        batch: &Evaluated,
        fates: &[Fate],
        scanned: &mut Scanned,
    ) {
        // Rows of a file mostly stand in time order, so a batch is a few stretches of one period each.
        let days = &batch.instants.days;
        let mut start = 0;
        let mut rows: Vec<u32> = Vec::with_capacity(fates.len());
        while start < fates.len() {
            if fates[start] != Fate::Used {
                start += 1;
                continue;
            }
            let period = self.context.periods.of_day(days[start]);
            rows.clear();
            let mut end = start;
            while end < fates.len() {
                if fates[end] == Fate::Used {
                    if self.context.periods.of_day(days[end]) != period {
                        break;
                    }
                    rows.push(u32::try_from(end).expect("a batch is short"));
                }
                end += 1;
            }
            let last = rows.iter().map(|row| days[*row as usize]).max().map(Day);
            scanned.last_day = scanned.last_day.max(last);
            if (self.context.wanted)(period) {
                self.add_rows(task, first_row, period, batch, &rows);
            }
            start = end;
        }
    }

    fn add_rows(&mut self, task: Task, first_row: u64, period: u16, batch: &Evaluated, rows: &[u32]) {
        let ranges = self.ranges.entry(period).or_insert_with(|| (self.context.ranges)(period, &batch.keys));
        let parts = ranges.len();
        let sets = batch.distinct.len();
        // A row group mostly holds one period, so its rows tell how long a range will get.
        let alone = rows.len() * 2 > batch.keys.len();
        let expected = if alone { self.expected_rows / parts * self.layout.words * 5 / 4 } else { 0 };
        let records = self.records.entry(period).or_insert_with(|| Records {
            source: self.source,
            parts: (0..parts).map(|_| Vec::with_capacity(expected)).collect(),
            distinct: vec![vec![Vec::new(); parts]; sets],
        });
        let start_day = self.context.periods.start(period).0;
        let (mut last_key, mut part) = (None, 0);
        for row in rows.iter().map(|row| *row as usize) {
            let key = batch.keys[row];
            if last_key != Some(key) {
                part = ranges.of(key);
                last_key = Some(key);
            }
            let record = append(&mut records.parts[part], self.layout.words);
            self.layout.fill(record, batch, row, start_day, || place(task, first_row + row as u64));
            for (set, (words, nulls)) in batch.distinct.iter().enumerate() {
                if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                    let [high, low] = words[row];
                    let filters = u64::from(batch.meta[row].filters());
                    records.distinct[set][part].extend_from_slice(&[key, high, low, filters]);
                }
            }
        }
    }
}

/// Appends an empty record, to be filled in place: a copy of a record just written would wait for its words.
fn append(part: &mut Vec<u64>, words: usize) -> &mut [u64] {
    let start = part.len();
    // A fill of known length takes a few moves, one of unknown length a call.
    macro_rules! known {
        ($($words:literal)*) => {
            match words {
                $($words => part.extend_from_slice(&[0; $words]),)*
                _ => part.resize(start + words, 0),
            }
        };
    }
    known!(2 3 4 5 6 7 8 9 10 11 12);
    &mut part[start..]
}

impl Layout {
    fn fill(
        &self,
        record: &mut [u64],
        batch: &Evaluated,
        row: usize,
        start_day: i32,
        place: impl FnOnce() -> u64,
    ) {
        use super::record::{AT, KEY, META, ORDER};
        record[KEY] = batch.keys[row];
        let day = u32::try_from(batch.instants.days[row] - start_day).expect("a row's day is in its period");
        record[META] = batch.meta[row].on(day).0;
        if self.order_words > 0 {
            record[AT] = batch.instants.micros[row].cast_unsigned();
            record[ORDER..ORDER + self.order_words].copy_from_slice(&batch.orders[row][..self.order_words]);
        }
        for (word, values) in record[self.values..].iter_mut().zip(&batch.values) {
            *word = values[row].cast_unsigned();
        }
        if let Some(identity) = self.identity {
            let line = batch.identities[row];
            let mut content = blake3::Hasher::new();
            record[..identity].iter().chain(&record[self.values..]).for_each(|word| {
                content.update(&word.to_le_bytes());
            });
            let content = content.finalize();
            record[identity..identity + 2].copy_from_slice(&line);
            record[identity + 2] =
                u64::from_le_bytes(content.as_bytes()[..8].try_into().expect("eight bytes of a digest"));
            record[identity + 3] = place();
        }
    }
}

/// A row's place in one word: file, row group and row.
fn place(task: Task, row: u64) -> u64 {
    (task.file as u64) << 48 | (task.row_group as u64 & 0xffff) << 32 | row & 0xffff_ffff
}

/// File, row group and row of a place.
pub(crate) fn place_parts(place: u64) -> (usize, u64, u64) {
    (usize::try_from(place >> 48).expect("16 bits"), place >> 32 & 0xffff, place & 0xffff_ffff)
}
