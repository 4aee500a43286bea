//! What drivers make of the lines and orders of a source.

use super::orders::{ANY, OrderLayout};
use super::record::{Layout, Meta};
use super::sums::add;
use crate::facts::inputs::source::AggregatePlan;
use crate::pipeline::Duplicates;

/// What the reduction knows of a source.
#[derive(Debug, Clone)]
pub(crate) struct SourceShape {
    pub(crate) is_sale: bool,
    /// How many values its lines have; the last is the book, where there are any.
    pub(crate) values: usize,
    /// Whether lines are added up by book and, if so, which values are revenue and discount in the line's own currency.
    pub(crate) books: Option<Option<[usize; 2]>>,
    /// Whether repeated lines are looked for, by their keys.
    pub(crate) is_checked: bool,
    pub(crate) duplicates: Duplicates,
    pub(crate) aggregates: Vec<(usize, AggregatePlan)>,
}

impl SourceShape {
    /// Whether some driver counts or adds up every row, whatever its filters say.
    pub(crate) fn takes_all(&self) -> bool {
        self.aggregates.iter().any(|(_, plan)| plan.takes_all(self.is_sale))
    }
}

/// Aggregates that are added line by line, by their column.
pub(crate) struct LinePlans {
    /// Those that count every line.
    every: Vec<usize>,
    /// Those that count lines, and the filter bit a line needs.
    counts: Vec<(usize, u32)>,
    /// All those bits.
    counted: u32,
    /// Those that add a value up, with its number and the filter bit a line needs, if any.
    sums: Vec<(usize, usize, Option<u32>)>,
}

impl LinePlans {
    /// Into the aggregates of a customer.
    pub(crate) fn of_rows(shape: &SourceShape) -> Self {
        Self::new(shape, Some)
    }

    /// Into the aggregates of a customer × product group.
    pub(crate) fn of_cells(shape: &SourceShape, line_aggregates: &[usize]) -> Self {
        Self::new(shape, |index| line_aggregates.iter().position(|wanted| *wanted == index))
    }

    /// Into the aggregates of an order. Orders are counted by their bits.
    pub(crate) fn of_orders(shape: &SourceShape, order_aggregates: &[usize]) -> Self {
        Self::new(shape, |index| order_aggregates.iter().position(|wanted| *wanted == index))
    }

    fn new(shape: &SourceShape, column_of: impl Fn(usize) -> Option<usize>) -> Self {
        let mut plans = Self { every: Vec::new(), counts: Vec::new(), counted: 0, sums: Vec::new() };
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
                    plans.counted |= mask(filter);
                }
                AggregatePlan::Sum { value, filter } => plans.sums.push((column, value, filter.map(mask))),
                AggregatePlan::Money { value } => plans.sums.push((column, value, None)),
                AggregatePlan::Orders { .. } | AggregatePlan::Distinct { .. } => {}
            }
        }
        plans
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.every.is_empty() && self.counts.is_empty() && self.sums.is_empty()
    }

    /// Whether none adds up values.
    pub(crate) fn only_count(&self) -> bool {
        self.sums.is_empty()
    }

    /// Counts lines, whatever is in them.
    #[inline(always)]
    pub(crate) fn count(&self, sums: &mut [i64], lines: u64) {
        self.every.iter().for_each(|column| sums[*column] += lines.cast_signed());
    }

    /// Counts a line where a filter asks for it.
    #[inline(always)]
    pub(crate) fn count_some(&self, sums: &mut [i64], meta: Meta) {
        let filters = meta.filters();
        if filters & self.counted != 0 {
            self.counts.iter().for_each(|(column, mask)| sums[*column] += i64::from(filters & mask != 0));
        }
    }

    /// Adds the values of a line; true if a sum left 64 bits.
    #[inline(always)]
    pub(crate) fn add(&self, sums: &mut [i64], layout: &Layout, meta: Meta, line: &[u64]) -> bool {
        let mut overflow = false;
        for (column, value, mask) in &self.sums {
            if mask.is_none_or(|mask| meta.filters() & mask != 0) {
                add(&mut sums[*column], layout.value(line, *value), &mut overflow);
            }
        }
        overflow
    }
}

/// What is kept of orders, and how their bits count.
pub(crate) fn order_layout(
    shapes: &[SourceShape],
    order_aggregates: &[usize],
    dimensions: usize,
    several: i64,
) -> OrderLayout {
    let plans = || shapes.iter().flat_map(|shape| &shape.aggregates);
    let counted = |wanted: &usize| match plans().find(|(index, _)| index == wanted)?.1 {
        AggregatePlan::Orders { filter } => Some(bits_of(filter)),
        _ => None,
    };
    OrderLayout { aggregates: order_aggregates.iter().map(counted).collect(), dimensions, several }
}

/// The bits that an order needs to be counted.
fn bits_of(filter: Option<u8>) -> u64 {
    filter.map_or(ANY, |bit| 1 << bit)
}

/// Aggregates that a customer's rows settle only when all of them are in, by their column.
pub(crate) struct Closing {
    /// Those that count orders, and the bits an order needs.
    pub(crate) orders: Vec<(usize, u64)>,
    /// Those that are 1 at most.
    pub(crate) any: Vec<usize>,
}

impl Closing {
    pub(crate) fn new(shapes: &[SourceShape]) -> Self {
        let mut closing = Self { orders: Vec::new(), any: Vec::new() };
        for (index, plan) in shapes.iter().flat_map(|shape| &shape.aggregates) {
            match *plan {
                AggregatePlan::Orders { filter } => closing.orders.push((*index, bits_of(filter))),
                AggregatePlan::Any { .. } => closing.any.push(*index),
                _ => {}
            }
        }
        closing
    }
}
