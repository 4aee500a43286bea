//! What customers are worth, block by block of ranks: columns of the tables `customer` and, where it is published,
//! `customer_value`.

use crate::customers::keyed_rows::KeyedRows;
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::publish::StageTables;
use crate::publish::read::{Cursor, Integers, PublishedReader, Wanted, floats};
use arrow::array::Array;
use chrono::TimeZone;
use chrono_tz::Tz;
use std::collections::BTreeSet;
use std::ops::Range;

/// Money columns of `customer` that are read.
pub(crate) const MONEY: [&str; 9] = [
    "list_revenue",
    "discount",
    "returns",
    "net_revenue",
    "product_cost",
    "gross_margin",
    "cost_to_serve",
    "contribution",
    "customer_profit",
];

/// Instants of the first and last sale line.
const SALES: [&str; 2] = ["first_order_at", "last_order_at"];
/// Residual value and probability alive.
const OUTLOOK: [&str; 2] = ["residual_value", "probability_alive"];

/// The published tables of this run that perception reads back.
pub(crate) struct Tables {
    customer: PublishedReader,
    /// `customer_value` as of the day of the run, where it is published.
    value: Option<PublishedReader>,
    /// `customer_segment`, likewise.
    pub(crate) segment: Option<PublishedReader>,
}

impl Tables {
    /// # Errors
    /// A staged file that cannot be read back.
    pub(crate) fn open(facts: &FactSet, staging: StageTables<'_>) -> Result<Self> {
        let customer = PublishedReader::open(&staging.written("customer"))?;
        let known = facts.customers.keys.len();
        if customer.rows() < known {
            let rows = customer.rows();
            return Err(Error::internal(format!(
                "perception: 'customer' has {rows} rows for {known} customers"
            )));
        }
        let value = staging.written_as_of("customer_value", facts.as_of).into_iter().next();
        let segment = staging.written("customer_segment").into_iter().next();
        Ok(Self {
            customer,
            value: value.map(|path| PublishedReader::open(&[path])).transpose()?,
            segment: segment.map(|path| PublishedReader::open(&[path])).transpose()?,
        })
    }

    /// Whether the run publishes residual values.
    pub(crate) fn has_residual(&self) -> bool {
        self.value.as_ref().is_some_and(|value| value.has(OUTLOOK[0]))
    }

    /// Residual value and probability alive, as far as the table has them.
    fn outlook(&self) -> Vec<(&'static str, Wanted)> {
        let has = |name: &&str| self.value.as_ref().is_some_and(|value| value.has(name));
        OUTLOOK.into_iter().filter(has).map(|name| (name, Wanted::Values)).collect()
    }
}

/// Columns of customers, read forward.
pub(crate) struct WorthReader<'t> {
    timezone: Tz,
    /// Columns of `customer` that are read, and those that the run does not have.
    columns: Vec<&'static str>,
    missing: Vec<&'static str>,
    customer: Cursor<'t>,
    outlook: Vec<(&'static str, Wanted)>,
    value: Option<KeyedRows<'t>>,
}

impl<'t> WorthReader<'t> {
    /// Before the first customer: when they bought, these columns, residual value and probability alive.
    ///
    /// # Errors
    /// A staged file that cannot be read back.
    pub(crate) fn open(
        tables: &'t Tables,
        facts: &'t FactSet,
        timezone: Tz,
        names: &[&'static str],
    ) -> Result<Self> {
        let distinct: BTreeSet<&'static str> = names.iter().copied().collect();
        let (columns, missing): (Vec<_>, Vec<_>) =
            distinct.into_iter().partition(|name| tables.customer.has(name));
        let asked: Vec<(&str, Wanted)> =
            SALES.iter().chain(&columns).map(|name| (*name, Wanted::Values)).collect();
        let outlook = tables.outlook();
        let open = |value| KeyedRows::open(&facts.customers, "customer_value", value, &outlook);
        let value = tables.value.as_ref().map(open).transpose()?;
        Ok(Self { timezone, columns, missing, customer: tables.customer.cursor(&asked)?, outlook, value })
    }

    /// Reads the next customers. Blocks come in order, without a gap.
    ///
    /// # Errors
    /// A staged file that cannot be read back.
    pub(crate) fn read(&mut self, ranks: Range<usize>) -> Result<Worth> {
        let mut read = self.customer.next(ranks.len())?.into_iter();
        let mut next = || Integers::of(&read.next().expect("a column for each that was asked for"));
        let sales = [next()?, next()?];
        let mut columns = Vec::new();
        for name in &self.columns {
            columns.push((*name, next()?));
        }
        columns.extend(self.missing.iter().map(|name| (*name, Integers::unknown(ranks.len()))));
        let (timezone, ranks_read) = (self.timezone, ranks.clone());
        let mut worth = Worth { timezone, ranks: ranks_read, sales, columns, residual: None, alive: None };
        let Some(value) = &mut self.value else { return Ok(worth) };
        let rows = value.next(ranks)?;
        for ((name, _), array) in self.outlook.iter().zip(&rows.columns) {
            if *name == OUTLOOK[0] {
                let values = Integers::of(array)?;
                worth.residual = Some(worth.by_rank(&rows.ranks, |row| values.get(row)));
            } else {
                let values = floats(array)?;
                let alive = |row| values.is_valid(row).then(|| values.value(row));
                worth.alive = Some(worth.by_rank(&rows.ranks, alive));
            }
        }
        Ok(worth)
    }
}

/// What a block of customers is worth.
#[derive(Debug, Clone)]
pub(crate) struct Worth {
    timezone: Tz,
    ranks: Range<usize>,
    /// Instants of the first and the last sale line; null for prospects.
    sales: [Integers; 2],
    columns: Vec<(&'static str, Integers)>,
    /// Residual value; none for customers without a purchase. Absent without [clv].
    residual: Option<Vec<Option<i64>>>,
    /// Probability alive, likewise.
    alive: Option<Vec<Option<f64>>>,
}

/// A column of a block of customers.
#[derive(Clone, Copy)]
pub(crate) struct OfRank<'w> {
    first: usize,
    values: &'w Integers,
}

impl OfRank<'_> {
    /// A customer's value, 0 where there is none.
    pub(crate) fn at(&self, rank: usize) -> i64 {
        self.values.or_zero(rank - self.first)
    }
}

