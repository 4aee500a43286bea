//! Keeps the reduced key ranges of a period: one state file per grain, sorted by customer, in chunks of as many customers.
//!
//! Chunks of the same number hold the same customers in every grain, so a range of customers is read without the rest.

use super::instants;
use super::packed::differences;
use super::record::StateFile;
use super::state_file::{Chunk, Kept, Lists, write};
use super::text_order::in_text_order;
use crate::error::{Error, Result};
use crate::facts::inputs::intern::Interner;
use crate::facts::kernel::column::{Column, Part};
use crate::facts::kernel::days::{DAY_COLUMNS, Days};
use crate::facts::kernel::measures::{GROUP_MEASURES, MEASURES};
use crate::facts::kernel::record::{UNIDENTIFIED, word_key};
use crate::facts::kernel::reduced::Reduced;
use crate::pipeline::KeyType;
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, new_null_array};
use arrow::compute::concat;
use arrow::datatypes::Int64Type;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Customers of a chunk: few enough that a slice of the base reads little more than it needs, and enough that what an
/// Arrow stream takes for itself does not count.
pub(crate) const CHUNK_CUSTOMERS: usize = 1 << 14;

/// Customers' keys in order: texts, or the differences between integers. A row past their end is of no known customer.
const CUSTOMER: &str = "customer";
/// How many rows of the chunk's customers lie between an entry's customer and that of the entry before: a byte where the
/// row itself would take four.
pub(crate) const STEP: &str = "step";
/// Code of a product group: its place among the names.
pub(crate) const GROUP: &str = "group";
/// What the names of the product groups are noted as: a JSON list, sorted.
pub(crate) const GROUP_NAMES: &str = "groups";
/// Differences between the words of orders' keys.
pub(crate) const ORDER_WORDS: [&str; 2] = ["order", "order_low"];

/// The files of a period.
pub(crate) struct PeriodFiles {
    pub(crate) keys: StateFile,
    pub(crate) customers: StateFile,
    pub(crate) products: StateFile,
    pub(crate) orders: StateFile,
    pub(crate) days: Option<StateFile>,
}

/// Keeps the reduced ranges of one period.
///
/// # Errors
/// A folder that cannot be written to.
pub(crate) fn keep(
    folder: &Path,
    ranges: Vec<Reduced>,
    key_type: KeyType,
    customers: &Interner,
    groups: &Interner,
) -> Result<PeriodFiles> {
    let (ids, ranges) = match key_type {
        KeyType::Int => (integer_ids(&ranges), ranges),
        KeyType::Text => in_text_order(ranges, customers),
    };
    let run = Run::new(ids, &ranges);
    let ((keys, customers, days), (products, orders)) = rayon::join(
        || (keep_keys(folder, &run), keep_customers(folder, &run), keep_days(folder, &run)),
        || (keep_products(folder, &run, groups), keep_orders(folder, &run)),
    );
    Ok(PeriodFiles { keys: keys?, customers: customers?, products: products?, orders: orders?, days: days? })
}

/// Integer keys, whose ranges are in order already; null for the unidentified cost object, which is last.
fn integer_ids(ranges: &[Reduced]) -> ArrayRef {
    let keys = ranges.iter().flat_map(|range| &range.keys);
    let id = |word: &u64| (*word != UNIDENTIFIED).then(|| word_key(*word));
    let ids: Int64Array = keys.map(id).collect();
    debug_assert!(ids.values().windows(2).all(|pair| pair[0] < pair[1] || pair[1] == 0));
    Arc::new(ids)
}

/// The customers of a period in order, and the ranges that they lie in.
struct Run<'r> {
    ids: ArrayRef,
    ranges: &'r [Reduced],
    /// The first row of each range, and the end of the last.
    bounds: Vec<usize>,
}

/// The part of a chunk that lies in one range.
struct Piece<'r> {
    range: &'r Reduced,
    /// Rows of the range.
    rows: Range<usize>,
    /// Where in the chunk the first of them comes.
    place: usize,
}

