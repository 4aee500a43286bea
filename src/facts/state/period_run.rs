//! Joins the reduced key ranges of a period and keeps them: one state file per grain, sorted by customer.

use super::instants;
use super::packed::differences;
use super::record::StateFile;
use super::state_file::{Kept, Lists};
use crate::error::Result;
use crate::facts::inputs::intern::Interner;
use crate::facts::kernel::column::Column;
use crate::facts::kernel::days::{DAY_COLUMNS, Days};
use crate::facts::kernel::measures::{GROUP_MEASURES, MEASURES};
use crate::facts::kernel::record::{UNIDENTIFIED, word_key};
use crate::facts::kernel::reduced::Reduced;
use crate::pipeline::KeyType;
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::datatypes::Int64Type;
use std::path::Path;
use std::sync::Arc;

/// Customers' keys in order: texts, or the differences between integers. Rows past their end are of no known customer.
const CUSTOMER: &str = "customer";
/// How many rows of the period's customer run lie between an entry's customer and that of the entry before: a byte where
/// the row itself would take four.
pub(crate) const STEP: &str = "step";
/// Code of a product group: its place among the names.
pub(crate) const GROUP: &str = "group";
/// What the names of the product groups are noted as: a JSON list, sorted.
pub(crate) const GROUP_NAMES: &str = "groups";
/// Differences between the words of orders' keys.
pub(crate) const ORDER_WORDS: [&str; 2] = ["order", "order_low"];

/// The files of a period.
pub(crate) struct PeriodFiles {
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
) -> Result<PeriodFiles> {
    let mut keys = Vec::new();
    let mut bases = Vec::with_capacity(ranges.len());
    for range in ranges {
        bases.push(u32::try_from(keys.len()).expect("a period has fewer than 2³² customers"));
        keys.extend_from_slice(&range.keys);
    }
    let sorted = Sorted::new(&keys, key_type, customers);
    let ((customers, days), (products, orders)) = rayon::join(
        || (keep_customers(folder, ranges, &sorted), keep_days(folder, ranges, &bases, &sorted)),
        || {
            let products = keep_products(folder, ranges, &bases, &sorted, groups);
            (products, keep_orders(folder, ranges, &bases, &sorted))
        },
    );
    Ok(PeriodFiles {
        customers: customers?,
        products: products?,
        orders: orders?,
        days: days?,
        ids: sorted.ids,
    })
}

fn pack_ids(lists: &mut Lists, ids: &ArrayRef) {
    let known = ids.len() - ids.null_count();
    match ids.as_primitive_opt::<Int64Type>() {
        Some(keys) => {
            let keys = keys.values()[..known].iter().copied();
            lists.pack_differences(CUSTOMER, keys.clone().next(), std::iter::once(keys));
        }
        None => lists.add(CUSTOMER, ids.slice(0, known)),
    }
}

/// The keys of the customers of a run, as they were when it was made.
pub(crate) fn read_ids(folder: &Path, run: &StateFile, key_type: KeyType) -> Result<ArrayRef> {
    let kept = Kept::read_one(folder, run, CUSTOMER)?;
    let missing = |known: usize| usize::try_from(run.rows).unwrap_or(known).saturating_sub(known);
    Ok(match key_type {
        KeyType::Int => {
            let keys = kept.sums(CUSTOMER);
            let missing = missing(keys.len());
            Arc::new(keys.into_iter().map(Some).chain(vec![None; missing]).collect::<Int64Array>())
        }
        KeyType::Text => {
            let keys = kept.list(CUSTOMER);
            let keys = keys.as_string::<i32>();
            Arc::new(keys.iter().chain(vec![None; missing(keys.len())]).collect::<StringArray>())
        }
    })
}

fn pack_instants(lists: &mut Lists, ranges: &[Reduced], order: Option<&[u32]>) {
    let parts: Vec<&[[i64; 2]]> = ranges.iter().map(|range| &range.instants[..]).collect();
    let Some(order) = order else { return instants::pack(lists, &parts) };
    let instants = parts.concat();
    instants::pack(lists, &[&order.iter().map(|row| instants[*row as usize]).collect::<Vec<_>>()]);
}

fn keep_customers(folder: &Path, ranges: &[Reduced], sorted: &Sorted) -> Result<StateFile> {
    let mut lists = Lists::of(sorted.ids.len());
    pack_ids(&mut lists, &sorted.ids);
    let mut pack = |name: &str, of: &dyn Fn(&Reduced) -> &Column| {
        let parts: Vec<&Column> = ranges.iter().map(of).collect();
        pack_in_order(&mut lists, name, &parts, sorted.order.as_deref());
    };
    for (index, name) in MEASURES.iter().enumerate() {
        pack(name, &|range| &range.measures[index]);
    }
    pack("orders", &|range| &range.orders);
    pack("active_days", &|range| &range.active_days);
    for index in 0..ranges.first().map_or(0, |range| range.aggregates.len()) {
        pack(&aggregate_column(index), &|range| &range.aggregates[index]);
    }
    pack_instants(&mut lists, ranges, sorted.order.as_deref());
    lists.write(folder)
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
    ) -> (Vec<Column>, Option<Vec<u32>>) {
        let Some(place) = &self.place else {
            let mut last = 0;
            let step = |(rows, base): (&[u32], &u32)| {
                differences(rows.iter().map(|row| i64::from(base + row)), &mut last)
            };
            return (ranges.zip(bases).map(step).collect(), None);
        };
        let rows: Vec<u32> = ranges
            .zip(bases)
            .flat_map(|(rows, base)| rows.iter().map(move |row| place[(base + row) as usize]))
            .collect();
        let mut order: Vec<u32> = (0..u32::try_from(rows.len()).expect("fewer than 2³² entries")).collect();
        order.sort_by_key(|entry| rows[*entry as usize]);
        let sorted = order.iter().map(|entry| i64::from(rows[*entry as usize]));
        (vec![differences(sorted, &mut 0)], Some(order))
    }
}

