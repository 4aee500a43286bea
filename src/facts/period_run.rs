//! Joins the reduced key ranges of a period and keeps them: one state file per grain, sorted by customer.

use super::column::Column;
use super::days::{DAY_COLUMNS, Days};
use super::intern::Interner;
use super::measures::GROUP_MEASURES;
use super::record::{UNIDENTIFIED, word_key};
use super::reduced::{MEASURES, Reduced};
use super::state::{StateFile, narrow, write};
use crate::error::Result;
use crate::pipeline::KeyType;
use arrow::array::{ArrayRef, Int64Array, StringArray};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Name of the key column.
pub(crate) const CUSTOMER: &str = "customer";
/// How many rows of the period's customer run lie between an entry's customer and that of the entry before: a byte where
/// the row itself would take four.
pub(crate) const STEP: &str = "step";
/// Code of a product group; the names stand in the file's metadata.
pub(crate) const GROUP: &str = "group";
/// Metadata key of the group names, a JSON list.
pub(crate) const GROUP_NAMES: &str = "groups";
/// Columns of an order run.
pub(crate) const ORDER_WORDS: [&str; 2] = ["order", "order_low"];

/// The files of a period.
pub(crate) struct Kept {
    /// The customers' keys, in order.
    pub(crate) ids: ArrayRef,
    pub(crate) customers: StateFile,
    pub(crate) products: StateFile,
    pub(crate) orders: StateFile,
    pub(crate) days: Option<StateFile>,
}

/// Keeps the reduced ranges of one period.
pub(crate) fn keep(
    folder: &Path,
    ranges: &[Reduced],
    key_type: KeyType,
    customers: &Interner,
    groups: &Interner,
) -> Result<Kept> {
    let mut keys = Vec::new();
    let mut bases = Vec::with_capacity(ranges.len());
    for range in ranges {
        bases.push(u32::try_from(keys.len()).expect("a period has fewer than 2³² customers"));
        keys.extend_from_slice(&range.keys);
    }
    let sorted = Sorted::new(&keys, key_type, customers);
    let aggregate_count = ranges.first().map_or(0, |range| range.aggregates.len());
    let mut columns = vec![(CUSTOMER.to_owned(), sorted.ids.clone())];
    let mut add = |name: String, of: &dyn Fn(&Reduced) -> &Column| {
        let parts: Vec<&Column> = ranges.iter().map(of).collect();
        columns.push((name, in_order(&parts, sorted.order.as_deref())));
    };
    for (index, name) in MEASURES.iter().enumerate() {
        add((*name).to_owned(), &|range| &range.measures[index]);
    }
    add("orders".to_owned(), &|range| &range.orders);
    add("active_days".to_owned(), &|range| &range.active_days);
    for index in 0..aggregate_count {
        add(aggregate_column(index), &|range| &range.aggregates[index]);
    }
    let ((customers, days), (products, orders)) = rayon::join(
        || (write(folder, columns, HashMap::new()), keep_days(folder, ranges, &bases, &sorted)),
        || {
            let products = keep_products(folder, ranges, &bases, &sorted, groups);
            (products, keep_orders(folder, ranges, &bases, &sorted))
        },
    );
    Ok(Kept { customers: customers?, products: products?, orders: orders?, days: days?, ids: sorted.ids })
}

/// Name of an aggregate's column.
pub(crate) fn aggregate_column(index: usize) -> String {
    format!("aggregate_{index}")
}

/// Name of a column of customer × product group: a measure, or one of the aggregates that lines add up to.
fn cell_column(index: usize) -> String {
    match index.checked_sub(GROUP_MEASURES) {
        None => MEASURES[index].to_owned(),
        Some(line_aggregate) => aggregate_column(line_aggregate),
    }
}

/// The order of a period's customers: integer ranges are already in order, text is sorted bytewise.
struct Sorted {
    ids: ArrayRef,
    /// Source rows in target order; `None` when they already stand so.
    order: Option<Vec<u32>>,
    /// Target row of each source row.
    place: Option<Vec<u32>>,
}

