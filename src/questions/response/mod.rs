//! Responses of customers: what a scenario makes of the revenue, the cost of goods and the driver volumes that facts keep,
//! customer by customer and period by period.
//!
//! Responses are shares, so that volumes are expected values: as many more digits as the shares have keep them exact.

mod drops;
mod fees;
mod prices;
mod selection;
mod tally;

pub(super) use tally::{ResponseKind, Tally};

use super::recalled::Recalled;
use crate::error::{Error, Result};
use crate::facts::schema::{CustomerFacts, ProductFacts};
use crate::pipeline::{Position, ScenarioDef, did_you_mean};
use crate::profitability::schema::Values;
use crate::units::{Decimal, Fixed18, pow10, round_ratio};
use drops::Dropping;
use fees::Tariff;
use prices::Prices;
use std::ops::Range;

/// What customers do in a scenario, resolved against the facts.
pub(super) struct Responses<'r> {
    recalled: Recalled<'r>,
    tariff: Tariff,
    prices: Prices,
    drop: Option<Dropping>,
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
pub(super) type PeriodTallies = Vec<(Tally, Vec<u32>)>;

/// A response in the making.
struct OpenResponse<'m> {
    rows: &'m CustomerFacts,
    /// Digits that volumes have more.
    digits: u8,
    net_revenue: Vec<i64>,
    product_cost: Vec<i64>,
    fees: Vec<i64>,
    aggregates: Vec<Vec<i64>>,
    found: PeriodTallies,
}

impl<'r> Responses<'r> {
    /// Of customers who do what they did.
    pub(super) fn none(recalled: &Recalled<'r>) -> Self {
        let nothing = ScenarioDef::of_changes(String::new(), Vec::new());
        Self::of(recalled, &nothing).expect("there is nothing to resolve")
    }

    /// Those of a scenario.
    ///
    /// # Errors
    /// A value that no order or customer has.
    pub(super) fn of(recalled: &Recalled<'r>, scenario: &ScenarioDef) -> Result<Self> {
        let tariff = Tariff::of(recalled, scenario)?;
        let prices = Prices::of(recalled, scenario)?;
        let drop = scenario.drop.as_ref().map(|drop| Dropping::of(recalled, drop)).transpose()?;
        let of_drop = drop.as_ref().map_or(0, |drop| drop.others_lost.scale);
        let digits = tariff.digits.max(prices.digits).max(of_drop);
        Ok(Self { recalled: *recalled, tariff, prices, drop, digits })
    }

    /// Sums without customers; none where customers do what they did.
    pub(super) fn tallies(&self) -> Vec<Tally> {
        let of_drop = self.drop.iter().map(Dropping::tally);
        self.tariff.tallies().into_iter().chain(self.prices.tallies()).chain(of_drop).collect()
    }

    /// By place in these ranks, the customers whom what is dropped concerns in any period.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub(super) fn concerned(&self, ranks: &Range<usize>) -> Result<Vec<bool>> {
        self.drop.as_ref().map_or(Ok(Vec::new()), |drop| drop.concerned(self.recalled.facts, ranks))
    }

    /// What becomes of the customers of these ranks, who have the rows and aggregates; `concerned` is as above.
    ///
    /// # Errors
    /// Kept state that cannot be read, a number beyond 18 digits.
    pub(super) fn respond(
        &self,
        period: usize,
        ranks: &Range<usize>,
        concerned: &[bool],
        (rows, aggregates): (&CustomerFacts, &[Values]),
    ) -> Result<(Response, PeriodTallies)> {
        let zeros = || vec![0; rows.ranks.len()];
        let mut making = OpenResponse {
            rows,
            digits: self.digits,
            net_revenue: zeros(),
            product_cost: zeros(),
            fees: zeros(),
            aggregates: aggregates.iter().map(|of| finer(of, self.digits)).collect::<Result<_>>()?,
            found: self.tallies().into_iter().map(|tally| (tally, Vec::new())).collect(),
        };
        let facts = self.recalled.facts;
        self.tariff.charge(facts, period, ranks, &mut making)?;
        self.prices.change(facts, period, ranks, &mut making)?;
        if let Some(drop) = &self.drop {
            drop.take_away(facts, period, ranks, concerned, &mut making)?;
        }
        let OpenResponse { net_revenue, product_cost, fees, aggregates, found, .. } = making;
        let aggregates = aggregates.into_iter().map(Values::from).collect();
        Ok((Response { net_revenue, product_cost, fees, aggregates }, found))
    }
}

impl OpenResponse<'_> {
    /// The row of a customer who has one, at or after a row before it.
    fn row_of(&self, rank: u32, mut from: usize) -> usize {
        while self.rows.ranks[from] < rank {
            from += 1;
        }
        from
    }

    /// Net revenue of a row in the release.
    fn revenue_of(&self, row: usize) -> i128 {
        let rows = self.rows;
        i128::from(rows.list_revenue[row]) - i128::from(rows.discount[row]) - i128::from(rows.returns[row])
    }
}

/// Net revenue of a customer's product group.
fn cell_revenue(cells: &ProductFacts, cell: usize) -> i128 {
    let [list, discount, returns] = [&cells.list_revenue, &cells.discount, &cells.returns];
    i128::from(list[cell]) - i128::from(discount[cell]) - i128::from(returns[cell])
}

/// A part of an amount, rounded once.
fn part(amount: i128, of: Decimal) -> Result<i128> {
    let product = amount.checked_mul(of.mantissa).ok_or_else(too_many)?;
    Ok(round_ratio(product, pow10(of.scale)))
}

/// Whether each product group, by code, is one of these; none: all are meant.
fn groups(recalled: &Recalled<'_>, names: &[String], at: Position) -> Result<Option<Vec<bool>>> {
    let known = &recalled.facts.groups;
    if let Some(missing) = names.iter().find(|name| !known.contains(name)) {
        let place = recalled.definition.place(at);
        let all = || format!("there are {}", known.join(", "));
        let way_out = did_you_mean(missing, known.iter().map(String::as_str), all);
        return Err(Error::definition(format!(
            "{place}: no order line has the product group '{missing}'; {way_out}"
        )));
    }
    Ok((!names.is_empty()).then(|| known.iter().map(|group| names.contains(group)).collect()))
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