/// Packs one column over all ranges, in the order given; as it stands without one.
fn pack_in_order(lists: &mut Lists, name: &str, parts: &[&Column], order: Option<&[u32]>) {
    let Some(order) = order else { return lists.pack(name, parts) };
    let joined = parts.iter().map(|part| part.widened()).collect::<Vec<_>>().concat();
    lists.pack(name, &[&order.iter().map(|row| joined[*row as usize]).collect::<Vec<_>>().into()]);
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
    let mut lists = Lists::of(ranges.iter().map(|range| range.cells.rows.len()).sum());
    lists.pack(STEP, &steps.iter().collect::<Vec<_>>());
    let codes = |range: &Reduced| {
        let codes = range.cells.groups.iter().map(|group| i64::from(code_of[*group as usize]));
        Column::from(codes.collect::<Vec<_>>())
    };
    let codes: Vec<Column> = ranges.iter().map(codes).collect();
    pack_in_order(&mut lists, GROUP, &codes.iter().collect::<Vec<_>>(), order.as_deref());
    lists.note(GROUP_NAMES, serde_json::to_string(&names).expect("texts are JSON"));
    let measures = ranges.iter().map(|range| range.cells.measures.len()).max().unwrap_or(0);
    for index in 0..measures {
        let parts: Vec<&Column> = ranges.iter().map(|range| &range.cells.measures[index]).collect();
        pack_in_order(&mut lists, &cell_column(index), &parts, order.as_deref());
    }
    lists.write(folder)
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
    let mut lists = Lists::of(ranges.iter().map(|range| range.order_keys.rows.len()).sum());
    lists.pack(STEP, &steps.iter().collect::<Vec<_>>());
    let order = order.as_deref();
    // The high word of an integer key goes back to the integer, so that keys that lie close together stay small.
    pack_words(&mut lists, ORDER_WORDS[0], ranges, order, |[high, _]| word_key(*high));
    pack_words(&mut lists, ORDER_WORDS[1], ranges, order, |[_, low]| low.cast_signed());
    lists.write(folder)
}

fn pack_words(
    lists: &mut Lists,
    name: &str,
    ranges: &[Reduced],
    order: Option<&[u32]>,
    word: impl Fn(&[u64; 2]) -> i64,
) {
    let parts = ranges.iter().map(|range| range.order_keys.words.iter().map(&word));
    match order {
        None => {
            let first = parts.clone().flatten().next();
            lists.pack_differences(name, first, parts);
        }
        Some(order) => {
            let words: Vec<i64> = parts.flatten().collect();
            let words = order.iter().map(|entry| words[*entry as usize]);
            lists.pack_differences(name, words.clone().next(), std::iter::once(words));
        }
    }
}

/// Keeps the days, if the ranges have them.
fn keep_days(folder: &Path, ranges: &[Reduced], bases: &[u32], sorted: &Sorted) -> Result<Option<StateFile>> {
    let days: Option<Vec<&Days>> = ranges.iter().map(|range| range.days.as_ref()).collect();
    let Some(days) = days else { return Ok(None) };
    let (steps, order) = sorted.steps(days.iter().map(|days| &days.rows[..]), bases);
    let mut lists = Lists::of(days.iter().map(|days| days.rows.len()).sum());
    lists.pack(STEP, &steps.iter().collect::<Vec<_>>());
    for (index, name) in DAY_COLUMNS.iter().enumerate() {
        let parts: Vec<&Column> = days.iter().map(|days| &days.columns[index]).collect();
        pack_in_order(&mut lists, name, &parts, order.as_deref());
    }
    lists.write(folder).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_as_they_were_and_rows_past_them_are_of_nobody_known() {
        let ints = |keys: &[Option<i64>]| Arc::new(keys.iter().copied().collect::<Int64Array>()) as ArrayRef;
        let texts =
            |keys: &[Option<&str>]| Arc::new(keys.iter().copied().collect::<StringArray>()) as ArrayRef;
        let folder = tempfile::tempdir().unwrap();
        for (key_type, ids) in [
            (KeyType::Int, ints(&[Some(i64::MIN), Some(-1), Some(7), Some(i64::MAX - 1), None])),
            (KeyType::Int, ints(&[Some(5_000_000_001), Some(5_000_000_002), Some(5_000_000_300)])),
            (KeyType::Int, ints(&[None])),
            (KeyType::Text, texts(&[Some(""), Some("Zoë"), Some("a"), None])),
            (KeyType::Text, texts(&[Some("a")])),
            (KeyType::Text, texts(&[None])),
        ] {
            let mut lists = Lists::of(ids.len());
            pack_ids(&mut lists, &ids);
            let run = lists.write(folder.path()).unwrap();
            assert_eq!(&read_ids(folder.path(), &run, key_type).unwrap(), &ids);
        }
    }
}
