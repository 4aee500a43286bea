//! The customers this room is about, those with a sale line, and their measures by column name, slice by slice.
//!
//! Columns are read forward, block by block, from `customer` and, joined by key, from the tables of stages before;
//! nothing holds a column of all customers.

use super::values::{ABSENT, Values};
use crate::customers::outer_rows::{OuterRows, RowsOfKeys};
use crate::customers::slices::{self, SLICE_CUSTOMERS};
use crate::error::{Error, Result};
use crate::pipeline::KeyType;
use crate::publish::StageTables;
use crate::publish::read::{Cursor, Integers, PublishedReader, Wanted};
use crate::units::Day;
use arrow::array::{ArrayRef, AsArray, BooleanArray, UInt32Array};
use arrow::datatypes::DataType;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The tables of this run that say something of customers.
pub(crate) struct Base {
    customer: PublishedReader,
    others: [PublishedReader; OTHERS.len()],
}

/// Further tables whose columns are measures; of a name that several have, the first counts.
const OTHERS: [&str; 6] = [
    "lifecycle",
    "customer_value",
    "early_warning",
    "customer_voice",
    "customer_contract",
    "customer_points",
];

/// Columns of `customer` that say who belongs to the base.
const KEY: &str = "customer_id";
const LINES: &str = "lines";
const UNIDENTIFIED: &str = "is_unidentified";

/// A table that is merged with the base by key.
#[derive(Clone, Copy)]
pub(crate) struct JoinedTable<'t> {
    pub(crate) table: &'static str,
    pub(crate) reader: &'t PublishedReader,
    pub(crate) columns: &'t [&'static str],
}

impl Base {
    /// From the tables of this run.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn open(staging: StageTables<'_>, as_of: Day) -> Result<Self> {
        let open = |table| PublishedReader::open(&staging.written_as_of(table, as_of));
        let [lifecycle, value, warning, voice, contract, points] = OTHERS.map(open);
        let customer = PublishedReader::open(&staging.written("customer"))?;
        Ok(Self { customer, others: [lifecycle?, value?, warning?, voice?, contract?, points?] })
    }

    /// Slices of the rows of `customer`.
    pub(crate) fn slices(&self) -> usize {
        self.customer.rows().div_ceil(SLICE_CUSTOMERS)
    }

    fn tables(&self) -> impl Iterator<Item = &PublishedReader> {
        std::iter::once(&self.customer).chain(&self.others)
    }

    /// Whether a table of this run has this measure.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tables().any(|table| table.has(name))
    }

    /// What a measure is read as; none where no table of this run has it.
    pub(crate) fn data_type(&self, name: &str) -> Option<DataType> {
        self.tables().find_map(|table| table.data_type(name))
    }

    /// Whether a measure is a count or money.
    pub(crate) fn is_fixed(&self, name: &str) -> bool {
        let data_type = self.data_type(name);
        data_type.is_some_and(|data_type| data_type == DataType::Int64 || data_type.is_decimal())
    }

    /// What the keys are.
    pub(crate) fn key_type(&self) -> KeyType {
        if self.data_type(KEY) == Some(DataType::Utf8) { KeyType::Text } else { KeyType::Int }
    }

    /// Before the first block: these measures, as far as this run has them, and the rows of another table.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn reader<'t>(
        &'t self,
        measures: &BTreeSet<&str>,
        joined: Option<JoinedTable<'t>>,
    ) -> Result<BlockReader<'t>> {
        let home = |name: &str| self.tables().position(|table| table.has(name));
        let mut names: [Vec<String>; OTHERS.len() + 1] = Default::default();
        names[0] = [KEY, LINES, UNIDENTIFIED].map(str::to_owned).to_vec();
        for name in measures.iter().filter(|name| ![KEY, LINES, UNIDENTIFIED].contains(name)) {
            if let Some(home) = home(name) {
                names[home].push((*name).to_owned());
            }
        }
        let [of_customer, of_others @ ..] = names;
        let columns: Vec<(&str, Wanted)> = of_customer.iter().map(|name| wanted(name)).collect();
        let customer = self.customer.cursor(&columns)?;
        let mut others = Vec::new();
        for ((table, reader), names) in OTHERS.into_iter().zip(&self.others).zip(of_others) {
            if !names.is_empty() {
                let columns: Vec<(&str, Wanted)> = names.iter().map(|name| wanted(name)).collect();
                others.push((OuterRows::open(table, reader, &columns)?, names));
            }
        }
        let joined = joined.map(|joined| {
            let columns: Vec<(&str, Wanted)> = joined.columns.iter().map(|name| wanted(name)).collect();
            OuterRows::open(joined.table, joined.reader, &columns)
        });
        let (joined, customers) = (joined.transpose()?, self.customer.rows());
        Ok(BlockReader { customers, of_customer, customer, others, joined })
    }

    /// Walks over all customers once, slice by slice.
    ///
    /// # Errors
    /// A file that cannot be read, what `make` or `take` returns.
    pub(crate) fn walk<T: Send>(
        &self,
        mut reader: BlockReader<'_>,
        make: impl Fn(&BaseSlice<'_>) -> Result<T> + Sync,
        take: impl FnMut(T) -> Result<()> + Send,
    ) -> Result<()> {
        let of_slice = |block: &Block, ranks: Range<usize>| make(&block.slice(ranks));
        slices::in_order_reading(0..self.customer.rows(), |ranks| reader.read(ranks), of_slice, take)
    }
}

