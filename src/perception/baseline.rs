//! The comparison group of complaints, and of dissatisfaction: who had not complained, matched exactly on recency and purchases.
//!
//! Who complains has mostly just bought, and who has just bought buys again more often than others, complaint or not. So
//! a complaint is held against customers without complaint who were as recent and had bought as often when its window
//! began: exact matching on coarsened variables, the mean difference weighted by the complaints' cells (D. E. Ho, K. Imai,
//! G. King, E. A. Stuart, "Matching as nonparametric preprocessing", Political Analysis 15 (2007), 199–236; S. M. Iacus,
//! G. King, G. Porro, "Causal inference without balance checking: coarsened exact matching", Political Analysis 20
//! (2012), 1–24).
//!
//! Customers are looked at on every day after their first purchase up to their own first complaint, as far as the day's
//! window has ended. Those who complain later belong to the group until they do: who buys for longer has more occasions
//! to complain, and to leave them out would compare with customers who were to stop (risk-set matching: Y. P. Li, K. J.
//! Propert, P. R. Rosenbaum, "Balanced risk set matching", Journal of the American Statistical Association 96 (2001),
//! 870–882). A cell that fewer than [`FEWEST`] gaps between purchases reach is pooled with those of any number of
//! purchases, then with all.

use super::cell::{CELLS, Cell};
use super::cuts::{Segment, Segments};
use super::history::Seen;
use super::recommendation::{Recommendation, Recommendations};
use super::rows::Given;
use super::sequels::Expected;
use std::collections::BTreeMap;

/// With fewer gaps a cell tells little of itself. Days of one gap are no separate observations.
const FEWEST: u64 = 20;

/// Days of customers without complaint, and those followed by a purchase in the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Points {
    /// Gaps between purchases that the days lie in.
    gaps: u64,
    days: u64,
    repurchased: u64,
    /// Referrals in the windows that begin on the days.
    referrals: u64,
}

impl Points {
    fn add(&mut self, other: &Self) {
        self.gaps += other.gaps;
        self.days += other.days;
        self.repurchased += other.repurchased;
        self.referrals += other.referrals;
    }
}

/// Customers of a slice without complaint, by profile.
#[derive(Debug, Clone)]
pub(crate) struct Compared {
    points: Vec<[Points; CELLS]>,
    /// By profile.
    customers: Vec<Uncomplaining>,
}

/// Customers with a purchase before any complaint of theirs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Uncomplaining {
    pub(crate) count: i64,
    /// What customers said before any complaint of theirs.
    pub(crate) recommended: Recommendations,
}

impl Compared {
    /// Of so many profiles.
    pub(crate) fn new(profiles: usize) -> Self {
        Self {
            points: vec![[Points::default(); CELLS]; profiles],
            customers: vec![Uncomplaining::default(); profiles],
        }
    }

    /// Counts a customer at its first purchase, if it has not complained before.
    pub(crate) fn begin(&mut self, profile: usize, day: i32, first_complaint: i32) {
        self.customers[profile].count += i64::from(day < first_complaint);
    }

    /// Counts what a customer of a profile said before any complaint of its own.
    pub(crate) fn recommend(&mut self, profile: usize, said: Recommendation) {
        self.customers[profile].recommended.add(said);
    }

    /// Where the days of customers of a profile are counted.
    pub(crate) fn points(&mut self, profile: usize) -> &mut [Points; CELLS] {
        &mut self.points[profile]
    }
}

/// Counted points of all customers, by segment and cell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Baseline {
    points: BTreeMap<Segment, [Points; CELLS]>,
    customers: BTreeMap<Segment, Uncomplaining>,
}

/// Windows in which customers may buy again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows {
    days: i32,
    /// The last day on which one begins that has ended by the as-of date.
    last_start: i32,
}

impl Baseline {
    /// Adds what was counted of a slice.
    pub(crate) fn add(&mut self, segments: &Segments, counted: &Compared) {
        for (profile, segments) in segments.profiles().iter().enumerate() {
            let customers = &counted.customers[profile];
            if customers.count == 0 {
                continue;
            }
            for segment in segments {
                let known = self.points.entry(*segment).or_insert([Points::default(); CELLS]);
                known.iter_mut().zip(&counted.points[profile]).for_each(|(known, more)| known.add(more));
                let all = self.customers.entry(*segment).or_default();
                all.count += customers.count;
                all.recommended.merge(&customers.recommended);
            }
        }
    }

    /// Customers who were compared with, by segment.
    pub(crate) fn customers(&self) -> impl Iterator<Item = (Segment, Uncomplaining)> {
        self.customers.iter().map(|(segment, customers)| (*segment, *customers))
    }

    /// What customers without complaint in a cell, or in the cells it is pooled with, did within the window, on average.
    pub(crate) fn expected(&self, segment: Segment, cell: Cell) -> Option<Expected> {
        let points = self.points.get(&segment)?;
        let pools = [cell.index()..cell.index() + 1, cell.as_recent(), 0..CELLS];
        let mut pooled = Points::default();
        for pool in pools {
            pooled = Points::default();
            points[pool].iter().for_each(|cell| pooled.add(cell));
            if pooled.gaps >= FEWEST {
                break;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "2^53 days are more than there are")]
        (pooled.days > 0).then(|| Expected {
            bought: pooled.repurchased as f64 / pooled.days as f64,
            referrals: pooled.referrals as f64 / pooled.days as f64,
        })
    }
}

