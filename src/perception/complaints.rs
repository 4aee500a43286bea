//! Complaints: how many, and how long they took.

use super::cuts::{Cuts, Segment, Segments};
use super::rows::Complaint;
use super::sums::share;
use std::collections::BTreeMap;

/// Complaints of one segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Complaints {
    pub(crate) opened: i64,
    /// Distinct customers who complained.
    pub(crate) customers: i64,
    last: Option<u32>,
    /// Of those resolved: how many took so many days.
    days: BTreeMap<i32, i64>,
}

/// Complaints by segment, over the whole history and by the period they were opened in.
pub(crate) type BySegment = BTreeMap<Segment, Complaints>;

impl Complaints {
    pub(crate) fn resolved(&self) -> i64 {
        self.days.values().sum()
    }

    pub(crate) fn mean_days(&self) -> Option<f64> {
        let sum: i64 = self.days.iter().map(|(days, count)| i64::from(*days) * count).sum();
        share(sum, self.resolved())
    }

    /// Of an even number, the mean of the two in the middle.
    pub(crate) fn median_days(&self) -> Option<f64> {
        let count = self.resolved();
        let upper = self.days_at(count / 2)?;
        let lower = self.days_at((count - 1) / 2)?;
        Some((f64::from(lower) + f64::from(upper)) / 2.0)
    }

    /// The days at a place in ascending order, from 0.
    fn days_at(&self, place: i64) -> Option<i32> {
        let mut before = 0;
        for (days, count) in &self.days {
            before += count;
            if place < before {
                return Some(*days);
            }
        }
        None
    }

    fn merge(&mut self, other: Self) {
        self.opened += other.opened;
        self.customers += other.customers;
        for (days, count) in other.days {
            *self.days.entry(days).or_default() += count;
        }
    }
}

/// Counts the complaints of a slice of customers.
pub(crate) fn by_segment(complaints: &[Complaint], cuts: &Cuts, segments: &Segments) -> BySegment {
    let mut found = BySegment::new();
    for complaint in complaints {
        let period = cuts.period(complaint.opened);
        for segment in segments.of(complaint.who).iter().flat_map(|segment| [*segment, segment.over(period)])
        {
            let found = found.entry(segment).or_default();
            found.opened += 1;
            found.customers += i64::from(found.last != Some(complaint.who));
            found.last = Some(complaint.who);
            if let Some(resolved) = complaint.resolved {
                *found.days.entry(resolved - complaint.opened).or_default() += 1;
            }
        }
    }
    found
}

/// Adds the complaints of other customers.
pub(crate) fn merge(all: &mut BySegment, slice: BySegment) {
    for (segment, complaints) in slice {
        all.entry(segment).or_default().merge(complaints);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(who: u32, opened: i32, resolved: Option<i32>) -> Complaint {
        Complaint { who, opened, resolved, satisfied: None }
    }

    #[test]
    fn complaints_are_counted_and_timed() {
        let complaints = [complaint(0, 10, Some(12)), complaint(0, 20, None), complaint(3, 11, Some(18))];
        let found = by_segment(&complaints, &Cuts::for_test(), &Segments::for_test(4));
        let all = &found[&Segment::ALL];
        assert_eq!((all.opened, all.customers, all.resolved()), (3, 2, 2));
        assert_eq!((all.mean_days(), all.median_days()), (Some(4.5), Some(4.5)));
    }
}