impl<'r> Run<'r> {
    fn new(ids: ArrayRef, ranges: &'r [Reduced]) -> Self {
        let mut bounds = vec![0];
        for range in ranges {
            bounds.push(bounds[bounds.len() - 1] + range.instants.len());
        }
        Self { ids, ranges, bounds }
    }

    fn customers(&self) -> usize {
        self.ids.len()
    }

    /// At least one, so that every file says of which kind its lists are.
    fn chunks(&self) -> usize {
        self.customers().div_ceil(CHUNK_CUSTOMERS).max(1)
    }

    fn rows(&self, chunk: usize) -> Range<usize> {
        let first = chunk * CHUNK_CUSTOMERS;
        first..self.customers().min(first + CHUNK_CUSTOMERS)
    }

    fn pieces(&self, chunk: usize) -> Vec<Piece<'r>> {
        let rows = self.rows(chunk);
        let mut pieces = Vec::new();
        for (range, bounds) in self.ranges.iter().zip(self.bounds.windows(2)) {
            let (start, end) = (rows.start.max(bounds[0]), rows.end.min(bounds[1]));
            if start < end {
                let rows_of_range = start - bounds[0]..end - bounds[0];
                pieces.push(Piece { range, rows: rows_of_range, place: start - rows.start });
            }
        }
        pieces
    }
}

impl Piece<'_> {
    /// The entries of the piece's customers, of which `rows` has the row of each entry of the range, ascending.
    fn entries(&self, rows: &[u32]) -> Range<usize> {
        let bound = |row: usize| rows.partition_point(|known| (*known as usize) < row);
        bound(self.rows.start)..bound(self.rows.end)
    }

    /// Where in the chunk the customer of an entry comes.
    fn place_of(&self, row: u32) -> i64 {
        let place = row as usize - self.rows.start + self.place;
        i64::try_from(place).expect("a chunk has few rows")
    }
}

