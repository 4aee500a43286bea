//! The customers of the run, read forward, block by block, from `customer` and `customer_value`.

use super::measures::{Measures, RESIDUAL_VALUE};
use crate::customers::keyed_rows::KeyedRows;
use crate::error::Result;
use crate::facts::schema::{Customers, NO_INSTANT};
use crate::publish::StageTables;
use crate::publish::read::{Cursor, Integers, PublishedReader, Wanted};
use crate::units::Day;
use rayon::prelude::*;
use std::ops::Range;
use std::path::PathBuf;

/// Customers of a block: a row group of a published table unless the pipeline says otherwise, so that its columns are handed out
/// without a copy.
pub(crate) const BLOCK: usize = 1 << 17;

/// Of each customer besides measures.
const FIRST_ORDER_AT: &str = "first_order_at";
const LAST_ORDER_AT: &str = "last_order_at";
const RANK_PROFIT: &str = "rank_profit";

/// The tables that say what customers bring.
pub(crate) struct CustomerTables {
    customer: PublishedReader,
    /// Without rows where the pipeline has no `[clv]`.
    value: PublishedReader,
}

impl CustomerTables {
    /// Those of a release in the making.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn open(tables: StageTables<'_>, as_of: Day) -> Result<Self> {
        Self::of_files(["customer", "customer_value"].map(|table| tables.written_as_of(table, as_of)))
    }

    /// From the files of `customer`, and of `customer_value` where there is one.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn of_files([customer, value]: [Vec<PathBuf>; 2]) -> Result<Self> {
        Ok(Self { customer: PublishedReader::open(&customer)?, value: PublishedReader::open(&value)? })
    }

    /// The measures that they have.
    pub(crate) fn measures(&self) -> Measures {
        Measures::new(|name| match name {
            RESIDUAL_VALUE => self.value.has(name),
            _ => self.customer.has(name),
        })
    }

    /// Before the first customer.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn reader<'t>(
        &'t self,
        customers: &'t Customers,
        measures: &Measures,
    ) -> Result<CustomerReader<'t>> {
        let names = measures.all().iter().filter(|measure| !measure.is_value()).map(|measure| measure.name);
        let names = [FIRST_ORDER_AT, LAST_ORDER_AT, RANK_PROFIT].into_iter().chain(names);
        let names: Vec<(&str, Wanted)> = names.map(|name| (name, Wanted::Values)).collect();
        let asked = [(RESIDUAL_VALUE, Wanted::Values)];
        let has_value = measures.place(RESIDUAL_VALUE).is_some();
        let value = has_value.then(|| KeyedRows::open(customers, "customer_value", &self.value, &asked));
        Ok(CustomerReader { customer: self.customer.cursor(&names)?, value: value.transpose()? })
    }
}

/// Columns of customers from some rank on.
pub(crate) struct CustomerReader<'t> {
    customer: Cursor<'t>,
    value: Option<KeyedRows<'t>>,
}

/// Columns of consecutive customers.
pub(crate) struct CustomerBlock {
    pub(crate) first: usize,
    /// By measure; 0 where a customer has none.
    pub(crate) measures: Vec<Vec<i64>>,
    pub(crate) first_order_at: Vec<i64>,
    pub(crate) last_order_at: Vec<i64>,
    /// Whether the customer has a place: bought or returned, and is identified.
    pub(crate) is_ranked: Vec<bool>,
    /// Whether its residual value is known.
    pub(crate) is_valued: Vec<bool>,
}

impl CustomerReader<'_> {
    /// Blocks come in order, without a gap.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn next(&mut self, ranks: Range<usize>) -> Result<CustomerBlock> {
        let arrays = self.customer.next(ranks.len())?;
        let columns = arrays.iter().map(Integers::of).collect::<Result<Vec<_>>>()?;
        let instants =
            |column: &Integers| (0..ranks.len()).map(|row| column.get(row).unwrap_or(NO_INSTANT)).collect();
        let or_zero = |column: &Integers| (0..ranks.len()).map(|row| column.or_zero(row)).collect();
        let mut block = CustomerBlock {
            first: ranks.start,
            measures: columns[3..].par_iter().map(or_zero).collect(),
            first_order_at: instants(&columns[0]),
            last_order_at: instants(&columns[1]),
            is_ranked: (0..ranks.len()).map(|row| columns[2].get(row).is_some()).collect(),
            is_valued: vec![false; ranks.len()],
        };
        if let Some(value) = &mut self.value {
            let rows = value.next(ranks.clone())?;
            let values = Integers::of(&rows.columns[0])?;
            let mut column = vec![0; ranks.len()];
            for (row, rank) in rows.ranks.iter().enumerate() {
                let place = *rank as usize - ranks.start;
                column[place] = values.or_zero(row);
                block.is_valued[place] = values.get(row).is_some();
            }
            block.measures.push(column);
        }
        Ok(block)
    }
}