/// Names are read by number; the key, which is different on every row, as it is.
fn wanted(name: &str) -> (&str, Wanted) {
    (name, if name == KEY { Wanted::Values } else { Wanted::Names })
}

/// Columns of customers from some rank on.
pub(crate) struct BlockReader<'t> {
    customers: usize,
    of_customer: Vec<String>,
    customer: Cursor<'t>,
    others: Vec<(OuterRows<'t>, Vec<String>)>,
    joined: Option<OuterRows<'t>>,
}

impl BlockReader<'_> {
    /// The next customers; the rows of other tables go to the block that their keys are in.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn read(&mut self, ranks: Range<usize>) -> Result<Block> {
        let is_last = ranks.end == self.customers;
        let arrays = self.customer.next(ranks.len())?;
        let [keys, lines, unidentified] = [&arrays[0], &arrays[1], &arrays[2]];
        let unidentified = unidentified.as_boolean_opt().cloned();
        let unidentified = unidentified.ok_or_else(|| {
            Error::internal(format!("table 'customer' has '{UNIDENTIFIED}' of another type"))
        })?;
        let (keys, lines) = (keys.clone(), Integers::of(lines)?);
        let named = self.of_customer.iter().cloned().zip(arrays);
        let mut columns: BTreeMap<String, Column> =
            named.map(|(name, array)| (name, Column { array, rows: None })).collect();
        let mut rows_of_others = Vec::new();
        for (other, (rows, names)) in self.others.iter_mut().enumerate() {
            let found = rows.next(&keys, is_last)?;
            for (name, array) in names.iter().zip(found.columns) {
                columns.insert(name.clone(), Column { array, rows: Some(other) });
            }
            rows_of_others.push(found.of_key.iter().map(first_of).collect());
        }
        let joined = self.joined.as_mut().map(|rows| rows.next(&keys, is_last)).transpose()?;
        Ok(Block { first: ranks.start, keys, lines, unidentified, columns, rows_of_others, joined })
    }
}

/// The one row of a key.
fn first_of(rows: &Range<u32>) -> u32 {
    if rows.is_empty() { ABSENT } else { rows.start }
}

/// Columns of consecutive customers.
pub(crate) struct Block {
    first: usize,
    keys: ArrayRef,
    lines: Integers,
    unidentified: BooleanArray,
    columns: BTreeMap<String, Column>,
    /// By other table, by customer: its row; `ABSENT` without one.
    rows_of_others: Vec<Vec<u32>>,
    joined: Option<RowsOfKeys>,
}

struct Column {
    array: ArrayRef,
    /// The other table whose rows these are; none: one for each customer.
    rows: Option<usize>,
}