/// Adds the steps between the customers of entries; gives the entries of each piece.
fn pack_steps<'r>(
    lists: &mut Lists,
    pieces: &[Piece<'r>],
    rows_of: impl Fn(&'r Reduced) -> &'r [u32],
) -> Vec<Range<usize>> {
    let entries: Vec<Range<usize>> = pieces.iter().map(|piece| piece.entries(rows_of(piece.range))).collect();
    let mut places = Vec::with_capacity(entries.iter().map(Range::len).sum());
    for (piece, entries) in pieces.iter().zip(&entries) {
        let rows = &rows_of(piece.range)[entries.clone()];
        places.extend(rows.iter().map(|row| piece.place_of(*row)));
    }
    lists.pack(STEP, &[differences(places.into_iter(), &mut 0).all()]);
    entries
}

/// Adds a column of entries.
fn pack_entries<'r>(
    lists: &mut Lists,
    name: &str,
    pieces: &[Piece<'r>],
    entries: &[Range<usize>],
    column: impl Fn(&'r Reduced) -> &'r Column,
) {
    let parts = pieces.iter().zip(entries).map(|(piece, rows)| column(piece.range).part(rows.clone()));
    lists.pack(name, &parts.collect::<Vec<Part<'_>>>());
}

fn keep_keys(folder: &Path, run: &Run<'_>) -> Result<StateFile> {
    let known = run.customers() - run.ids.null_count();
    write(folder, run.customers(), run.chunks(), BTreeMap::new(), |chunk| {
        let mut lists = Lists::default();
        let rows = run.rows(chunk);
        let rows = rows.start.min(known)..rows.end.min(known);
        match run.ids.as_primitive_opt::<Int64Type>() {
            Some(keys) => lists.pack_differences(CUSTOMER, keys.values()[rows].iter().copied()),
            None => lists.add(CUSTOMER, run.ids.slice(rows.start, rows.len())),
        }
        lists
    })
}

/// The known keys of a chunk, ascending.
fn keys_of(chunk: &Chunk, key_type: KeyType) -> ArrayRef {
    match key_type {
        KeyType::Int => Arc::new(Int64Array::from(chunk.sums(CUSTOMER))),
        KeyType::Text => chunk.list(CUSTOMER),
    }
}

/// The keys of the customers of a run, as they were when it was made; null for the unidentified cost object.
///
/// # Errors
/// Kept state that cannot be read.
pub(crate) fn read_ids(folder: &Path, keys: &StateFile, key_type: KeyType) -> Result<ArrayRef> {
    let kept = Kept::open(folder, keys)?;
    let chunks = (0..kept.chunks()).map(|number| kept.chunk(number).map(|chunk| keys_of(&chunk, key_type)));
    let mut parts = chunks.collect::<Result<Vec<ArrayRef>>>()?;
    let known: usize = parts.iter().map(Array::len).sum();
    let missing = usize::try_from(keys.rows).unwrap_or(known).saturating_sub(known);
    parts.push(new_null_array(parts[0].data_type(), missing));
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    concat(&parts).map_err(|fault| Error::internal(format!("keys of kept state: {fault}")))
}

fn keep_customers(folder: &Path, run: &Run<'_>) -> Result<StateFile> {
    let aggregates = run.ranges.first().map_or(0, |range| range.aggregates.len());
    write(folder, run.customers(), run.chunks(), BTreeMap::new(), |chunk| {
        let mut lists = Lists::default();
        let pieces = run.pieces(chunk);
        let rows: Vec<Range<usize>> = pieces.iter().map(|piece| piece.rows.clone()).collect();
        for (index, name) in MEASURES.iter().enumerate() {
            pack_entries(&mut lists, name, &pieces, &rows, |range| &range.measures[index]);
        }
        pack_entries(&mut lists, "orders", &pieces, &rows, |range| &range.orders);
        pack_entries(&mut lists, "active_days", &pieces, &rows, |range| &range.active_days);
        for index in 0..aggregates {
            let name = aggregate_column(index);
            pack_entries(&mut lists, &name, &pieces, &rows, |range| &range.aggregates[index]);
        }
        let instants = pieces.iter().map(|piece| &piece.range.instants[piece.rows.clone()]);
        instants::pack(&mut lists, &instants.collect::<Vec<_>>());
        lists
    })
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

fn keep_products(folder: &Path, run: &Run<'_>, groups: &Interner) -> Result<StateFile> {
    let (code_of, names) = group_codes(run.ranges, groups);
    let names = serde_json::to_string(&names).expect("texts are JSON");
    let notes = BTreeMap::from([(GROUP_NAMES.to_owned(), names)]);
    let rows = run.ranges.iter().map(|range| range.cells.rows.len()).sum();
    let measures = run.ranges.iter().map(|range| range.cells.measures.len()).max().unwrap_or(0);
    write(folder, rows, run.chunks(), notes, |chunk| {
        let mut lists = Lists::default();
        let pieces = run.pieces(chunk);
        let entries = pack_steps(&mut lists, &pieces, |range| &range.cells.rows);
        let mut codes = Vec::with_capacity(entries.iter().map(Range::len).sum());
        for (piece, entries) in pieces.iter().zip(&entries) {
            let groups = &piece.range.cells.groups[entries.clone()];
            codes.extend(groups.iter().map(|group| i64::from(code_of[*group as usize])));
        }
        lists.pack(GROUP, &[Column::from(codes).all()]);
        for index in 0..measures {
            let name = cell_column(index);
            pack_entries(&mut lists, &name, &pieces, &entries, |range| &range.cells.measures[index]);
        }
        lists
    })
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

fn keep_orders(folder: &Path, run: &Run<'_>) -> Result<StateFile> {
    let rows = run.ranges.iter().map(|range| range.order_keys.rows.len()).sum();
    write(folder, rows, run.chunks(), BTreeMap::new(), |chunk| {
        let mut lists = Lists::default();
        let pieces = run.pieces(chunk);
        let entries = pack_steps(&mut lists, &pieces, |range| &range.order_keys.rows);
        let words: Vec<&[[u64; 2]]> = pieces
            .iter()
            .zip(&entries)
            .map(|(piece, entries)| &piece.range.order_keys.words[entries.clone()])
            .collect();
        let words = || words.iter().copied().flatten();
        // The high word of an integer key goes back to the integer, so that keys that lie close together stay small.
        lists.pack_differences(ORDER_WORDS[0], words().map(|[high, _]| word_key(*high)));
        lists.pack_differences(ORDER_WORDS[1], words().map(|[_, low]| low.cast_signed()));
        lists
    })
}

/// Keeps the days, if the ranges have them.
fn keep_days(folder: &Path, run: &Run<'_>) -> Result<Option<StateFile>> {
    fn days(range: &Reduced) -> &Days {
        range.days.as_ref().expect("either all ranges have days or none")
    }
    if run.ranges.iter().any(|range| range.days.is_none()) {
        return Ok(None);
    }
    let rows = run.ranges.iter().map(|range| days(range).rows.len()).sum();
    let file = write(folder, rows, run.chunks(), BTreeMap::new(), |chunk| {
        let mut lists = Lists::default();
        let pieces = run.pieces(chunk);
        let entries = pack_steps(&mut lists, &pieces, |range| &days(range).rows);
        for (index, name) in DAY_COLUMNS.iter().enumerate() {
            pack_entries(&mut lists, name, &pieces, &entries, |range| &days(range).columns[index]);
        }
        lists
    });
    file.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::kernel::record::key_word;
    use arrow::array::StringArray;

    fn texts(keys: &[Option<&str>]) -> ArrayRef {
        Arc::new(keys.iter().copied().collect::<StringArray>())
    }

    fn ints(keys: &[Option<i64>]) -> ArrayRef {
        Arc::new(keys.iter().copied().collect::<Int64Array>())
    }

    #[test]
    fn keys_read_back_as_they_were_and_the_unidentified_cost_object_is_null() {
        let folder = tempfile::tempdir().unwrap();
        let many: Vec<Option<i64>> = (0..40_000).map(|key| Some(key * 3)).chain([None]).collect();
        for (key_type, ids) in [
            (KeyType::Int, ints(&[Some(i64::MIN), Some(-1), Some(7), Some(i64::MAX - 1), None])),
            (KeyType::Int, ints(&[Some(5_000_000_001), Some(5_000_000_002), Some(5_000_000_300)])),
            (KeyType::Int, ints(&[None])),
            (KeyType::Int, ints(&many)),
            (KeyType::Text, texts(&[Some(""), Some("Zoë"), Some("a"), None])),
            (KeyType::Text, texts(&[Some("a")])),
            (KeyType::Text, texts(&[None])),
        ] {
            let run = Run::new(ids.clone(), &[]);
            let keys = keep_keys(folder.path(), &run).unwrap();
            assert_eq!(&read_ids(folder.path(), &keys, key_type).unwrap(), &ids);
        }
    }

    /// Customers 0 to `customers`, each with its key in every measure, so that rows tell where they came from.
    fn reduced(customers: Range<i64>) -> Reduced {
        let column = || Column::from(customers.clone().collect::<Vec<i64>>());
        Reduced {
            keys: customers.clone().map(key_word).collect(),
            measures: MEASURES.iter().map(|_| column()).collect(),
            instants: customers.clone().map(|_| [crate::facts::schema::NO_INSTANT; 2]).collect(),
            orders: column(),
            active_days: column(),
            ..Reduced::default()
        }
    }

    #[test]
    fn bytes_follow_from_the_rows_and_not_from_the_ranges() {
        let folder = tempfile::tempdir().unwrap();
        let interner = Interner::new();
        let make = |bounds: &[i64]| {
            let ranges = bounds.windows(2).map(|pair| reduced(pair[0]..pair[1])).collect();
            keep(folder.path(), ranges, KeyType::Int, &interner, &interner).unwrap()
        };
        let whole = make(&[0, 50_000]);
        for bounds in [&[0, 1, 16_384, 50_000][..], &[0, 30_000, 30_001, 40_000, 50_000]] {
            let cut = make(bounds);
            assert_eq!((cut.keys, cut.customers), (whole.keys.clone(), whole.customers.clone()));
        }
        let kept = Kept::open(folder.path(), &whole.customers).unwrap();
        assert_eq!(kept.chunks(), 4);
        let mut rows = Vec::new();
        kept.chunk(3).unwrap().append("orders", 1..3, &mut rows);
        assert_eq!(rows, [3 * 16_384 + 1, 3 * 16_384 + 2]);
    }
}
