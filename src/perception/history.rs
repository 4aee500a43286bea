//! When customers bought, from their days: whether somebody bought within a window, who bought in each tracking period.
//!
//! Days are read period by period; those of the customers asked for are kept, of the others only what is counted.

use super::baseline::Baseline;
use super::cell::Cell;
use super::cuts::{Cuts, Slice};
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::DayFacts;
use std::collections::BTreeMap;

/// Purchases, as far as the questions of perception need them.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    /// Rank and day of each purchase of the customers asked for, ascending.
    purchases: Vec<(u32, i32)>,
    /// Customers with a purchase, by segment and tracking period, and over the whole history.
    pub(crate) active: BTreeMap<Slice, i64>,
}

impl History {
    /// Reads every period; keeps the purchases of the customers that `is_asked` marks, by rank, and tells the baseline.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub(crate) fn read(
        facts: &FactSet,
        cuts: &Cuts,
        is_asked: &[bool],
        mut baseline: Option<&mut Baseline>,
    ) -> Result<Self> {
        let mut history = Self::default();
        let mut counted = vec![i32::MIN; is_asked.len()];
        for period in 0..facts.periods.len() {
            let days = facts.day_facts(period)?;
            history.add(cuts, &days, is_asked, &mut counted);
            if let Some(baseline) = &mut baseline {
                baseline.add(cuts, &days);
            }
        }
        history.purchases.sort_unstable();
        Ok(history)
    }

    /// Takes over a period. `counted` is the tracking period in which each customer was counted last.
    fn add(&mut self, cuts: &Cuts, days: &DayFacts, is_asked: &[bool], counted: &mut [i32]) {
        let Some(first) = days.days.iter().min().copied() else { return };
        let last = days.days.iter().max().copied().unwrap_or(first);
        // A period has few days and many rows.
        let tracking: Vec<i32> = (first..=last).map(|day| cuts.period(day)).collect();
        for (rank, day) in purchases(days, 0) {
            let place = rank as usize;
            let Some(counted) = counted.get_mut(place) else { continue };
            let period = tracking[usize::try_from(day - first).expect("no day is before the first")];
            if period > *counted {
                self.count(cuts, rank, period, *counted == i32::MIN);
                *counted = period;
            }
            if is_asked[place] {
                self.purchases.push((rank, day));
            }
        }
    }

    /// Counts a customer once per tracking period and once over the whole history; periods come in order.
    fn count(&mut self, cuts: &Cuts, rank: u32, period: i32, is_first: bool) {
        for slice in cuts.segments(rank) {
            *self.active.entry(slice.over(period)).or_default() += 1;
            if is_first {
                *self.active.entry(slice).or_default() += 1;
            }
        }
    }

    /// Whether the customer bought on a day of `from..until`.
    pub(crate) fn bought(&self, rank: u32, from: i32, until: i32) -> bool {
        let next = self.purchases.partition_point(|purchase| *purchase < (rank, from));
        self.purchases.get(next).is_some_and(|purchase| *purchase < (rank, until))
    }

    /// How recent the customer was on a day and how often it had bought; none without a purchase before the day.
    pub(crate) fn cell(&self, rank: u32, day: i32) -> Option<Cell> {
        let first = self.purchases.partition_point(|purchase| *purchase < (rank, i32::MIN));
        let next = self.purchases.partition_point(|purchase| *purchase < (rank, day));
        let (_, last) = self.purchases[first..next].last()?;
        Some(Cell::of(day - last, u32::try_from(next - first).expect("a customer has few purchases")))
    }

    #[cfg(test)]
    pub(crate) fn for_test(mut purchases: Vec<(u32, i32)>) -> Self {
        purchases.sort_unstable();
        Self { purchases, active: BTreeMap::new() }
    }
}

/// Rank and day of each day with a sale line, from a row on, in order.
pub(crate) fn purchases(days: &DayFacts, from: usize) -> impl Iterator<Item = (u32, i32)> {
    let rows = days.ranks[from..].iter().zip(&days.days[from..]).zip(&days.orders[from..]);
    rows.filter(|(_, orders)| **orders > 0).map(|((rank, day), _)| (*rank, *day))
}

/// Days on which customers bought once, by rank.
#[cfg(test)]
pub(crate) fn bought(purchases: &[(u32, i32)]) -> DayFacts {
    DayFacts {
        ranks: purchases.iter().map(|purchase| purchase.0).collect(),
        days: purchases.iter().map(|purchase| purchase.1).collect(),
        orders: vec![1; purchases.len()],
        net_revenue: vec![0; purchases.len()],
        gross_margin: vec![0; purchases.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purchase_in_a_window_is_seen() {
        let history = History::for_test(vec![(1, 5), (1, 15), (1, 25), (1, 40), (2, 10), (2, 12)]);
        for (rank, from, until, bought) in [
            (1, 0, 5, false),
            (1, 0, 6, true),
            (1, 6, 15, false),
            (1, 10, 20, true),
            (1, 25, 30, true),
            (1, 26, 40, false),
            (1, 41, 99, false),
            (2, 12, 13, true),
            (3, 0, 99, false),
        ] {
            assert_eq!(history.bought(rank, from, until), bought, "{rank} {from}..{until}");
        }
    }

    #[test]
    fn a_customer_is_as_recent_and_frequent_as_its_purchases_before_the_day() {
        let history = History::for_test(vec![(0, 3), (1, 5), (1, 25), (1, 40)]);
        for (day, cell) in [
            (5, None),
            (6, Some(Cell::of(1, 1))),
            (26, Some(Cell::of(1, 2))),
            (40, Some(Cell::of(15, 2))),
            (50, Some(Cell::of(10, 3))),
        ] {
            assert_eq!(history.cell(1, day), cell, "{day}");
        }
    }

    #[test]
    fn a_customer_is_active_in_every_quarter_with_a_purchase_of_a_year() {
        let (cuts, mut history) = (Cuts::for_test(), History::default());
        // January, May and November of 1970; a return in August.
        let days = DayFacts { orders: vec![1, 2, 0, 1], ..bought(&[(0, 10), (0, 130), (0, 220), (0, 310)]) };
        history.add(&cuts, &days, &[false], &mut [i32::MIN]);
        let quarters: Vec<i32> = history.active.keys().filter_map(|slice| slice.period).collect();
        assert_eq!(quarters, [0, 90, 273]);
        assert_eq!(history.active[&Slice::ALL], 1);
        assert!(history.purchases.is_empty(), "nobody asked for them");
    }
}
