//! Writes evaluated rows as records into the key ranges of their periods.

use super::evaluate::Evaluated;
use super::fates::Fate;
use super::key_ranges::KeyRanges;
use super::record::{AT, KEY, Layout, META, ORDER, Records, VALUES};
use super::scan::{ScanContext, Scanned, Task};
use crate::units::Day;
use hashbrown::HashMap;
use std::sync::Arc;

/// Collects records per period and key range.
pub(crate) struct Sink<'c> {
    context: &'c ScanContext<'c>,
    source: usize,
    expected_rows: usize,
    pub(crate) records: HashMap<(u16, bool), Records>,
    ranges: HashMap<u16, Arc<KeyRanges>>,
}

impl<'c> Sink<'c> {
    pub(crate) fn new(context: &'c ScanContext<'c>, source: usize, expected_rows: usize) -> Self {
        Self { context, source, expected_rows, records: HashMap::new(), ranges: HashMap::new() }
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
        let layout = Layout::of(&self.context.sources[self.source], batch.narrow);
        let words = layout.line_words + layout.head_words / 2;
        let expected = if alone { self.expected_rows / parts * words * 5 / 4 } else { 0 };
        let records = self.records.entry((period, batch.narrow)).or_insert_with(|| Records {
            source: self.source,
            layout,
            parts: (0..parts).map(|_| Vec::with_capacity(expected)).collect(),
            distinct: vec![vec![Vec::new(); parts]; sets],
        });
        let start_day = self.context.periods.start(period).0;
        let (mut last_row, mut part) = (None, 0);
        for row in rows.iter().map(|row| *row as usize) {
            let key = batch.keys[row];
            if last_row.is_none_or(|last: usize| batch.keys[last] != key) {
                part = ranges.of(key);
            }
            // Neighbours among the rows are neighbours in their range, as their key is the same.
            let has_head = last_row.is_none_or(|last| !layout.share_head(batch, last, row));
            last_row = Some(row);
            let words = layout.line_words + if has_head { layout.head_words } else { 0 };
            let record = append(&mut records.parts[part], words);
            let (line, head) = record.split_at_mut(layout.line_words);
            layout.fill_line(line, batch, row, start_day, has_head);
            if has_head {
                layout.fill_head(head, batch, row);
            }
            if let Some(identity) = layout.identity {
                layout.fill_identity(line, identity, batch, row);
                line[identity + 3] = place(task, first_row + row as u64);
            }
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
    known!(1 2 3 4 5 6 7 8 9 10 11 12);
    &mut part[start..]
}

impl Layout {
    /// Whether two rows have the same head.
    fn share_head(&self, batch: &Evaluated, a: usize, b: usize) -> bool {
        batch.keys[a] == batch.keys[b]
            && (self.order_words == 0
                || batch.orders[a] == batch.orders[b] && batch.instants.micros[a] == batch.instants.micros[b])
    }

    fn fill_line(&self, line: &mut [u64], batch: &Evaluated, row: usize, start_day: i32, has_head: bool) {
        let day = u32::try_from(batch.instants.days[row] - start_day).expect("a row's day is in its period");
        let meta = batch.meta[row].on(day);
        line[META] = if has_head { meta.with_head().0 } else { meta.0 };
        for (word, values) in line[VALUES..].iter_mut().zip(&batch.values) {
            *word = values[row];
        }
    }

    fn fill_head(&self, head: &mut [u64], batch: &Evaluated, row: usize) {
        head[KEY] = batch.keys[row];
        if self.order_words > 0 {
            head[AT] = batch.instants.micros[row].cast_unsigned();
            head[ORDER..].copy_from_slice(&batch.orders[row][..self.order_words]);
        }
    }

    /// What tells a line from others, and a digest of all it says, however it is written.
    fn fill_identity(&self, line: &mut [u64], identity: usize, batch: &Evaluated, row: usize) {
        let mut content = blake3::Hasher::new();
        let meta = batch.meta[row].0;
        let [high, low] = batch.orders[row];
        let micros = batch.instants.micros[row].cast_unsigned();
        let values = (0..self.values).map(|index| self.value(line, index).cast_unsigned());
        for word in [meta, batch.keys[row], micros, high, low].into_iter().chain(values) {
            content.update(&word.to_le_bytes());
        }
        let content = content.finalize();
        line[identity..identity + 2].copy_from_slice(&batch.identities[row]);
        line[identity + 2] =
            u64::from_le_bytes(content.as_bytes()[..8].try_into().expect("eight bytes of a digest"));
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
