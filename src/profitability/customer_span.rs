//! What consecutive customers had in a span of periods, as bridges see it.

use super::columns::{Values, add_at};
use super::customer_change::BELOW_CONTRIBUTION;
use super::effects::too_large;
use super::sold::Sold;
use crate::error::Result;
use crate::facts::schema::ProductFacts;
use arrow::buffer::ScalarBuffer;
use std::ops::Range;

/// Columns parallel to `ranks`.
#[derive(Clone)]
pub(crate) struct CustomerSpan {
    /// Ascending, distinct.
    pub(crate) ranks: ScalarBuffer<u32>,
    /// Sale lines.
    pub(crate) lines: Values,
    /// By service: driver volume.
    pub(crate) volumes: Vec<Values>,
    /// By service: driver volume of all customers before the first of these.
    pub(crate) volumes_before: Vec<i64>,
    /// By service.
    pub(crate) costs: Vec<Values>,
    /// Where the run has such a line.
    pub(crate) below: [Option<Values>; BELOW_CONTRIBUTION.len()],
    pub(crate) cells: SpanCells,
}

/// The lines of customers by product group, in the order of both.
#[derive(Clone)]
pub(crate) struct SpanCells {
    ranks: ScalarBuffer<u32>,
    groups: ScalarBuffer<u32>,
    /// Units, list revenue, discount, returns, product cost.
    columns: [Values; 5],
}

impl From<ProductFacts> for SpanCells {
    fn from(facts: ProductFacts) -> Self {
        let columns = [facts.units, facts.list_revenue, facts.discount, facts.returns, facts.product_cost];
        Self { ranks: facts.ranks.into(), groups: facts.groups.into(), columns: columns.map(Values::from) }
    }
}

impl SpanCells {
    /// Those of the customers of these ranks, without a copy.
    pub(crate) fn of_ranks(&self, ranks: &Range<usize>) -> Self {
        let bound = |rank: usize| self.ranks.partition_point(|known| (*known as usize) < rank);
        let (start, length) = (bound(ranks.start), bound(ranks.end) - bound(ranks.start));
        Self {
            ranks: self.ranks.slice(start, length),
            groups: self.groups.slice(start, length),
            columns: std::array::from_fn(|column| self.columns[column].slice(start, length)),
        }
    }

    /// The cells of a customer, who comes after all asked for before; `next` is where they begin.
    pub(crate) fn take(&self, rank: u32, next: &mut usize) -> Range<usize> {
        let first = *next;
        while self.ranks.get(*next) == Some(&rank) {
            *next += 1;
        }
        first..*next
    }

    /// The product group of a cell.
    pub(crate) fn group(&self, cell: usize) -> u32 {
        self.groups[cell]
    }

    /// What the lines of a cell add up to.
    pub(crate) fn sold(&self, cell: usize) -> Sold {
        let [units, list_revenue, discount, returns, product_cost] =
            std::array::from_fn(|column| i128::from(self.columns[column][cell]));
        Sold { units, list_revenue, discount, returns, product_cost }
    }

    /// Cells of several spans together. `groups` are all product groups.
    fn sum(spans: &[&Self], groups: usize) -> Result<Self> {
        let mut next = vec![0; spans.len()];
        let (mut ranks, mut sold) = (Vec::new(), Vec::new());
        let mut columns: [Vec<i64>; 5] = Default::default();
        let mut sums = GroupSums::new(groups);
        while let Some(rank) = spans.iter().zip(&next).filter_map(|(span, next)| span.ranks.get(*next)).min()
        {
            for (span, next) in spans.iter().zip(&mut next) {
                for cell in span.take(*rank, next) {
                    sums.add(span.groups[cell], std::array::from_fn(|column| span.columns[column][cell]))?;
                }
            }
            for (group, values) in sums.drain() {
                ranks.push(*rank);
                sold.push(group);
                columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
            }
        }
        Ok(Self { ranks: ranks.into(), groups: sold.into(), columns: columns.map(Values::from) })
    }
}

