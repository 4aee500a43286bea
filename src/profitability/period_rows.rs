//! Facts of consecutive customers in a period as shared columns, which are cut into slices without a copy.

use super::behaviour::Behaviour;
use super::columns::Values;
use crate::facts::schema::CustomerFacts;
use arrow::buffer::ScalarBuffer;
use std::ops::Range;

/// One row per customer with any row of any source in the period, as in [`CustomerFacts`].
#[derive(Debug, Clone)]
pub(crate) struct PeriodRows {
    /// Ascending, distinct.
    pub(crate) ranks: ScalarBuffer<u32>,
    pub(crate) behaviour: Behaviour,
    /// One column per aggregate of the facts.
    pub(crate) aggregates: Vec<Values>,
}

impl From<CustomerFacts> for PeriodRows {
    fn from(mut facts: CustomerFacts) -> Self {
        Self {
            behaviour: Behaviour::from(&mut facts),
            ranks: facts.ranks.into(),
            aggregates: facts.aggregates.into_iter().map(Values::from).collect(),
        }
    }
}

impl PeriodRows {
    /// The rows of the customers of these ranks.
    pub(crate) fn of_ranks(&self, ranks: &Range<usize>) -> Self {
        let bound = |rank: usize| self.ranks.partition_point(|known| (*known as usize) < rank);
        let (start, length) = (bound(ranks.start), bound(ranks.end) - bound(ranks.start));
        Self {
            ranks: self.ranks.slice(start, length),
            behaviour: self.behaviour.rows(start, length),
            aggregates: self.aggregates.iter().map(|column| column.slice(start, length)).collect(),
        }
    }
}
