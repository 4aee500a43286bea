//! Writes evaluated rows as records into the key ranges of their periods.

use super::context::ScanContext;
use super::evaluate::{Evaluated, text_at};
use super::group_set::GroupSet;
use super::key_ranges::KeyRanges;
use super::order_texts::append_text;
use super::record::{Head, Layout, META, Part, Records};
use super::sums::index_u32;
use crate::facts::inputs::task::Task;
use crate::units::Day;
use hashbrown::HashMap;
use std::borrow::Cow;
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

    pub(crate) fn add(&mut self, task: Task, first_row: u64, batch: &Evaluated, used: &[u32]) {
        // Rows of a file mostly stand in time order, so a batch is a few stretches of one period each, and often just one.
        let days = &batch.instants.days;
        let day_of = |row: &u32| days[*row as usize];
        let (least, most) = batch.day_span;
        let mut rest = used;
        while let Some(first) = rest.first() {
            let number = self.context.periods.of_day(day_of(first));
            let period = self.context.periods.period(number);
            let within = period.start.0..period.end().0;
            let is_one = within.contains(&least) && within.contains(&most);
            let end = if is_one { None } else { rest.iter().position(|row| !within.contains(&day_of(row))) };
            let (rows, others) = rest.split_at(end.unwrap_or(rest.len()));
            if (self.context.wanted)(number) {
                self.add_rows(task, first_row, number, batch, rows);
            }
            rest = others;
        }
    }

    #[inline(never)] // on its own it is optimised better
    fn add_rows(&mut self, task: Task, first_row: u64, period: u16, batch: &Evaluated, rows: &[u32]) {
        let ranges = self.ranges.entry(period).or_insert_with(|| (self.context.ranges)(period, &batch.keys));
        let layout = Layout::of(&self.context.sources[self.source], batch.narrow);
        let records = self.records.entry((period, batch.narrow)).or_insert_with(|| {
            // A row group mostly holds one period, so its rows tell how long a range will get.
            let alone = rows.len() * 2 > batch.keys.len();
            let expected = if alone { self.expected_rows / ranges.len() * 3 / 2 } else { 0 };
            let part = || Part {
                heads: Vec::with_capacity(expected / 2),
                lines: Vec::with_capacity(expected * layout.words),
                texts: Vec::new(),
            };
            Records {
                source: self.source,
                layout,
                parts: (0..ranges.len()).map(|_| part()).collect(),
                groups: GroupSet::default(),
                members: GroupSet::default(),
                distinct: vec![vec![Vec::new(); ranges.len()]; batch.distinct.len()],
                last_day: Day::MIN,
            }
        });
        // Lines between companies are of no customer: nothing else of the period follows from them.
        let of_customers: Cow<'_, [u32]> = match &batch.eliminated {
            None => Cow::Borrowed(rows),
            Some(eliminated) => {
                Cow::Owned(rows.iter().copied().filter(|row| !eliminated.value(*row as usize)).collect())
            }
        };
        let last_day = of_customers.iter().map(|row| batch.instants.days[*row as usize]).max();
        records.last_day = records.last_day.max(last_day.map_or(Day::MIN, Day));
        let source = &self.context.sources[self.source];
        if source.sale.is_some() {
            of_customers.iter().for_each(|row| records.groups.insert(batch.meta[*row as usize].group()));
        }
        for members in &batch.columns[source.values.len()..][..source.dimensions().len()] {
            let number = |row: &u32| u32::try_from(members[*row as usize]).expect("members are few");
            of_customers.iter().for_each(|row| records.members.insert(number(row)));
        }
        for ((words, nulls), parts) in batch.distinct.iter().zip(&mut records.distinct) {
            let rows = of_customers.iter().map(|row| *row as usize);
            for row in rows.filter(|row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row))) {
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
                dealer.deal(rows, parts, |lines, row| {
                    lines.extend_from_slice(&[meta[row].0, first[row], second[row]])
                });
            }
            (values, None) => dealer.deal(rows, parts, |lines, row| {
                lines.push(meta[row].0);
                lines.extend(values.iter().map(|values| values[row]));
            }),
            (values, Some(_)) => dealer.deal(rows, parts, |lines, row| {
                let start = lines.len();
                lines.push(meta[row].0);
                lines.extend(values.iter().map(|values| values[row]));
                let content = content(batch, &layout, &lines[start..], row);
                lines.extend(batch.identities[row]);
                lines.extend([content, place(task, first_row + row as u64)]);
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
    fn deal(&self, rows: &[u32], parts: &mut [Part], append_line: impl Fn(&mut Vec<u64>, usize)) {
        let Evaluated { keys, orders, order_keys, instants, .. } = self.batch;
        let share_head = |a: &u32, b: &u32| {
            let (a, b) = (*a as usize, *b as usize);
            keys[a] == keys[b]
                && (orders.is_empty() || orders[a] == orders[b] && instants.micros[a] == instants.micros[b])
        };
        for rows in rows.chunk_by(share_head) {
            let row = rows[0] as usize;
            let key = keys[row];
            let Part { heads, lines, texts } = &mut parts[self.ranges.of(key)];
            if let Some(text) = order_keys.as_ref().and_then(|keys| text_at(keys, row)) {
                append_text(texts, orders[row], text);
            }
            let day = u32::try_from(instants.days[row] - self.start_day);
            heads.push(Head {
                key,
                order: orders.get(row).copied().unwrap_or_default(),
                micros: instants.micros[row],
                day: day.expect("a row's day is in its period"),
                first: index_u32(lines.len()),
            });
            rows.iter().for_each(|row| append_line(lines, *row as usize));
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
