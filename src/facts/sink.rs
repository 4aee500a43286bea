//! Writes evaluated rows as records into the key ranges of their periods.

use super::evaluate::Evaluated;
use super::fates::Fate;
use super::key_ranges::KeyRanges;
use super::record::{Head, Layout, META, Part, Records};
use super::scan::{ScanContext, Scanned, Task};
use super::sums::index_u32;
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
        let is_used = |row: usize| fates[row] == Fate::Used;
        let mut start = 0;
        while let Some(skipped) = fates[start..].iter().position(|fate| *fate == Fate::Used) {
            start += skipped;
            let number = self.context.periods.of_day(days[start]);
            let period = self.context.periods.period(number);
            let within = period.start.0..period.end().0;
            let leaves = |row: &usize| is_used(*row) && !within.contains(&days[*row]);
            let end = (start..fates.len()).find(leaves).unwrap_or(fates.len());
            let last = (start..end).filter(|row| is_used(*row)).map(|row| Day(days[row])).max();
            scanned.last_day = scanned.last_day.max(last);
            if (self.context.wanted)(number) {
                let rows = (start..end).filter(|row| is_used(*row));
                self.add_rows(task, first_row, number, batch, rows);
            }
            start = end;
        }
    }

    fn add_rows(
        &mut self,
        task: Task,
        first_row: u64,
        period: u16,
        batch: &Evaluated,
        rows: impl Iterator<Item = usize> + Clone,
    ) {
        let ranges = self.ranges.entry(period).or_insert_with(|| (self.context.ranges)(period, &batch.keys));
        let layout = Layout::of(&self.context.sources[self.source], batch.narrow);
        let records = self.records.entry((period, batch.narrow)).or_insert_with(|| {
            // A row group mostly holds one period, so its rows tell how long a range will get.
            let alone = rows.clone().count() * 2 > batch.keys.len();
            let expected = if alone { self.expected_rows / ranges.len() * 5 / 4 } else { 0 };
            let part = || Part {
                heads: Vec::with_capacity(expected / 2),
                lines: Vec::with_capacity(expected * layout.words),
            };
            Records {
                source: self.source,
                layout,
                parts: (0..ranges.len()).map(|_| part()).collect(),
                distinct: vec![vec![Vec::new(); ranges.len()]; batch.distinct.len()],
            }
        });
        for ((words, nulls), parts) in batch.distinct.iter().zip(&mut records.distinct) {
            for row in rows.clone().filter(|row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row))) {
                let (key, [high, low]) = (batch.keys[row], words[row]);
                let filters = u64::from(batch.meta[row].filters());
                parts[ranges.of(key)].extend([key, high, low, filters]);
            }
        }
        let dealer = Dealer { batch, ranges, start_day: self.context.periods.start(period).0 };
        let (parts, meta) = (&mut records.parts, &batch.meta);
        match (&batch.values[..], layout.identity) {
            // Four values of 32 bits: the plainest line, of known length.
            ([first, second], None) => {
                dealer.deal(rows, parts, |line, row| line.extend([meta[row].0, first[row], second[row]]));
            }
            (values, None) => dealer.deal(rows, parts, |line, row| {
                line.push(meta[row].0);
                line.extend(values.iter().map(|values| values[row]));
            }),
            (values, Some(_)) => dealer.deal(rows, parts, |line, row| {
                let start = line.len();
                line.push(meta[row].0);
                line.extend(values.iter().map(|values| values[row]));
                let content = content(batch, &layout, &line[start..], row);
                line.extend(batch.identities[row]);
                line.extend([content, place(task, first_row + row as u64)]);
            }),
        }
    }
}

/// Deals rows of one period out to its key ranges.
struct Dealer<'d> {
    batch: &'d Evaluated,
    ranges: &'d KeyRanges,
    start_day: i32,
}

impl Dealer<'_> {
    #[inline(always)]
    fn deal(
        &self,
        rows: impl Iterator<Item = usize>,
        parts: &mut [Part],
        append_line: impl Fn(&mut Vec<u64>, usize),
    ) {
        let (keys, orders, instants) = (&self.batch.keys, &self.batch.orders, &self.batch.instants);
        let same_order = |a: usize, b: usize| {
            orders.is_empty() || orders[a] == orders[b] && instants.micros[a] == instants.micros[b]
        };
        let (mut last, mut part) = (None, 0);
        for row in rows {
            let key = keys[row];
            // Neighbours among the rows are neighbours in their range, as their key is the same.
            let neighbour = last.filter(|last: &usize| keys[*last] == key);
            if neighbour.is_none() {
                part = self.ranges.of(key);
            }
            let Part { heads, lines } = &mut parts[part];
            if neighbour.is_none_or(|last| !same_order(last, row)) {
                let day = u32::try_from(instants.days[row] - self.start_day);
                heads.push(Head {
                    key,
                    order: orders.get(row).copied().unwrap_or_default(),
                    micros: instants.micros[row],
                    day: day.expect("a row's day is in its period"),
                    first: index_u32(lines.len()),
                });
            }
            append_line(lines, row);
            last = Some(row);
        }
    }
}

/// A digest of all a line says, however it is written.
fn content(batch: &Evaluated, layout: &Layout, line: &[u64], row: usize) -> u64 {
    let mut content = blake3::Hasher::new();
    let [high, low] = batch.orders[row];
    let micros = batch.instants.micros[row].cast_unsigned();
    let values = (0..layout.values).map(|index| layout.value(line, index).cast_unsigned());
    for word in [line[META], batch.keys[row], micros, high, low].into_iter().chain(values) {
        content.update(&word.to_le_bytes());
    }
    let content = content.finalize();
    u64::from_le_bytes(content.as_bytes()[..8].try_into().expect("eight bytes of a digest"))
}

/// A row's place in one word: file, row group and row.
fn place(task: Task, row: u64) -> u64 {
    (task.file as u64) << 48 | (task.row_group as u64 & 0xffff) << 32 | row & 0xffff_ffff
}

/// File, row group and row of a place.
pub(crate) fn place_parts(place: u64) -> (usize, u64, u64) {
    (usize::try_from(place >> 48).expect("16 bits"), place >> 32 & 0xffff, place & 0xffff_ffff)
}
