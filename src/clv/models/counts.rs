//! How many customers share a history: the sufficient statistic of every model in this folder.
//!
//! A model sees of a customer three whole numbers: repeat purchases x, the day t_x of the last one and the age T, both
//! in days since the first purchase. Counts of them merge exactly, whatever part of the customers each was made from.

use rayon::prelude::*;
use std::ops::Range;

/// Bits for each of x, t_x and T in a packed history: 5741 years of days.
const BITS: u32 = 21;

/// Customers with one history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountRow {
    /// x: days with a purchase after the first one.
    pub purchases: u32,
    /// t_x: days from the first purchase to the last; 0 without repeat purchase.
    pub last_purchase_days: u32,
    /// T: days from the first purchase to the last day observed.
    pub age_days: u32,
    /// How many customers have this history; at least 1.
    pub customers: u64,
}

/// Distinct histories with their customers, ascending by (x, t_x, T).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    rows: Vec<CountRow>,
}

impl Counts {
    /// Counts customers given as (x, t_x, T), in any order.
    ///
    /// # Panics
    /// When a history cannot be: t_x > T, or only one of x and t_x is 0.
    pub fn of_customers(customers: impl IntoIterator<Item = (u32, u32, u32)>) -> Self {
        Self::of_packed(customers.into_iter().map(|(x, last, age)| pack(x, last, age)).collect())
    }

    /// Counts customers given as columns of equal length, on all threads.
    ///
    /// # Panics
    /// As [`Counts::of_customers`].
    pub fn of_columns(purchases: &[u32], last_purchase_days: &[u32], age_days: &[u32]) -> Self {
        assert_eq!(purchases.len(), last_purchase_days.len(), "one last purchase per customer");
        assert_eq!(purchases.len(), age_days.len(), "one age per customer");
        let days = last_purchase_days.par_iter().zip(age_days);
        Self::of_packed(
            purchases.par_iter().zip(days).map(|(&x, (&last, &age))| pack(x, last, age)).collect(),
        )
    }

    /// Counts from rows in any order; rows of one history are added up, rows without customers dropped.
    ///
    /// # Panics
    /// As [`Counts::of_customers`].
    pub fn of_rows(rows: impl IntoIterator<Item = CountRow>) -> Self {
        let mut rows: Vec<_> = rows.into_iter().filter(|row| row.customers > 0).collect();
        rows.par_sort_unstable_by_key(CountRow::packed);
        rows.dedup_by(|next, kept| {
            let is_same = next.packed() == kept.packed();
            kept.customers += if is_same { next.customers } else { 0 };
            is_same
        });
        Self { rows }
    }

    fn of_packed(mut histories: Vec<u64>) -> Self {
        histories.par_sort_unstable();
        let rows =
            histories.chunk_by(|left, right| left == right).map(|same| CountRow::unpack(same[0], same.len()));
        Self { rows: rows.collect() }
    }

    /// The customers of both.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        Self::of_rows(self.rows.iter().chain(&other.rows).copied())
    }

    /// The distinct histories, ascending by (x, t_x, T).
    pub fn rows(&self) -> &[CountRow] {
        &self.rows
    }

    /// All customers.
    pub fn customers(&self) -> u64 {
        self.rows.iter().map(|row| row.customers).sum()
    }

    /// Customers with x > 0.
    pub fn repeaters(&self) -> u64 {
        self.rows.iter().filter(|row| row.purchases > 0).map(|row| row.customers).sum()
    }

    /// Repeat purchases of all customers.
    pub fn purchases(&self) -> u64 {
        self.rows.iter().map(|row| u64::from(row.purchases) * row.customers).sum()
    }

    /// Days observed, summed over customers.
    pub fn age_days(&self) -> u128 {
        self.rows.iter().map(|row| u128::from(row.age_days) * u128::from(row.customers)).sum()
    }

    /// For each number of purchases that occurs, ascending, where its rows stand.
    pub(super) fn by_purchases(&self) -> Vec<(u32, Range<usize>)> {
        let mut start = 0;
        let groups = self.rows.chunk_by(|left, right| left.purchases == right.purchases);
        groups
            .map(|group| {
                let range = start..start + group.len();
                start = range.end;
                (group[0].purchases, range)
            })
            .collect()
    }
}

impl CountRow {
    fn packed(&self) -> u64 {
        pack(self.purchases, self.last_purchase_days, self.age_days)
    }

    fn unpack(history: u64, customers: usize) -> Self {
        let field =
            |shift: u32| u32::try_from((history >> shift) & ((1 << BITS) - 1)).expect("21 bits fit 32");
        Self {
            purchases: field(2 * BITS),
            last_purchase_days: field(BITS),
            age_days: field(0),
            customers: customers as u64,
        }
    }
}

/// One integer that orders as (x, t_x, T).
fn pack(purchases: u32, last: u32, age: u32) -> u64 {
    let is_possible = last <= age && (purchases > 0) == (last > 0) && purchases.max(age) < 1 << BITS;
    assert!(is_possible, "{purchases} repeat purchases, the last on day {last} of {age}, cannot be");
    u64::from(purchases) << (2 * BITS) | u64::from(last) << BITS | u64::from(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOMERS: [(u32, u32, u32); 6] =
        [(2, 213, 272), (0, 0, 272), (1, 12, 272), (0, 0, 189), (2, 213, 272), (0, 0, 272)];

    #[test]
    fn customers_of_one_history_are_one_row() {
        let counts = Counts::of_customers(CUSTOMERS);
        let rows: Vec<_> =
            counts.rows().iter().map(|row| (row.purchases, row.age_days, row.customers)).collect();
        assert_eq!(rows, [(0, 189, 1), (0, 272, 2), (1, 272, 1), (2, 272, 2)]);
        assert_eq!((counts.customers(), counts.repeaters(), counts.purchases()), (6, 3, 5));
        assert_eq!(counts.age_days(), 5 * 272 + 189);
        assert_eq!(counts.by_purchases(), [(0, 0..2), (1, 2..3), (2, 3..4)]);
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let whole = Counts::of_customers(CUSTOMERS);
        for cut in 0..=CUSTOMERS.len() {
            let (left, right) = CUSTOMERS.split_at(cut);
            assert_eq!(
                Counts::of_customers(left.to_vec()).merge(&Counts::of_customers(right.to_vec())),
                whole
            );
        }
        let column = |pick: fn(&(u32, u32, u32)) -> u32| CUSTOMERS.iter().map(pick).collect::<Vec<_>>();
        assert_eq!(Counts::of_columns(&column(|c| c.0), &column(|c| c.1), &column(|c| c.2)), whole);
    }

    #[test]
    #[should_panic(expected = "1 repeat purchases, the last on day 0 of 9, cannot be")]
    fn a_repeat_purchase_on_the_first_day_is_impossible() {
        Counts::of_customers([(1, 0, 9)]);
    }
}