impl Sorted {
    fn new(keys: &[u64], key_type: KeyType, customers: &Interner) -> Self {
        if key_type == KeyType::Int {
            debug_assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
            let id = |word: &u64| (*word != UNIDENTIFIED).then(|| word_key(*word));
            return Self {
                ids: Arc::new(keys.iter().map(id).collect::<Int64Array>()),
                order: None,
                place: None,
            };
        }
        let known = |word: &u64| u32::try_from(*word).ok();
        let numbers: Vec<u32> = keys.iter().filter_map(known).collect();
        let mut texts = customers.resolve(&numbers).into_iter();
        let texts: Vec<Option<String>> =
            keys.iter().map(|key| known(key).and_then(|_| texts.next())).collect();
        let mut order: Vec<u32> = (0..u32::try_from(keys.len()).expect("fewer than 2³² customers")).collect();
        // None, the unidentified cost object, goes last.
        order.sort_unstable_by_key(|row| {
            let text = texts[*row as usize].as_deref();
            (text.is_none(), text)
        });
        let mut place = vec![0; order.len()];
        for (target, source) in (0_u32..).zip(&order) {
            place[*source as usize] = target;
        }
        let ids = order.iter().map(|row| texts[*row as usize].as_deref()).collect::<StringArray>();
        Self { ids: Arc::new(ids), order: Some(order), place: Some(place) }
    }

    /// The steps between the rows that entries of all ranges belong to, and the order of the entries unless they stand in it.
    ///
    /// A range's entries are in order by row, and stay as they are within a row.
    fn steps<'r>(
        &self,
        ranges: impl Iterator<Item = &'r [u32]>,
        bases: &[u32],
    ) -> (ArrayRef, Option<Vec<u32>>) {
        let Some(place) = &self.place else {
            let mut last = 0;
            let column = |(rows, base): (&[u32], &u32)| {
                Column::from(steps(rows.iter().map(|row| base + row), &mut last).collect::<Vec<_>>())
            };
            let columns: Vec<Column> = ranges.zip(bases).map(column).collect();
            return (Column::joined(&columns.iter().collect::<Vec<_>>()), None);
        };
        let rows: Vec<u32> = ranges
            .zip(bases)
            .flat_map(|(rows, base)| rows.iter().map(move |row| place[(base + row) as usize]))
            .collect();
        let mut order: Vec<u32> = (0..u32::try_from(rows.len()).expect("fewer than 2³² entries")).collect();
        order.sort_by_key(|entry| rows[*entry as usize]);
        let sorted = order.iter().map(|entry| rows[*entry as usize]);
        (narrow(steps(sorted, &mut 0).collect()), Some(order))
    }
}

/// Ascending rows as the steps between them.
fn steps(rows: impl Iterator<Item = u32>, last: &mut u32) -> impl Iterator<Item = i64> {
    rows.map(move |row| i64::from(row - std::mem::replace(last, row)))
}

/// The rows that steps lead to.
pub(crate) fn rows_of(steps: Vec<i64>) -> impl Iterator<Item = usize> {
    steps.into_iter().scan(0, |row, step| {
        *row += usize::try_from(step).expect("rows ascend");
        Some(*row)
    })
}

/// One column over all ranges, in the order given; as it stands without one.
fn in_order(parts: &[&Column], order: Option<&[u32]>) -> ArrayRef {
    let Some(order) = order else { return Column::joined(parts) };
    let joined = parts.iter().map(|part| part.widened()).collect::<Vec<_>>().concat();
    narrow(order.iter().map(|row| joined[*row as usize]).collect())
}