impl CustomerSpan {
    /// Spans of the customers of a slice together. Each column is added up where a customer's rank says, once for all
    /// spans: merged two by two, a year of months would be copied eleven times.
    ///
    /// # Errors
    /// A sum beyond 64 bits.
    pub(crate) fn sum(spans: &[&Self], slice: &Range<usize>, groups: usize) -> Result<Self> {
        let ranks = union(spans, slice);
        let column = |of: &dyn Fn(&Self) -> &Values| -> Result<Values> {
            let mut sums = vec![0; slice.len()];
            for span in spans {
                add_at("bridge", &mut sums, slice.start, &span.ranks, of(span))?;
            }
            Ok(ranks.iter().map(|rank| sums[*rank as usize - slice.start]).collect())
        };
        let services = 0..spans[0].volumes.len();
        let mut below = [const { None }; BELOW_CONTRIBUTION.len()];
        for (line, sum) in below.iter_mut().enumerate() {
            if spans.iter().all(|span| span.below[line].is_some()) {
                *sum = Some(column(&|span| span.below[line].as_ref().expect("every span has this line"))?);
            }
        }
        let before = |service: usize| {
            let mut volumes = spans.iter().map(|span| span.volumes_before[service]);
            volumes.try_fold(0_i64, i64::checked_add).ok_or_else(too_large)
        };
        let cells: Vec<&SpanCells> = spans.iter().map(|span| &span.cells).collect();
        Ok(Self {
            lines: column(&|span| &span.lines)?,
            volumes: services
                .clone()
                .map(|place| column(&|span| &span.volumes[place]))
                .collect::<Result<_>>()?,
            volumes_before: services.clone().map(before).collect::<Result<_>>()?,
            costs: services.map(|place| column(&|span| &span.costs[place])).collect::<Result<_>>()?,
            below,
            cells: SpanCells::sum(&cells, groups)?,
            ranks: ranks.into(),
        })
    }
}

/// The customers of a slice who are in any of the spans, ascending.
fn union(spans: &[&CustomerSpan], slice: &Range<usize>) -> Vec<u32> {
    let mut is_present = vec![false; slice.len()];
    for rank in spans.iter().flat_map(|span| span.ranks.iter()) {
        is_present[*rank as usize - slice.start] = true;
    }
    let rank = |place: usize| u32::try_from(slice.start + place).expect("ranks fit 32 bits");
    let present = is_present.iter().enumerate().filter(|(_, is_present)| **is_present);
    present.map(|(place, _)| rank(place)).collect()
}

/// Sums of one customer's cells by product group, without an allocation for each customer.
struct GroupSums {
    sums: Vec<[i64; 5]>,
    is_sold: Vec<bool>,
    /// Those that are sold, in the order they were met.
    sold: Vec<u32>,
}

impl GroupSums {
    fn new(groups: usize) -> Self {
        Self { sums: vec![[0; 5]; groups], is_sold: vec![false; groups], sold: Vec::new() }
    }

    fn add(&mut self, group: u32, values: [i64; 5]) -> Result<()> {
        let place = group as usize;
        if !self.is_sold[place] {
            self.is_sold[place] = true;
            self.sold.push(group);
        }
        for (sum, value) in self.sums[place].iter_mut().zip(values) {
            *sum = sum.checked_add(value).ok_or_else(too_large)?;
        }
        Ok(())
    }

    /// What was sold, in the order of product groups; nothing is left.
    fn drain(&mut self) -> impl Iterator<Item = (u32, [i64; 5])> {
        let Self { sums, is_sold, sold } = self;
        sold.sort_unstable();
        sold.drain(..).map(|group| {
            is_sold[group as usize] = false;
            (group, std::mem::take(&mut sums[group as usize]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Rows = BTreeMap<u32, i64>;

    fn span(rows: &Rows) -> CustomerSpan {
        let column = |factor: i64| rows.values().map(|value| factor * value).collect::<Vec<i64>>().into();
        let cells = SpanCells {
            ranks: rows.keys().map(|key| key / 4).collect(),
            groups: rows.keys().map(|key| key % 4).collect(),
            columns: [1, 2, 3, 4, 5].map(column),
        };
        CustomerSpan {
            ranks: rows.keys().copied().collect(),
            lines: column(1),
            volumes: vec![column(2)],
            volumes_before: vec![10],
            costs: vec![column(3)],
            below: [Some(column(4)), None, None, Some(column(5))],
            cells,
        }
    }

    proptest! {
        #[test]
        fn spans_add_up_by_customer_and_cell(
            one in prop::collection::btree_map(0..30_u32, -9..9_i64, 0..20),
            other in prop::collection::btree_map(0..30_u32, -9..9_i64, 0..20),
        ) {
            let mut both = one.clone();
            other.iter().for_each(|(key, value)| *both.entry(*key).or_insert(0) += value);
            let (one, other) = (span(&one), span(&other));
            let (found, expected) = (CustomerSpan::sum(&[&one, &other], &(0..30), 4).unwrap(), span(&both));
            prop_assert_eq!(&found.ranks[..], &expected.ranks[..]);
            prop_assert_eq!(&found.lines[..], &expected.lines[..]);
            prop_assert_eq!((&found.volumes, &found.costs), (&expected.volumes, &expected.costs));
            prop_assert_eq!((&found.below, found.volumes_before), (&expected.below, vec![20]));
            prop_assert_eq!(&found.cells.ranks[..], &expected.cells.ranks[..]);
            prop_assert_eq!(&found.cells.groups[..], &expected.cells.groups[..]);
            prop_assert_eq!(&found.cells.columns, &expected.cells.columns);
        }
    }
}
