//! Customers who were won in a period without doing anything in it: rows of their own.

use crate::facts::schema::{CustomerFacts, NO_INSTANT};
use std::ops::Range;

/// A dense column of sparse (rank, value) pairs; every pair's rank is among `ranks`.
pub(crate) fn at_ranks(ranks: &[u32], pairs: &[(u32, i64)]) -> Vec<i64> {
    let mut values = vec![0; ranks.len()];
    for (rank, value) in pairs {
        let row = ranks.binary_search(rank).expect("every acquired customer has a row");
        values[row] = *value;
    }
    values
}

/// The pairs of these ranks, of pairs in the order of ranks.
pub(crate) fn of_ranks<'p>(pairs: &'p [(u32, i64)], ranks: &Range<usize>) -> &'p [(u32, i64)] {
    let bound = |rank: usize| pairs.partition_point(|(known, _)| (*known as usize) < rank);
    &pairs[bound(ranks.start)..bound(ranks.end)]
}

/// Adds an empty row for each acquired customer who has none.
pub(crate) fn with_rows_for(facts: CustomerFacts, acquired: &[(u32, i64)]) -> CustomerFacts {
    let missing: Vec<(usize, u32)> = acquired
        .iter()
        .filter_map(|(rank, _)| facts.ranks.binary_search(rank).err().map(|row| (row, *rank)))
        .collect();
    if missing.is_empty() {
        return facts;
    }
    let zero = |column: Vec<i64>| insert(&column, &missing, |_| 0);
    let never = |column: Vec<i64>| insert(&column, &missing, |_| NO_INSTANT);
    CustomerFacts {
        ranks: insert(&facts.ranks, &missing, |rank| rank),
        lines: zero(facts.lines),
        orders: zero(facts.orders),
        active_days: zero(facts.active_days),
        units: zero(facts.units),
        returned_units: zero(facts.returned_units),
        list_revenue: zero(facts.list_revenue),
        discount: zero(facts.discount),
        returns: zero(facts.returns),
        product_cost: zero(facts.product_cost),
        first_order_at: never(facts.first_order_at),
        last_order_at: never(facts.last_order_at),
        aggregates: facts.aggregates.into_iter().map(zero).collect(),
    }
}

/// `column` with a new value before each of the rows.
fn insert<T: Copy>(column: &[T], rows: &[(usize, u32)], value_of: impl Fn(u32) -> T) -> Vec<T> {
    let mut longer = Vec::with_capacity(column.len() + rows.len());
    let mut copied = 0;
    for &(row, rank) in rows {
        longer.extend_from_slice(&column[copied..row]);
        longer.push(value_of(rank));
        copied = row;
    }
    longer.extend_from_slice(&column[copied..]);
    longer
}