impl Windows {
    /// Of so many days.
    pub(crate) fn new(days: i32, as_of: i32) -> Self {
        Self { days, last_start: as_of - days }
    }

    /// Counts the days after a purchase up to the next one, to the first complaint, or to the last day whose window has ended. `given`
    /// are the customer's referrals.
    pub(crate) fn look(
        self,
        seen: Seen,
        next: Option<i32>,
        first_complaint: i32,
        given: &[Given],
        points: &mut [Points; CELLS],
    ) {
        let until = next.unwrap_or(i32::MAX).min(first_complaint).min(self.last_start);
        let mut from = seen.last + 1;
        let mut cell = Cell::of(1, seen.purchases);
        while from <= until {
            let to = cell.last_day(seen.last).map_or(until, |last| last.min(until));
            // A window reaches the next purchase if it begins less than its length before it.
            let reaching = |day: i32| (to.min(day) - from.max(day - self.days + 1) + 1).max(0).unsigned_abs();
            points[cell.index()].add(&Points {
                gaps: 1,
                days: u64::from((to - from + 1).unsigned_abs()),
                repurchased: next.map_or(0, |next| reaching(next).into()),
                referrals: given.iter().map(|given| u64::from(reaching(given.day))).sum(),
            });
            from = to + 1;
            cell = cell.less_recent();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::comparison::Comparison;
    use super::super::cuts::Segments;
    use super::super::history::{DayWalk, Tracking, bought};
    use super::*;

    fn baseline(periods: &[&[(u32, i32)]], first_complaint: &[i32]) -> Baseline {
        let tracking = Tracking::for_test();
        let customers = first_complaint.len();
        let firsts =
            (0..).zip(first_complaint.iter().copied()).filter(|(_, opened)| *opened < NEVER).collect();
        let segments = Segments::for_test(customers);
        let comparison = Comparison::new(Windows::new(30, 100), firsts, &[], segments.profiles().len());
        let mut walk = DayWalk::new(segments, 0..customers, &tracking, Vec::new(), vec![comparison]);
        periods.iter().for_each(|purchases| walk.add(&bought(purchases)));
        let (segments, _, _, compared) = walk.finish();
        let mut baseline = Baseline::default();
        baseline.add(&segments, &compared[0]);
        baseline
    }

    /// Days and days followed by a purchase, of all customers.
    fn of(baseline: &Baseline, recency: i32, purchases: u32) -> (u64, u64) {
        let points = baseline.points[&Segment::ALL][Cell::of(recency, purchases).index()];
        (points.days, points.repurchased)
    }

    fn count(baseline: &Baseline) -> i64 {
        baseline.customers().map(|(_, customers)| customers.count).sum()
    }

    const NEVER: i32 = i32::MAX;

    #[test]
    fn every_day_after_a_purchase_counts_until_its_window_has_no_end() {
        // Windows of 30 days begin up to day 70.
        let baseline = baseline(&[&[(0, 10)], &[(0, 50), (1, 95)]], &[NEVER, NEVER]);
        assert_eq!(of(&baseline, 7, 1), (7, 0), "11 to 17: their windows end before day 47");
        assert_eq!(of(&baseline, 14, 1), (7, 4), "18 to 24: windows from 21 on reach day 50");
        assert_eq!(of(&baseline, 30, 1), (16, 16), "25 to 40");
        assert_eq!(of(&baseline, 60, 1), (10, 10), "41 to 50");
        assert_eq!(of(&baseline, 7, 2), (7, 0), "51 to 57");
        assert_eq!(of(&baseline, 30, 2), (6, 0), "65 to 70");
        assert_eq!(count(&baseline), 2);
    }

    #[test]
    fn who_complains_later_is_compared_with_until_then() {
        let baseline = baseline(&[&[(0, 10), (0, 20), (1, 10), (2, 10)]], &[15, 20, 5]);
        assert_eq!(
            of(&baseline, 7, 1),
            (5 + 7, 5),
            "customer 0 up to 15, whose windows reach 20, customer 1"
        );
        assert_eq!(of(&baseline, 14, 1), (3, 0), "customer 1 up to 20");
        assert_eq!(of(&baseline, 7, 2), (0, 0), "customer 0 has complained");
        assert_eq!(count(&baseline), 2, "2 complained at once");
    }

    #[test]
    fn small_cells_are_pooled() {
        let customers: Vec<(u32, i32)> = (0..19).map(|rank| (rank, 1)).collect();
        let twice = [(19, 1), (19, 15), (20, 1), (20, 15)];
        let all: Vec<(u32, i32)> = customers.into_iter().chain(twice).collect();
        let baseline = baseline(&[&all], &[NEVER; 21]);
        let rate = |recency, purchases| {
            baseline.expected(Segment::ALL, Cell::of(recency, purchases)).unwrap().bought
        };
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}");
        close(rate(7, 1), 14.0 / 147.0);
        close(rate(7, 2), 14.0 / 161.0);
        // Customers 19 and 20 have 14 days before their second purchase; everybody has 69 windows that begin after day 1.
        close(rate(400, 99), 28.0 / (21.0 * 69.0));
    }
}