impl Worth {
    fn by_rank<T: Clone>(&self, ranks: &[u32], value: impl Fn(usize) -> Option<T>) -> Vec<Option<T>> {
        let mut placed = vec![None; self.ranks.len()];
        for (row, rank) in ranks.iter().enumerate() {
            placed[*rank as usize - self.ranks.start] = value(row);
        }
        placed
    }

    /// A column of `customer`; 0 throughout where the run does not have it.
    pub(crate) fn column(&self, name: &str) -> OfRank<'_> {
        let found = self.columns.iter().find(|(known, _)| *known == name);
        OfRank { first: self.ranks.start, values: &found.expect("the column was asked for").1 }
    }

    /// Instants of the first and the last sale line; none for prospects.
    fn sales(&self, rank: usize) -> Option<(i64, i64)> {
        let place = rank - self.ranks.start;
        self.sales[0].get(place).zip(self.sales[1].get(place))
    }

    /// Whether the customer has a sale line.
    pub(crate) fn has_bought(&self, rank: usize) -> bool {
        self.sales(rank).is_some()
    }

    /// The first day with a sale line; none for prospects.
    pub(crate) fn first_sale(&self, rank: usize) -> Option<i32> {
        self.sales(rank).map(|(first, _)| local_day(self.timezone, first))
    }

    /// The last one.
    pub(crate) fn last_sale(&self, rank: usize) -> Option<i32> {
        self.sales(rank).map(|(_, last)| local_day(self.timezone, last))
    }

    /// Whether there are residual values.
    pub(crate) fn has_residual(&self) -> bool {
        self.residual.is_some()
    }

    /// Residual value of a customer.
    pub(crate) fn residual(&self, rank: usize) -> Option<i64> {
        self.residual.as_ref().and_then(|residual| residual[rank - self.ranks.start])
    }

    /// Probability that a customer is alive.
    pub(crate) fn alive(&self, rank: usize) -> Option<f64> {
        self.alive.as_ref().and_then(|alive| alive[rank - self.ranks.start])
    }

    /// Whether the last purchase lies at least so many days before the as-of date.
    pub(crate) fn is_idle(&self, rank: usize, as_of: i32, days: u32) -> bool {
        self.last_sale(rank).is_some_and(|last| i64::from(as_of) - 1 - i64::from(last) >= i64::from(days))
    }
}

/// The local day of an instant in microseconds.
fn local_day(timezone: Tz, micros: i64) -> i32 {
    if timezone == Tz::UTC {
        // A division instead of a calendar: one instant per customer is looked at.
        return i32::try_from(micros.div_euclid(86_400_000_000)).expect("107 million days fit 32 bits");
    }
    timezone.timestamp_micros(micros).single().map_or(0, |instant| instant.date_naive().to_epoch_days())
}

#[cfg(test)]
impl Worth {
    /// Customers by their sales, with contribution and residual value.
    pub(crate) fn for_test(
        sales: Vec<Option<(i32, i32)>>,
        contribution: Vec<i64>,
        residual: Option<Vec<Option<i64>>>,
    ) -> Self {
        let instant = |day: i32| i64::from(day) * 86_400_000_000;
        let first = sales.iter().map(|sales| sales.map(|(first, _)| instant(first)));
        let last = sales.iter().map(|sales| sales.map(|(_, last)| instant(last)));
        let names = MONEY.into_iter().chain(["orders"]);
        let columns = names.map(|name| (name, Integers::unknown(sales.len()))).collect();
        let (ranks, sales) = (0..sales.len(), [first.collect(), last.collect()]);
        let mut worth = Self { timezone: Tz::UTC, ranks, sales, columns, residual, alive: None };
        worth.set_for_test("contribution", contribution);
        worth
    }

    pub(crate) fn set_for_test(&mut self, name: &str, values: Vec<i64>) {
        let column = self.columns.iter_mut().find(|(known, _)| *known == name).unwrap();
        column.1 = values.into_iter().map(Some).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_falls_on_its_local_day() {
        let evening = 23 * 3_600_000_000;
        assert_eq!(local_day(Tz::UTC, evening), 0);
        assert_eq!(local_day(Tz::Etc__UTC, -1), -1);
        assert_eq!(local_day(Tz::UTC, -1), -1);
        assert_eq!(local_day(Tz::Europe__Vienna, evening), 1);
    }
}
