//! The files of a period: one per grain, sorted by customer, in chunks of as many customers.
//!
//! Chunks of the same number hold the same customers in every grain, so a range of customers is read without the rest.

use super::instants;
use super::packed::differences;
use super::record::StateFile;
use super::state_file::{Chunk, Kept, Lists};
use crate::error::{Error, Result};
use crate::facts::inputs::intern::Interner;
use crate::facts::kernel::column::{Column, Part};
use crate::facts::kernel::days::{DAY_COLUMNS, Days};
use crate::facts::kernel::group_set::GroupSet;
use crate::facts::kernel::measures::{GROUP_MEASURES, MEASURES};
use crate::facts::kernel::orders::ORDER_MEASURES;
use crate::facts::kernel::record::{UNIDENTIFIED, word_key};
use crate::facts::kernel::reduced::Reduced;
use crate::pipeline::KeyType;
use arrow::array::{Array, ArrayRef, Int64Array, StringArray, new_null_array};
use arrow::compute::concat;
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
/// What the names of members of dimensions are noted as, likewise.
pub(crate) const MEMBER_NAMES: &str = "members";
/// Texts of orders' keys, where they are kept.
pub(crate) const ORDER_TEXT: &str = "order_text";
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

/// A file of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grain {
    Keys,
    Customers,
    Products,
    Orders,
    /// Where days are wanted.
    Days,
}

/// The rows of a chunk.
pub(crate) struct Rows<'r> {
    pub(crate) pieces: Vec<Piece<'r>>,
    /// Their known keys, where keys are texts.
    pub(crate) texts: Option<ArrayRef>,
}

/// The part of a chunk that lies in one range.
pub(crate) struct Piece<'r> {
    pub(crate) range: &'r Reduced,
    /// Rows of the range.
    pub(crate) rows: Range<usize>,
    /// Where in the chunk the first of them comes.
    pub(crate) place: usize,
}

/// The product groups, or the members of dimensions, of a period by name: a code is a place among them.
pub(crate) struct NameCodes {
    /// By number of the name.
    code_of: Vec<u32>,
    names: Vec<String>,
}

/// The codes of a period's files.
pub(crate) struct Codes {
    pub(crate) groups: NameCodes,
    pub(crate) members: NameCodes,
}

impl NameCodes {
    /// Of the names that a period has.
    pub(crate) fn of(present: &GroupSet, known: &Interner) -> Self {
        let numbers = present.numbers();
        let mut names: Vec<(String, u32)> =
            known.resolve(&numbers).into_iter().zip(numbers.iter().copied()).collect();
        names.sort_unstable();
        let mut code_of = vec![0; numbers.last().map_or(0, |last| *last as usize + 1)];
        for (code, (_, number)) in (0..).zip(&names) {
            code_of[*number as usize] = code;
        }
        Self { code_of, names: names.into_iter().map(|(name, _)| name).collect() }
    }

    /// The names as they are noted.
    pub(crate) fn names(&self) -> String {
        serde_json::to_string(&self.names).expect("texts are JSON")
    }
}

impl Grain {
    pub(crate) const ALL: [Self; 5] = [Self::Keys, Self::Customers, Self::Products, Self::Orders, Self::Days];

    /// How many rows of this grain a range has.
    pub(crate) fn rows_of(self, range: &Reduced) -> usize {
        match self {
            Self::Keys | Self::Customers => range.instants.len(),
            Self::Products => range.cells.rows.len(),
            Self::Orders => range.order_rows.rows.len(),
            Self::Days => days(range).rows.len(),
        }
    }

