//! When the customers of a slice bought, from their days: whether somebody bought within a window, who bought in each
//! tracking period, and how customers without complaint went on.
//!
//! Days are walked through period by period; purchases of the customers who were asked are kept, of the others only
//! what is counted.

use super::baseline::Compared;
use super::cell::Cell;
use super::comparison::{Comparison, Counting};
use super::cuts::{Cuts, Segment, Segments};
use super::rows::within;
use crate::facts::schema::DayFacts;
use crate::units::Period;
use std::collections::BTreeMap;
use std::ops::Range;

/// The tracking period of every day of the history, so that the calendar is asked once for each.
#[derive(Debug, Clone)]
pub(crate) struct Tracking {
    first_day: i32,
    /// By day since the first: the number of its period.
    number_of: Vec<u32>,
    /// First day of each period.
    starts: Vec<i32>,
}

impl Tracking {
    /// Of the days from the first of these periods to the last.
    pub(crate) fn new(cuts: &Cuts, periods: impl Iterator<Item = Period>) -> Self {
        let (mut first, mut end) = (i32::MAX, i32::MIN);
        for period in periods {
            first = first.min(period.start.0);
            end = end.max(period.end().0);
        }
        let mut tracking = Self { first_day: first, number_of: Vec::new(), starts: Vec::new() };
        for day in first..end {
            let start = cuts.period(day);
            if tracking.starts.last() != Some(&start) {
                tracking.starts.push(start);
            }
            tracking.number_of.push(u32::try_from(tracking.starts.len() - 1).expect("few periods"));
        }
        tracking
    }

    fn number(&self, day: i32) -> u32 {
        self.number_of[usize::try_from(day - self.first_day).expect("a day of the history")]
    }
}

/// What is seen of a customer so far; 0 purchases before the first.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) last: i32,
    pub(crate) purchases: u32,
}

/// A walk through the days of a slice of customers.
pub(crate) struct DayWalk<'r> {
    ranks: Range<usize>,
    pub(crate) segments: Segments,
    tracking: &'r Tracking,
    seen: Vec<Seen>,
    /// Ranks whose purchases are kept, ascending, each once.
    asked: Vec<u32>,
    purchases: Purchases,
    /// Customers with a purchase, by profile and tracking period.
    active: Vec<i64>,
    /// The same over the whole history.
    ever: Vec<i64>,
    /// Customers whom those who complained, or were dissatisfied, are compared with.
    comparisons: Vec<Comparison<'r>>,
}

/// Rank and day of each purchase of some customers, ascending.
#[derive(Debug, Clone, Default)]
pub(crate) struct Purchases(Vec<(u32, i32)>);

impl<'r> DayWalk<'r> {
    /// Before the first period. `asked` are the ranks whose purchases are kept, ascending.
    pub(crate) fn new(
        segments: Segments,
        ranks: Range<usize>,
        tracking: &'r Tracking,
        asked: Vec<u32>,
        comparisons: Vec<Comparison<'r>>,
    ) -> Self {
        let profiles = segments.profiles().len();
        Self {
            seen: vec![Seen::default(); ranks.len()],
            active: vec![0; profiles * tracking.starts.len()],
            ever: vec![0; profiles],
            comparisons,
            purchases: Purchases::default(),
            ranks,
            segments,
            tracking,
            asked,
        }
    }

    /// Takes over the days of a period. Periods come in order.
    pub(crate) fn add(&mut self, days: &DayFacts) {
        let mut asked = self.asked.iter().copied().peekable();
        let mut counting: Vec<Counting<'_>> = self.comparisons.iter_mut().map(Comparison::begin).collect();
        for row in within(&days.ranks, &self.ranks, |rank| *rank) {
            if days.orders[row] == 0 {
                continue;
            }
            let (rank, day) = (days.ranks[row], days.days[row]);
            let seen = &mut self.seen[rank as usize - self.ranks.start];
            let profile = self.segments.profile(rank);
            let period = self.tracking.number(day);
            self.ever[profile] += i64::from(seen.purchases == 0);
            if seen.purchases == 0 || self.tracking.number(seen.last) != period {
                self.active[profile * self.tracking.starts.len() + period as usize] += 1;
            }
            counting.iter_mut().for_each(|counting| counting.count(profile, rank, *seen, Some(day)));
            *seen = Seen { last: day, purchases: seen.purchases + 1 };
            while asked.next_if(|asked| *asked < rank).is_some() {}
            if asked.peek() == Some(&rank) {
                self.purchases.0.push((rank, day));
            }
        }
    }

