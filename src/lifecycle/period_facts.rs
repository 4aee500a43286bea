//! What lifecycle reads of the facts by period, for the customers of a window of slices.

use crate::error::Result;
use crate::facts::FactSet;
use rayon::prelude::*;
use std::ops::Range;

/// Facts by period of the customers of a window.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeriodFacts(Vec<Columns>);

/// The columns of one period, each part ascending by rank.
#[derive(Debug, Clone, Default)]
struct Columns {
    /// Product groups with a sale line.
    bought: Members,
    /// Declared channels with volume.
    used: Members,
    prices: Prices,
}

/// Rank and member of a row.
#[derive(Debug, Clone, Default)]
struct Members {
    ranks: Vec<u32>,
    members: Vec<u32>,
}

/// What customers were asked for, what was taken off, and what came back.
#[derive(Debug, Clone, Default)]
struct Prices {
    ranks: Vec<u32>,
    discount: Vec<i64>,
    returns: Vec<i64>,
    list_revenue: Vec<i64>,
}

/// Those of one customer and period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CustomerPrices {
    pub(crate) discount: i64,
    pub(crate) returns: i64,
    pub(crate) list_revenue: i64,
}

/// Rows of one period that are about the customers of a slice: the place of each row's customer in the slice, and its
/// values.
#[derive(Debug, Clone)]
pub(crate) struct SliceFacts<'f> {
    columns: &'f Columns,
    ranks: Range<usize>,
}

impl PeriodFacts {
    /// Reads every period for these customers. `channels` are, by declared channel, the aggregates that tell of its use;
    /// prices are read of the periods of which `has_prices` says so.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub(crate) fn read(
        facts: &FactSet,
        ranks: &Range<usize>,
        channels: &[Vec<usize>],
        has_prices: impl Fn(usize) -> bool + Sync,
    ) -> Result<Self> {
        let periods = (0..facts.periods.len()).into_par_iter();
        let columns = periods.map(|period| Columns::read(facts, period, ranks, channels, has_prices(period)));
        columns.collect::<Result<_>>().map(Self)
    }

    /// The facts of a period about these customers.
    pub(crate) fn of_slice(&self, period: usize, ranks: &Range<usize>) -> SliceFacts<'_> {
        SliceFacts { columns: &self.0[period], ranks: ranks.clone() }
    }
}

impl Columns {
    fn read(
        facts: &FactSet,
        period: usize,
        ranks: &Range<usize>,
        channels: &[Vec<usize>],
        has_prices: bool,
    ) -> Result<Self> {
        let rows = facts.product_facts(period, ranks.clone())?;
        let mut bought = Members::default();
        for (row, _) in rows.lines.iter().enumerate().filter(|(_, lines)| **lines > 0) {
            bought.push(rows.ranks[row], rows.groups[row] as usize);
        }
        let mut columns = Self { bought, ..Self::default() };
        if channels.is_empty() && !has_prices {
            return Ok(columns);
        }
        let rows = facts.customer_facts(period, ranks.clone())?;
        for (row, rank) in rows.ranks.iter().enumerate() {
            for (channel, aggregates) in channels.iter().enumerate() {
                if aggregates.iter().any(|aggregate| rows.aggregates[*aggregate][row] != 0) {
                    columns.used.push(*rank, channel);
                }
            }
        }
        if has_prices {
            columns.prices = Prices {
                ranks: rows.ranks,
                discount: rows.discount,
                returns: rows.returns,
                list_revenue: rows.list_revenue,
            };
        }
        Ok(columns)
    }
}

impl Members {
    fn push(&mut self, rank: u32, member: usize) {
        self.ranks.push(rank);
        self.members.push(u32::try_from(member).expect("groups and channels are fewer than 2^32"));
    }

    fn of_slice(&self, ranks: &Range<usize>) -> impl Iterator<Item = (usize, usize)> {
        let rows = rows(&self.ranks, ranks);
        let start = ranks.start;
        let pairs = self.ranks[rows.clone()].iter().zip(&self.members[rows]);
        pairs.map(move |(rank, member)| (*rank as usize - start, *member as usize))
    }
}

/// The rows of these ranks among ascending ones.
fn rows(known: &[u32], ranks: &Range<usize>) -> Range<usize> {
    let place = |bound: usize| known.partition_point(|rank| (*rank as usize) < bound);
    place(ranks.start)..place(ranks.end)
}

impl SliceFacts<'_> {
    /// Customers and their product groups with a sale line.
    pub(crate) fn bought(&self) -> impl Iterator<Item = (usize, usize)> {
        self.columns.bought.of_slice(&self.ranks)
    }

    /// Customers and the declared channels they used.
    pub(crate) fn used(&self) -> impl Iterator<Item = (usize, usize)> {
        self.columns.used.of_slice(&self.ranks)
    }

    /// Customers with discount, returns and list revenue.
    pub(crate) fn prices(&self) -> impl Iterator<Item = (usize, CustomerPrices)> {
        let prices = &self.columns.prices;
        let start = self.ranks.start;
        rows(&prices.ranks, &self.ranks).map(move |row| {
            let (discount, returns) = (prices.discount[row], prices.returns[row]);
            let of_row = CustomerPrices { discount, returns, list_revenue: prices.list_revenue[row] };
            (prices.ranks[row] as usize - start, of_row)
        })
    }
}

#[cfg(test)]
impl PeriodFacts {
    /// Of rank and product group by period.
    pub(crate) fn of_groups(periods: &[&[(u32, usize)]]) -> Self {
        let mut facts = Self::default();
        for rows in periods {
            let mut columns = Columns::default();
            rows.iter().for_each(|(rank, group)| columns.bought.push(*rank, *group));
            facts.0.push(columns);
        }
        facts
    }
}