    /// The lists of a chunk.
    pub(crate) fn lists(self, rows: &Rows<'_>, codes: &Codes) -> Lists {
        match self {
            Self::Keys => keys(rows),
            Self::Customers => customers(&rows.pieces),
            Self::Products => products(&rows.pieces, &codes.groups),
            Self::Orders => orders(&rows.pieces, &codes.members),
            Self::Days => days_of(&rows.pieces),
        }
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

/// Adds a column of names, by code.
fn pack_codes<'r>(
    lists: &mut Lists,
    name: &str,
    pieces: &[Piece<'r>],
    entries: &[Range<usize>],
    codes: &NameCodes,
    numbers: impl Fn(&'r Reduced) -> &'r [u32],
) {
    let mut of_entries = Vec::with_capacity(entries.iter().map(Range::len).sum());
    for (piece, entries) in pieces.iter().zip(entries) {
        let of_piece = &numbers(piece.range)[entries.clone()];
        of_entries.extend(of_piece.iter().map(|number| i64::from(codes.code_of[*number as usize])));
    }
    lists.pack(name, &[Column::from(of_entries).all()]);
}

fn keys(rows: &Rows<'_>) -> Lists {
    let mut lists = Lists::default();
    match &rows.texts {
        Some(texts) => lists.add(CUSTOMER, texts.clone()),
        None => {
            let words = rows.pieces.iter().flat_map(|piece| &piece.range.keys[piece.rows.clone()]);
            let known = words.filter(|word| **word != UNIDENTIFIED).map(|word| word_key(*word));
            lists.pack_differences(CUSTOMER, known);
        }
    }
    lists
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

fn customers(pieces: &[Piece<'_>]) -> Lists {
    let mut lists = Lists::default();
    let aggregates = pieces.first().map_or(0, |piece| piece.range.aggregates.len());
    let rows: Vec<Range<usize>> = pieces.iter().map(|piece| piece.rows.clone()).collect();
    for (index, name) in MEASURES.iter().enumerate() {
        pack_entries(&mut lists, name, pieces, &rows, |range| &range.measures[index]);
    }
    pack_entries(&mut lists, "orders", pieces, &rows, |range| &range.orders);
    pack_entries(&mut lists, "active_days", pieces, &rows, |range| &range.active_days);
    for index in 0..aggregates {
        let name = aggregate_column(index);
        pack_entries(&mut lists, &name, pieces, &rows, |range| &range.aggregates[index]);
    }
    let instants = pieces.iter().map(|piece| &piece.range.instants[piece.rows.clone()]);
    instants::pack(&mut lists, &instants.collect::<Vec<_>>());
    lists
}

/// Name of an aggregate's column.
pub(crate) fn aggregate_column(index: usize) -> String {
    format!("aggregate_{index}")
}

/// Name of a column of orders: a measure, or one of the aggregates that orders have parts of.
fn order_column(index: usize) -> String {
    match index.checked_sub(ORDER_MEASURES.len()) {
        None => ORDER_MEASURES[index].to_owned(),
        Some(order_aggregate) => aggregate_column(order_aggregate),
    }
}

/// Name of the column of a dimension's members, by code.
pub(crate) fn dimension_column(dimension: usize) -> String {
    format!("dimension_{dimension}")
}

/// Name of a column of customer × product group: a measure, or one of the aggregates that lines add up to.
fn cell_column(index: usize) -> String {
    match index.checked_sub(GROUP_MEASURES) {
        None => MEASURES[index].to_owned(),
        Some(line_aggregate) => aggregate_column(line_aggregate),
    }
}

fn products(pieces: &[Piece<'_>], codes: &NameCodes) -> Lists {
    let mut lists = Lists::default();
    let measures = pieces.first().map_or(0, |piece| piece.range.cells.measures.len());
    let entries = pack_steps(&mut lists, pieces, |range| &range.cells.rows);
    pack_codes(&mut lists, GROUP, pieces, &entries, codes, |range| &range.cells.groups);
    for index in 0..measures {
        let name = cell_column(index);
        pack_entries(&mut lists, &name, pieces, &entries, |range| &range.cells.measures[index]);
    }
    lists
}

fn orders(pieces: &[Piece<'_>], codes: &NameCodes) -> Lists {
    let mut lists = Lists::default();
    let first = pieces.first().map(|piece| &piece.range.order_rows);
    let (columns, dimensions) = first.map_or((0, 0), |rows| (rows.columns.len(), rows.members.len()));
    let entries = pack_steps(&mut lists, pieces, |range| &range.order_rows.rows);
    let words: Vec<&[[u64; 2]]> = pieces
        .iter()
        .zip(&entries)
        .map(|(piece, entries)| &piece.range.order_rows.words[entries.clone()])
        .collect();
    let words = || words.iter().copied().flatten();
    // The high word of an integer key goes back to the integer, so that keys that lie close together stay small.
    lists.pack_differences(ORDER_WORDS[0], words().map(|[high, _]| word_key(*high)));
    lists.pack_differences(ORDER_WORDS[1], words().map(|[_, low]| low.cast_signed()));
    for index in 0..columns {
        let name = order_column(index);
        pack_entries(&mut lists, &name, pieces, &entries, |range| &range.order_rows.columns[index]);
    }
    let texts = pieces.iter().zip(&entries).filter_map(|(piece, entries)| {
        let texts = piece.range.order_rows.texts.as_ref()?;
        Some(texts.slice(entries.start, entries.len()))
    });
    let texts: Vec<StringArray> = texts.collect();
    if !texts.is_empty() {
        lists.add(ORDER_TEXT, Arc::new(texts.iter().flat_map(|texts| texts.iter()).collect::<StringArray>()));
    }
    for dimension in 0..dimensions {
        let name = dimension_column(dimension);
        pack_codes(&mut lists, &name, pieces, &entries, codes, |range| &range.order_rows.members[dimension]);
    }
    lists
}

fn days(range: &Reduced) -> &Days {
    range.days.as_ref().expect("either all ranges have days or none")
}

fn days_of(pieces: &[Piece<'_>]) -> Lists {
    let mut lists = Lists::default();
    let entries = pack_steps(&mut lists, pieces, |range| &days(range).rows);
    for (index, name) in DAY_COLUMNS.iter().enumerate() {
        pack_entries(&mut lists, name, pieces, &entries, |range| &days(range).columns[index]);
    }
    lists
}