impl Block {
    /// Those of these customers who have a sale line.
    pub(crate) fn slice(&self, ranks: Range<usize>) -> BaseSlice<'_> {
        let places = ranks.start - self.first..ranks.end - self.first;
        let wide = |place: usize| u32::try_from(place).expect("customers of a block fit 32 bits");
        let places = places.filter(|place| self.is_in_base(*place)).map(wide).collect();
        let is_first = ranks.start == self.first;
        BaseSlice { block: self, number: ranks.start / SLICE_CUSTOMERS, is_first, places }
    }

    /// Whether a customer is identified and has a sale line.
    fn is_in_base(&self, place: usize) -> bool {
        self.lines.or_zero(place) > 0 && !self.unidentified.value(place)
    }
}

/// Customers with a sale line among those of a slice, in key order.
pub(crate) struct BaseSlice<'b> {
    block: &'b Block,
    /// The slice's place among all.
    pub(crate) number: usize,
    is_first: bool,
    /// By customer: the place in the block.
    places: Vec<u32>,
}

impl BaseSlice<'_> {
    /// How many customers.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Their keys.
    pub(crate) fn keys(&self) -> ArrayRef {
        let places = UInt32Array::from(self.places.clone());
        arrow::compute::take(&self.block.keys, &places, None).expect("places are of the block")
    }

    /// A measure of every customer; none where no table of this run has it.
    ///
    /// # Errors
    /// A column of an unknown type.
    pub(crate) fn column(&self, name: &str) -> Result<Option<Values>> {
        let Some(column) = self.block.columns.get(name) else { return Ok(None) };
        let values = match column.rows {
            None => Values::taken(&column.array, &self.places),
            Some(other) => {
                let rows = &self.block.rows_of_others[other];
                let rows: Vec<u32> = self.places.iter().map(|place| rows[*place as usize]).collect();
                Values::taken(&column.array, &rows)
            }
        };
        let unknown = || Error::internal(format!("column '{name}' of an unknown type"));
        values.map(Some).ok_or_else(unknown)
    }

    /// Counts or money of every customer, 0 where it is null; none where no table of this run has it.
    ///
    /// # Errors
    /// A column of an unknown type.
    pub(crate) fn fixed(&self, name: &str) -> Result<Option<Vec<i64>>> {
        Ok(self.column(name)?.and_then(Values::into_fixed))
    }

    /// The same of a column that every run publishes.
    ///
    /// # Errors
    /// A table without it.
    pub(crate) fn needed(&self, name: &str) -> Result<Vec<i64>> {
        self.fixed(name)?.ok_or_else(|| Error::internal(format!("table 'customer' has no column '{name}'")))
    }

    /// Instants that every run publishes.
    ///
    /// # Errors
    /// A table without them.
    pub(crate) fn instants(&self, name: &str) -> Result<Vec<i64>> {
        let found = self.column(name)?.and_then(Values::into_instants);
        found.ok_or_else(|| Error::internal(format!("table 'customer' has no instants '{name}'")))
    }

    /// The columns of the joined table, and the rows of each customer.
    pub(crate) fn joined(&self) -> Option<(&[ArrayRef], impl Iterator<Item = Range<u32>>)> {
        let joined = self.block.joined.as_ref()?;
        let rows = self.places.iter().map(|place| joined.of_key[*place as usize].clone());
        Some((&joined.columns, rows))
    }

    /// The one row of each customer in the joined table; `ABSENT` without one.
    pub(crate) fn joined_rows(&self) -> Vec<u32> {
        let rows = self.joined().map(|(_, rows)| rows.map(|rows| first_of(&rows)).collect());
        rows.unwrap_or_else(|| vec![ABSENT; self.len()])
    }

    /// Rows of the joined table that match no customer of the base. They come with the first slice of a block.
    pub(crate) fn unmatched_rows(&self) -> Vec<u32> {
        let Some(joined) = self.block.joined.as_ref().filter(|_| self.is_first) else { return Vec::new() };
        let mut is_found = vec![false; joined.rows];
        for (place, rows) in joined.of_key.iter().enumerate() {
            if self.block.is_in_base(place) {
                rows.clone().for_each(|row| is_found[row as usize] = true);
            }
        }
        let rows = (0_u32..).zip(is_found).filter(|(_, is_found)| !is_found);
        rows.map(|(row, _)| row).collect()
    }
}
