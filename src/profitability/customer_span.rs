//! What consecutive customers had in a span of periods, as bridges see it.

use super::columns::Values;
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

    fn add(&self, other: &Self) -> Result<Self> {
        let key = |(rank, group): (&u32, &u32)| u64::from(*rank) << 32 | u64::from(*group);
        let keys = |cells: &Self| cells.ranks.iter().zip(cells.groups.iter()).map(key).collect::<Vec<_>>();
        let union = Union::of(&keys(self), &keys(other));
        let part = |shift: u32| {
            let parts = union.keys.iter().map(move |key| u32::try_from(key >> shift & 0xffff_ffff));
            parts.map(|part| part.expect("32 bits")).collect::<ScalarBuffer<u32>>()
        };
        let mut columns = self.columns.clone();
        for (column, more) in columns.iter_mut().zip(&other.columns) {
            *column = union.sum(column, more)?;
        }
        Ok(Self { ranks: part(32), groups: part(0), columns })
    }
}

impl CustomerSpan {
    /// Both spans together.
    ///
    /// # Errors
    /// A sum beyond 64 bits.
    pub(crate) fn add(&self, other: &Self) -> Result<Self> {
        let keys = |span: &Self| span.ranks.iter().map(|rank| u64::from(*rank)).collect::<Vec<_>>();
        let union = Union::of(&keys(self), &keys(other));
        let columns = |columns: &[Values], more: &[Values]| {
            columns.iter().zip(more).map(|(column, more)| union.sum(column, more)).collect::<Result<Vec<_>>>()
        };
        let mut below = self.below.clone();
        for (line, more) in below.iter_mut().zip(&other.below) {
            *line = line.as_ref().zip(more.as_ref()).map(|(line, more)| union.sum(line, more)).transpose()?;
        }
        let before = self.volumes_before.iter().zip(&other.volumes_before);
        let rank = |key: &u64| u32::try_from(*key).expect("ranks fit 32 bits");
        Ok(Self {
            ranks: union.keys.iter().map(rank).collect(),
            lines: union.sum(&self.lines, &other.lines)?,
            volumes: columns(&self.volumes, &other.volumes)?,
            volumes_before: before
                .map(|(one, other)| one.checked_add(*other).ok_or_else(too_large))
                .collect::<Result<_>>()?,
            costs: columns(&self.costs, &other.costs)?,
            below,
            cells: self.cells.add(&other.cells)?,
        })
    }
}

/// The rows of two tables by key, each in the order of its keys: an outer merge.
struct Union {
    keys: Vec<u64>,
    /// Of either table.
    rows: Vec<[Option<usize>; 2]>,
}

impl Union {
    fn of(one: &[u64], other: &[u64]) -> Self {
        let mut union = Self { keys: Vec::new(), rows: Vec::new() };
        let mut next = [0, 0];
        while let Some(key) = one.get(next[0]).into_iter().chain(other.get(next[1])).min() {
            let is_next = [one.get(next[0]) == Some(key), other.get(next[1]) == Some(key)];
            union.keys.push(*key);
            union.rows.push(std::array::from_fn(|table| is_next[table].then_some(next[table])));
            next = std::array::from_fn(|table| next[table] + usize::from(is_next[table]));
        }
        union
    }

    fn sum(&self, one: &[i64], other: &[i64]) -> Result<Values> {
        let value = |column: &[i64], row: Option<usize>| row.map_or(0, |row| column[row]);
        let sums = self.rows.iter().map(|rows| value(one, rows[0]).checked_add(value(other, rows[1])));
        let sums: Option<Vec<i64>> = sums.collect();
        sums.map(Values::from).ok_or_else(too_large)
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
            let (found, expected) = (span(&one).add(&span(&other)).unwrap(), span(&both));
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
