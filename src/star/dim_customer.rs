//! `dim_customer`: every customer and the unidentified cost object, with attributes and segments; no key and no segment
//! is null.

use super::names::NONE;
use crate::customers::outer_rows::{OuterRows, RowsOfKeys};
use crate::customers::slices;
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::facts::schema::{Customers, Keys};
use crate::pipeline::KeyType;
use crate::profitability::attribute_column;
use crate::publish::read::{PublishedReader, Wanted};
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::publish::{SEGMENT_KINDS, StageTables, TableFormat};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::datatypes::Int32Type;
use std::ops::Range;
use std::sync::Arc;

/// What the table is made from.
pub(super) struct DimCustomer<'r> {
    facts: &'r FactSet,
    format: TableFormat<'r>,
    /// Stands for rows without customer.
    unidentified: ArrayRef,
    /// `customer_segment`; without rows if the pipeline does not make it.
    segments: PublishedReader,
    kinds: Vec<&'static str>,
}

/// Customers of some ranks, with their rows of `customer_segment`.
struct Block {
    first: usize,
    ids: ArrayRef,
    segments: RowsOfKeys,
}

impl<'r> DimCustomer<'r> {
    /// # Errors
    /// A table that cannot be read.
    pub(super) fn new(facts: &'r FactSet, format: TableFormat<'r>, tables: StageTables<'_>) -> Result<Self> {
        let segments = PublishedReader::open(&tables.written("customer_segment"))?;
        let kinds = SEGMENT_KINDS.into_iter().filter(|kind| segments.has(kind)).collect();
        Ok(Self { facts, format, unidentified: unidentified_key(&facts.customers), segments, kinds })
    }

    /// Writes the table; gives its rows.
    ///
    /// # Errors
    /// A table that cannot be read, a failed write.
    pub(super) fn write(&self, tables: StageTables<'_>) -> Result<usize> {
        let customers = &self.facts.customers;
        let columns: Vec<(&str, Wanted)> = self.kinds.iter().map(|kind| (*kind, Wanted::Names)).collect();
        let mut segments = OuterRows::open("customer_segment", &self.segments, &columns)?;
        let mut read = |ranks: Range<usize>| {
            let wide = |rank| u32::try_from(rank).expect("ranks fit 32 bits");
            let ids = customers.ids(ranks.clone().map(wide));
            let segments = segments.next(&ids, ranks.end == customers.len())?;
            Ok(Block { first: ranks.start, ids, segments })
        };
        let empty = self.sheet(&read(0..0)?, 0..0)?;
        let mut table = tables.table(&empty.spec, None)?;
        let make = |block: &Block, ranks: Range<usize>| self.sheet(block, ranks);
        let take = |sheet: Sheet| table.write(sheet.arrays);
        slices::in_order_reading(0..customers.len(), read, make, take)?;
        table.finish()?;
        Ok(customers.len())
    }

    fn sheet(&self, block: &Block, ranks: Range<usize>) -> Result<Sheet> {
        let customers = &self.facts.customers;
        let rows: Vec<u32> =
            ranks.clone().map(|rank| u32::try_from(rank).expect("ranks fit 32 bits")).collect();
        let mut draft = self.format.draft("dim_customer", "customer", None, &rows);
        let ids = block.ids.slice(ranks.start - block.first, ranks.len());
        let kind =
            if customers.keys.key_type() == KeyType::Text { ColumnKind::Text } else { ColumnKind::IntKey };
        let meaning = "Customer, or the key of the unidentified cost object";
        let keys = self.keys(&ids);
        draft.ready().add(Column::new("customer_key", kind, "", meaning), keys);
        draft.customer("Customer; null for the unidentified cost object", ids, true);
        draft.flag("is_unidentified", "Stands for all rows without customer", |rank| {
            customers.is_unidentified(*rank)
        });
        let master = self.facts.master.as_ref();
        draft.day("acquired_on", "The day the customer was won", |rank| {
            master.and_then(|master| master.acquired_on.get(*rank as usize))
        });
        for (place, name) in self.kinds.iter().enumerate() {
            let column =
                Column::new(*name, ColumnKind::Name, "", "Segment of the customer; (none) without one");
            draft.ready().add(column, block.segments(place, &ranks)?);
        }
        for (name, values) in master.iter().flat_map(|master| &master.attributes) {
            let (column, values) = attribute_column(name, &values.slice(ranks.start, ranks.len()))?;
            draft.ready().add(column, values);
        }
        Ok(draft.finish())
    }

    /// Customer ids, and a key where there is none.
    fn keys(&self, ids: &ArrayRef) -> ArrayRef {
        if ids.null_count() == 0 {
            return ids.clone();
        }
        let is_known = arrow::compute::is_not_null(ids).expect("any array has nulls or not");
        let unidentified = arrow::array::Scalar::new(&self.unidentified);
        arrow::compute::kernels::zip::zip(&is_known, ids, &unidentified).expect("keys of one type")
    }
}

impl Block {
    /// The names in a column of `customer_segment`, of these customers.
    fn segments(&self, column: usize, ranks: &Range<usize>) -> Result<ArrayRef> {
        let names = self.segments.columns[column].as_dictionary_opt::<Int32Type>();
        let names = names.and_then(|names| names.downcast_dict::<StringArray>());
        let names =
            names.ok_or_else(|| Error::internal("table 'customer_segment' has segments of another type"))?;
        let name = |rows: &Range<u32>| {
            let row = Some(rows.start as usize).filter(|row| !rows.is_empty() && names.is_valid(*row));
            row.map_or(NONE, |row| arrow::array::ArrayAccessor::value(&names, row))
        };
        let of_key = &self.segments.of_key[ranks.start - self.first..ranks.end - self.first];
        Ok(Arc::new(StringArray::from_iter_values(of_key.iter().map(name))))
    }
}

/// A key that no customer has: −1 or the next below; `(unidentified)`, with as many brackets as it takes.
fn unidentified_key(customers: &Customers) -> ArrayRef {
    match &customers.keys {
        Keys::Int(keys) => {
            let free = (i64::MIN..0).rev().find(|key| keys.binary_search(key).is_err());
            Arc::new(Int64Array::from(vec![free.expect("there are fewer customers than negative numbers")]))
        }
        Keys::Text(_) => {
            let mut key = "(unidentified)".to_owned();
            while customers.rank_of(&key).is_some() {
                key = format!("({key})");
            }
            Arc::new(StringArray::from(vec![key]))
        }
    }
}