fn keep_products(
    folder: &Path,
    ranges: &[Reduced],
    bases: &[u32],
    sorted: &Sorted,
    groups: &Interner,
) -> Result<StateFile> {
    let (code_of, names) = group_codes(ranges, groups);
    let (steps, order) = sorted.steps(ranges.iter().map(|range| &range.cells.rows[..]), bases);
    let codes = ranges.iter().map(|range| {
        let codes = range.cells.groups.iter().map(|group| i64::from(code_of[*group as usize]));
        Column::from(codes.collect::<Vec<_>>())
    });
    let codes: Vec<Column> = codes.collect();
    let codes = in_order(&codes.iter().collect::<Vec<_>>(), order.as_deref());
    let mut columns = vec![(STEP.to_owned(), steps), (GROUP.to_owned(), codes)];
    let measures = ranges.iter().map(|range| range.cells.measures.len()).max().unwrap_or(0);
    for index in 0..measures {
        let parts: Vec<&Column> = ranges.iter().map(|range| &range.cells.measures[index]).collect();
        columns.push((cell_column(index), in_order(&parts, order.as_deref())));
    }
    let names = serde_json::to_string(&names).expect("texts are JSON");
    write(folder, columns, HashMap::from([(GROUP_NAMES.to_owned(), names)]))
}

/// The groups of a period by name, and by number of the group its place among them.
fn group_codes(ranges: &[Reduced], groups: &Interner) -> (Vec<u32>, Vec<String>) {
    let mut is_there = Vec::new();
    for group in ranges.iter().flat_map(|range| &range.cells.groups).map(|group| *group as usize) {
        if group >= is_there.len() {
            is_there.resize(group + 1, false);
        }
        is_there[group] = true;
    }
    let numbers: Vec<u32> =
        (0..).zip(&is_there).filter(|(_, there)| **there).map(|(number, _)| number).collect();
    let mut names: Vec<(String, u32)> =
        groups.resolve(&numbers).into_iter().zip(numbers.iter().copied()).collect();
    names.sort_unstable();
    let mut code_of = vec![0; is_there.len()];
    for (code, (_, number)) in (0..).zip(&names) {
        code_of[*number as usize] = code;
    }
    (code_of, names.into_iter().map(|(name, _)| name).collect())
}

fn keep_orders(folder: &Path, ranges: &[Reduced], bases: &[u32], sorted: &Sorted) -> Result<StateFile> {
    let (steps, order) = sorted.steps(ranges.iter().map(|range| &range.order_keys.rows[..]), bases);
    let word = |index: usize| {
        let column = |range: &Reduced| {
            let words = range.order_keys.words.iter().map(|words| signed(words[index], index));
            Column::from(words.collect::<Vec<_>>())
        };
        let columns: Vec<Column> = ranges.iter().map(column).collect();
        in_order(&columns.iter().collect::<Vec<_>>(), order.as_deref())
    };
    let columns = vec![
        (STEP.to_owned(), steps),
        (ORDER_WORDS[0].to_owned(), word(0)),
        (ORDER_WORDS[1].to_owned(), word(1)),
    ];
    write(folder, columns, HashMap::new())
}

/// Keeps the days, if the ranges have them.
fn keep_days(folder: &Path, ranges: &[Reduced], bases: &[u32], sorted: &Sorted) -> Result<Option<StateFile>> {
    let days: Option<Vec<&Days>> = ranges.iter().map(|range| range.days.as_ref()).collect();
    let Some(days) = days else { return Ok(None) };
    let (steps, order) = sorted.steps(days.iter().map(|days| &days.rows[..]), bases);
    let mut columns = vec![(STEP.to_owned(), steps)];
    for (index, name) in DAY_COLUMNS.iter().enumerate() {
        let parts: Vec<&Column> = days.iter().map(|days| &days.columns[index]).collect();
        columns.push(((*name).to_owned(), in_order(&parts, order.as_deref())));
    }
    write(folder, columns, HashMap::new()).map(Some)
}

/// The high word of an integer order key goes back to the integer, so that small keys take few bytes.
fn signed(word: u64, index: usize) -> i64 {
    if index == 0 { word_key(word) } else { word.cast_signed() }
}
