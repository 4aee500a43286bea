//! What the customers of a segment are worth: exact sums of contribution, profit and residual value.

use crate::customers::keyed_rows::{KeyedRows, RowsOfRanks};
use crate::error::Result;
use crate::facts::FactSet;
use crate::publish::StageTables;
use crate::publish::read::{Integers, PublishedReader, Wanted};

const CUSTOMER: [&str; 3] = ["contribution", "customer_profit", "orders"];
const RESIDUAL: &str = "residual_value";

/// Tables of this run that say it.
pub(super) struct WorthTables {
    customer: PublishedReader,
    /// `customer_value` as of the day of the run, where it has residual values.
    value: Option<PublishedReader>,
}

impl WorthTables {
    /// # Errors
    /// A staged file that cannot be read back.
    pub(super) fn open(facts: &FactSet, tables: StageTables<'_>) -> Result<Self> {
        let customer = PublishedReader::open(&tables.written("customer"))?;
        let value = PublishedReader::open(&tables.written_as_of("customer_value", facts.as_of))?;
        Ok(Self { customer, value: Some(value).filter(|value| value.has(RESIDUAL)) })
    }

    pub(super) fn has_residual(&self) -> bool {
        self.value.is_some()
    }

    /// Columns of customers, read forward.
    ///
    /// # Errors
    /// A staged file that cannot be read back.
    pub(super) fn reader<'t>(&'t self, facts: &'t FactSet) -> Result<WorthReader<'t>> {
        let wanted = CUSTOMER.map(|name| (name, Wanted::Values));
        let customer = KeyedRows::open(&facts.customers, "customer", &self.customer, &wanted)?;
        let wanted = [(RESIDUAL, Wanted::Values)];
        let open = |value| KeyedRows::open(&facts.customers, "customer_value", value, &wanted);
        Ok(WorthReader { customer, value: self.value.as_ref().map(open).transpose()? })
    }
}

/// See [`WorthTables::reader`].
pub(super) struct WorthReader<'t> {
    customer: KeyedRows<'t>,
    value: Option<KeyedRows<'t>>,
}

/// A block of customers.
pub(super) struct WorthRows {
    customer: (Vec<u32>, [Integers; 3]),
    value: Option<(Vec<u32>, Integers)>,
}

impl WorthReader<'_> {
    /// # Errors
    /// A staged file that cannot be read back.
    pub(super) fn next(&mut self, ranks: std::ops::Range<usize>) -> Result<WorthRows> {
        let RowsOfRanks { ranks: of_customers, columns } = self.customer.next(ranks.clone())?;
        let [contribution, profit, orders] = [0, 1, 2].map(|column| Integers::of(&columns[column]));
        let customer = (of_customers, [contribution?, profit?, orders?]);
        let rows = self.value.as_mut().map(|value| value.next(ranks)).transpose()?;
        let value = rows.map(|rows| Ok((rows.ranks, Integers::of(&rows.columns[0])?))).transpose()?;
        Ok(WorthRows { customer, value })
    }
}

/// What one customer is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct CustomerWorth {
    contribution: i64,
    profit: i64,
    has_bought: bool,
    residual: Option<i64>,
}

impl WorthRows {
    fn of(&self, rank: u32) -> CustomerWorth {
        let (ranks, [contribution, profit, orders]) = &self.customer;
        let row = ranks.binary_search(&rank).ok();
        let at = |column: &Integers| row.map_or(0, |row| column.or_zero(row));
        let residual =
            self.value.as_ref().and_then(|(ranks, values)| values.get(ranks.binary_search(&rank).ok()?));
        let has_bought = at(orders) > 0;
        CustomerWorth { contribution: at(contribution), profit: at(profit), has_bought, residual }
    }
}

/// Sums over the customers of a segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SegmentWorth {
    pub(super) customers: u64,
    pub(super) contribution: i128,
    pub(super) profit: i128,
    residual: i128,
    /// Customers who bought and have no residual value.
    unknown: u64,
}

impl SegmentWorth {
    pub(super) fn add(&mut self, rows: &WorthRows, rank: u32) {
        let CustomerWorth { contribution, profit, has_bought, residual } = rows.of(rank);
        self.customers += 1;
        self.contribution += i128::from(contribution);
        self.profit += i128::from(profit);
        self.residual += i128::from(residual.unwrap_or(0));
        self.unknown += u64::from(has_bought && residual.is_none());
    }

    /// None where that of a customer who bought is not known; of those who never bought nothing is expected.
    pub(super) fn residual(&self) -> Option<i128> {
        (self.unknown == 0).then_some(self.residual)
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.contribution += other.contribution;
        self.profit += other.profit;
        self.residual += other.residual;
        self.unknown += other.unknown;
    }
}
