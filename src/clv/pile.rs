//! Histories of purchases on their way into counts: a merge sort whose runs are counts.

use super::models::Counts;
use super::past::Times;

/// Customers of a pile that are counted at once.
const PILE: usize = 1 << 20;

/// Customers on their way into counts: sorted by the pile, and piles of like size merged.
#[derive(Default)]
pub(crate) struct Pile {
    purchases: Vec<u32>,
    last: Vec<u32>,
    age: Vec<u32>,
    counts: Vec<Counts>,
}

impl Pile {
    pub(crate) fn push(&mut self, times: &Times) {
        self.purchases.push(times.repeats());
        self.last.push(times.last_days());
        self.age.push(times.age_days());
        if self.purchases.len() == PILE {
            self.sort();
        }
    }

    fn sort(&mut self) {
        let mut counts = Counts::of_columns(&self.purchases, &self.last, &self.age);
        [&mut self.purchases, &mut self.last, &mut self.age].into_iter().for_each(Vec::clear);
        while let Some(smaller) = self.counts.pop_if(|top| top.rows().len() <= 2 * counts.rows().len()) {
            counts = merged(&smaller, &counts);
        }
        self.counts.push(counts);
    }

    pub(crate) fn finish(mut self) -> Counts {
        self.sort();
        self.counts.into_iter().rev().reduce(|small, large| merged(&large, &small)).unwrap_or_default()
    }
}

/// The customers of both.
pub(crate) fn merged(a: &Counts, b: &Counts) -> Counts {
    if a.rows().is_empty() {
        b.clone()
    } else if b.rows().is_empty() {
        a.clone()
    } else {
        a.merge(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn piles_hold_the_counts_of_all_customers() {
        let mut pile = Pile::default();
        let times = |last| Times { first: 0, last, purchases: 1 + u32::from(last > 0), seen: 9 };
        [0, 5, 0, 3].map(times).iter().for_each(|times| pile.push(times));
        pile.sort();
        [5, 0].map(times).iter().for_each(|times| pile.push(times));
        let counts = pile.finish();
        let rows: Vec<_> = counts.rows().iter().map(|row| (row.last_purchase_days, row.customers)).collect();
        assert_eq!(rows, [(0, 3), (3, 1), (5, 2)]);
    }
}
