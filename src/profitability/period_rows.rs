//! Facts of consecutive customers in a period as shared columns, which are cut into slices without a copy.

use super::columns::Values;
use crate::facts::schema::CustomerFacts;
use arrow::buffer::ScalarBuffer;
use std::ops::Range;

/// One row per customer with any row of any source in the period, as in [`CustomerFacts`].
#[derive(Debug, Clone)]
pub(crate) struct PeriodRows {
    /// Ascending, distinct.
    pub(crate) ranks: ScalarBuffer<u32>,
    pub(crate) lines: Values,
    pub(crate) orders: Values,
    pub(crate) active_days: Values,
    pub(crate) units: Values,
    pub(crate) returned_units: Values,
    pub(crate) list_revenue: Values,
    pub(crate) discount: Values,
    pub(crate) returns: Values,
    pub(crate) product_cost: Values,
    pub(crate) first_order_at: Values,
    pub(crate) last_order_at: Values,
    /// One column per aggregate of the facts.
    pub(crate) aggregates: Vec<Values>,
}

impl From<CustomerFacts> for PeriodRows {
    fn from(facts: CustomerFacts) -> Self {
        Self {
            ranks: facts.ranks.into(),
            lines: facts.lines.into(),
            orders: facts.orders.into(),
            active_days: facts.active_days.into(),
            units: facts.units.into(),
            returned_units: facts.returned_units.into(),
            list_revenue: facts.list_revenue.into(),
            discount: facts.discount.into(),
            returns: facts.returns.into(),
            product_cost: facts.product_cost.into(),
            first_order_at: facts.first_order_at.into(),
            last_order_at: facts.last_order_at.into(),
            aggregates: facts.aggregates.into_iter().map(Values::from).collect(),
        }
    }
}

impl PeriodRows {
    /// The rows of the customers of these ranks.
    pub(crate) fn of_ranks(&self, ranks: &Range<usize>) -> Self {
        let bound = |rank: usize| self.ranks.partition_point(|known| (*known as usize) < rank);
        let (start, end) = (bound(ranks.start), bound(ranks.end));
        let cut = |column: &Values| column.slice(start, end - start);
        Self {
            ranks: self.ranks.slice(start, end - start),
            lines: cut(&self.lines),
            orders: cut(&self.orders),
            active_days: cut(&self.active_days),
            units: cut(&self.units),
            returned_units: cut(&self.returned_units),
            list_revenue: cut(&self.list_revenue),
            discount: cut(&self.discount),
            returns: cut(&self.returns),
            product_cost: cut(&self.product_cost),
            first_order_at: cut(&self.first_order_at),
            last_order_at: cut(&self.last_order_at),
            aggregates: self.aggregates.iter().map(cut).collect(),
        }
    }
}
