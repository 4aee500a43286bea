//! What drivers make of a row: the aggregates that are added line by line.

use super::record::{Layout, Meta};
use super::reduce::{SourceShape, add};
use super::source::AggregatePlan;

/// Aggregates that are added line by line, by their column.
pub(crate) struct RowPlans {
    /// Those that count every line.
    every: Vec<usize>,
    /// Those that count lines, and the filter bit a line needs.
    counts: Vec<(usize, u32)>,
    /// Those that add a value up, with its number and the filter bit a line needs, if any.
    sums: Vec<(usize, usize, Option<u32>)>,
}

impl RowPlans {
    /// Into the aggregates of a customer.
    pub(crate) fn of_rows(shape: &SourceShape) -> Self {
        Self::new(shape, Some)
    }

    /// Into the aggregates of a customer × product group.
    pub(crate) fn of_cells(shape: &SourceShape, line_aggregates: &[usize]) -> Self {
        Self::new(shape, |index| line_aggregates.iter().position(|wanted| *wanted == index))
    }

    fn new(shape: &SourceShape, column_of: impl Fn(usize) -> Option<usize>) -> Self {
        let mut plans = Self { every: Vec::new(), counts: Vec::new(), sums: Vec::new() };
        let mask = |filter: u8| 1_u32 << filter;
        for (index, plan) in &shape.aggregates {
            let Some(column) = column_of(*index) else { continue };
            match *plan {
                AggregatePlan::Count { filter: None } | AggregatePlan::Any { filter: None } => {
                    plans.every.push(column);
                }
                AggregatePlan::Count { filter: Some(filter) }
                | AggregatePlan::Any { filter: Some(filter) } => {
                    plans.counts.push((column, mask(filter)));
                }
                AggregatePlan::Sum { value, filter } => plans.sums.push((column, value, filter.map(mask))),
                AggregatePlan::Orders { .. } | AggregatePlan::Distinct { .. } => {}
            }
        }
        plans
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.every.is_empty() && self.counts.is_empty() && self.sums.is_empty()
    }

    /// Adds what a line counts for; true if a sum left 64 bits.
    #[inline(always)]
    pub(crate) fn add(&self, sums: &mut [i64], layout: &Layout, meta: Meta, line: &[u64]) -> bool {
        let filters = meta.filters();
        self.every.iter().for_each(|column| sums[*column] += 1);
        if filters != 0 {
            self.counts.iter().for_each(|(column, mask)| sums[*column] += i64::from(filters & mask != 0));
        }
        let mut overflow = false;
        for (column, value, mask) in &self.sums {
            if mask.is_none_or(|mask| filters & mask != 0) {
                add(&mut sums[*column], layout.value(line, *value), &mut overflow);
            }
        }
        overflow
    }
}
