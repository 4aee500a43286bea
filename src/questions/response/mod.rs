//! Responses of customers: what a scenario makes of the revenue, the cost of goods and the driver volumes that facts keep,
//! customer by customer and period by period.
//!
//! Responses are shares, so that volumes are expected values: as many more digits as the shares have keep them exact.

mod fees;
mod selection;
mod tally;

pub(super) use tally::Tally;

use super::recalled::Recalled;
use crate::error::{Error, Result};
use crate::facts::schema::CustomerFacts;
use crate::pipeline::ScenarioDef;
use crate::profitability::schema::Values;
use crate::units::{Fixed18, pow10};
use fees::Tariff;
use std::ops::Range;

/// What customers do in a scenario, resolved against the facts.
pub(super) struct Responses<'r> {
    recalled: Recalled<'r>,
    tariff: Tariff,
    /// Digits that driver volumes have more than in the facts.
    pub(super) digits: u8,
}

/// What becomes of customers in a period; columns are parallel to the rows of their facts.
pub(super) struct Response {
    /// Difference of net revenue.
    pub(super) net_revenue: Vec<i64>,
    /// Difference of product cost.
    pub(super) product_cost: Vec<i64>,
    /// Fees that are paid.
    pub(super) fees: Vec<i64>,
    /// Aggregates with more digits.
    pub(super) aggregates: Vec<Values>,
}

/// What was found in a period, by change of the scenario: sums, and the ranks of the customers it is about.
pub(super) type Found = Vec<(Tally, Vec<u32>)>;

/// A response in the making.
struct Making<'m> {
    rows: &'m CustomerFacts,
    net_revenue: Vec<i64>,
    product_cost: Vec<i64>,
    fees: Vec<i64>,
    aggregates: Vec<Vec<i64>>,
    found: Found,
}

impl<'r> Responses<'r> {
    /// Those of a scenario.
    ///
    /// # Errors
    /// A value that no order or customer has.
    pub(super) fn of(recalled: &Recalled<'r>, scenario: &ScenarioDef) -> Result<Self> {
        let tariff = Tariff::of(recalled, scenario)?;
        Ok(Self { recalled: *recalled, digits: tariff.digits, tariff })
    }

    /// Whether customers do what they did.
    pub(super) fn are_none(&self) -> bool {
        self.tariff.is_empty()
    }

    /// Sums without customers.
    pub(super) fn tallies(&self) -> Vec<Tally> {
        self.tariff.tallies()
    }

    /// What becomes of the customers of these ranks, who have the rows and aggregates.
    ///
    /// # Errors
    /// Kept state that cannot be read, a number beyond 18 digits.
    pub(super) fn respond(
        &self,
        period: usize,
        ranks: &Range<usize>,
        rows: &CustomerFacts,
        aggregates: &[Values],
    ) -> Result<(Response, Found)> {
        let zeros = || vec![0; rows.ranks.len()];
        let found = self.tallies().into_iter().map(|tally| (tally, Vec::new())).collect();
        let aggregates = aggregates.iter().map(|column| finer(column, self.digits)).collect::<Result<_>>()?;
        let (net_revenue, product_cost, fees) = (zeros(), zeros(), zeros());
        let mut making = Making { rows, net_revenue, product_cost, fees, aggregates, found };
        self.tariff.charge(self.recalled.facts, period, ranks, &mut making)?;
        let Making { net_revenue, product_cost, fees, aggregates, found, .. } = making;
        let aggregates = aggregates.into_iter().map(Values::from).collect();
        Ok((Response { net_revenue, product_cost, fees, aggregates }, found))
    }
}

/// Values with so many more digits.
fn finer(values: &[i64], digits: u8) -> Result<Vec<i64>> {
    let factor = i64::try_from(pow10(digits)).map_err(|_| too_many())?;
    values.iter().map(|value| value.checked_mul(factor).ok_or_else(too_many)).collect()
}

/// Adds to a number of 18 digits.
fn add(sum: &mut i64, more: i128) -> Result<()> {
    let whole = Fixed18::new(i128::from(*sum) + more).ok_or_else(too_many)?;
    *sum = whole.get();
    Ok(())
}

fn too_many() -> Error {
    Error::too_many_digits("what-if: what customers do, with shares of fewer digits than these")
}