    /// Looks at everybody up to the end; gives the purchases kept and what was counted.
    pub(crate) fn finish(mut self) -> (Segments, Purchases, Active, Vec<Compared>) {
        for mut counting in self.comparisons.iter_mut().map(Comparison::begin) {
            for (rank, seen) in (self.ranks.start..).zip(&self.seen) {
                let rank = u32::try_from(rank).expect("ranks fit 32 bits");
                counting.count(self.segments.profile(rank), rank, *seen, None);
            }
        }
        // Periods were added one after another.
        self.purchases.0.sort_unstable();
        let active = self.count_active();
        let compared = self.comparisons.into_iter().map(Comparison::finish).collect();
        (self.segments, self.purchases, active, compared)
    }

    fn count_active(&self) -> Active {
        let mut active = Active::default();
        for (profile, periods) in self.active.chunks(self.tracking.starts.len().max(1)).enumerate() {
            for segment in &self.segments.profiles()[profile] {
                for (start, customers) in
                    self.tracking.starts.iter().zip(periods).filter(|(_, found)| **found > 0)
                {
                    *active.0.entry(segment.over(*start)).or_default() += customers;
                }
            }
        }
        for (segments, customers) in
            self.segments.profiles().iter().zip(&self.ever).filter(|(_, found)| **found > 0)
        {
            for segment in segments {
                *active.0.entry(*segment).or_default() += customers;
            }
        }
        active
    }
}

/// Customers with a purchase, by segment and tracking period, and over the whole history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Active(BTreeMap<Segment, i64>);

impl Active {
    pub(crate) fn of(&self, segment: Segment) -> i64 {
        self.0.get(&segment).copied().unwrap_or(0)
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (segment, customers) in other.0 {
            *self.0.entry(segment).or_default() += customers;
        }
    }
}

impl Purchases {
    /// Whether the customer bought on a day of `from..until`.
    pub(crate) fn bought(&self, rank: u32, from: i32, until: i32) -> bool {
        let next = self.0.partition_point(|purchase| *purchase < (rank, from));
        self.0.get(next).is_some_and(|purchase| *purchase < (rank, until))
    }

    /// How recent the customer was on a day and how often it had bought; none without a purchase before the day.
    pub(crate) fn cell(&self, rank: u32, day: i32) -> Option<Cell> {
        let first = self.0.partition_point(|purchase| *purchase < (rank, i32::MIN));
        let next = self.0.partition_point(|purchase| *purchase < (rank, day));
        let (_, last) = self.0[first..next].last()?;
        Some(Cell::of(day - last, u32::try_from(next - first).expect("a customer has few purchases")))
    }

    #[cfg(test)]
    pub(crate) fn for_test(mut purchases: Vec<(u32, i32)>) -> Self {
        purchases.sort_unstable();
        Self(purchases)
    }
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
impl Tracking {
    /// Of the year 1970, by quarter.
    pub(crate) fn for_test() -> Self {
        let year = Period::containing(crate::units::PeriodKind::Year, crate::units::Day(0));
        Self::new(&Cuts::for_test(), std::iter::once(year))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purchase_in_a_window_is_seen() {
        let purchases = Purchases::for_test(vec![(1, 5), (1, 15), (1, 25), (1, 40), (2, 10), (2, 12)]);
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
            assert_eq!(purchases.bought(rank, from, until), bought, "{rank} {from}..{until}");
        }
    }

    #[test]
    fn a_customer_is_as_recent_and_frequent_as_its_purchases_before_the_day() {
        let purchases = Purchases::for_test(vec![(0, 3), (1, 5), (1, 25), (1, 40)]);
        for (day, cell) in [
            (5, None),
            (6, Some(Cell::of(1, 1))),
            (26, Some(Cell::of(1, 2))),
            (40, Some(Cell::of(15, 2))),
            (50, Some(Cell::of(10, 3))),
        ] {
            assert_eq!(purchases.cell(1, day), cell, "{day}");
        }
    }

    #[test]
    fn a_customer_is_active_in_every_quarter_with_a_purchase_of_a_year() {
        let tracking = Tracking::for_test();
        let mut walk = DayWalk::new(Segments::for_test(1), 0..1, &tracking, Vec::new(), Vec::new());
        // January, February, May and November of 1970; a return in August.
        let bought = bought(&[(0, 10), (0, 40), (0, 130), (0, 220), (0, 310)]);
        walk.add(&DayFacts { orders: vec![1, 1, 2, 0, 1], ..bought });
        let (_, purchases, active, _) = walk.finish();
        let quarters: Vec<i32> = active.0.keys().filter_map(|segment| segment.period).collect();
        assert_eq!(quarters, [0, 90, 273]);
        assert_eq!(active.of(Segment::ALL), 1);
        assert!(purchases.0.is_empty(), "nobody asked for them");
    }
}
