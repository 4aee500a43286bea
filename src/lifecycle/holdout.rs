//! What warnings would have been worth: made once more at an earlier date, and held against what followed.
//!
//! A customer *lapsed* if it did not buy from that date to the run's as-of date. The lead time of a warning that came
//! true is how many days it came before the relationship counts as ended, that is before last purchase + gap.

use super::signal::SignalKind;
use super::warning::{Warned, Warnings};
use crate::customers::days::{CustomerDaysView, Seen};
use crate::units::Day;

/// Alerts that somebody may have time for: the first so many by contribution at stake.
const VOLUMES: [u64; 3] = [100, 1_000, 10_000];

/// Customers and those of them who lapsed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) customers: u64,
    pub(crate) lapsed: u64,
    /// Days of all that lapsed from the date to the end of the relationship.
    pub(crate) lead_days: u64,
}

impl Tally {
    /// Counts a customer, with its lead time if it lapsed.
    pub(crate) fn add(&mut self, lapsed: Option<u32>) {
        self.customers += 1;
        self.lapsed += u64::from(lapsed.is_some());
        self.lead_days += u64::from(lapsed.unwrap_or(0));
    }

    /// The customers of both.
    pub(crate) fn merge(self, other: Self) -> Self {
        Self {
            customers: self.customers + other.customers,
            lapsed: self.lapsed + other.lapsed,
            lead_days: self.lead_days + other.lead_days,
        }
    }
}

/// What followed a date.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// The date at which warnings were made.
    pub(crate) date: Day,
    /// Until when they are held against what followed.
    pub(crate) until: Day,
    pub(crate) gap_days: i32,
}

impl Outcome {
    /// The lead time of a customer who lapsed, by all its days.
    pub(crate) fn lapsed(&self, days: CustomerDaysView<'_>, seen: &Seen) -> Option<u32> {
        let came_back = days.since(self.date).before(self.until).purchases().next().is_some();
        let lead = seen.last.saturating_add(self.gap_days) - self.date.0;
        (!came_back).then(|| u32::try_from(lead).unwrap_or(0))
    }
}

/// The record of one kind of warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Score {
    /// None: any kind.
    pub(crate) kind: Option<SignalKind>,
    /// The first so many by contribution at stake; none: all.
    pub(crate) volume: Option<u64>,
    /// Of whom such a sign can be read.
    pub(crate) candidates: Tally,
    pub(crate) warned: Tally,
}

/// Scores every kind, and all together, at every volume.
pub(crate) fn scores(warnings: &Warnings) -> Vec<Score> {
    let order = warnings.by_stake();
    let kinds = std::iter::once(None).chain(SignalKind::ALL.into_iter().map(Some));
    let mut scores = Vec::new();
    for kind in kinds {
        let is_of_kind = |warned: &Warned| {
            kind.is_none_or(|kind| warnings.signals(warned).iter().any(|signal| signal.kind == kind))
        };
        let candidates = kind.map_or(warnings.candidates, |kind| warnings.read[kind as usize]);
        let mut tally = Tally::default();
        for &index in order.iter().filter(|index| is_of_kind(&warnings.customers[**index])) {
            if VOLUMES.contains(&tally.customers) {
                scores.push(Score { kind, volume: Some(tally.customers), candidates, warned: tally });
            }
            tally.add(warnings.customers[index].lapsed);
        }
        scores.push(Score { kind, volume: None, candidates, warned: tally });
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::tests::{bought, slice};

    #[test]
    fn who_does_not_buy_in_the_holdout_lapsed() {
        let outcome = Outcome { date: Day(100), until: Day(190), gap_days: 60 };
        let slice = slice(&[&bought(&[10, 80]), &bought(&[10, 80, 189]), &bought(&[80, 190])]);
        let found =
            slice.customers().map(|days| outcome.lapsed(days, &days.before(Day(100)).seen(60).unwrap()));
        assert_eq!(found.collect::<Vec<_>>(), [Some(40), None, Some(40)]);
    }

    #[test]
    fn tallies_add_up() {
        let mut tally = Tally::default();
        [Some(10), None, Some(30)].into_iter().for_each(|lapsed| tally.add(lapsed));
        assert_eq!(tally, Tally { customers: 3, lapsed: 2, lead_days: 40 });
        assert_eq!(tally.merge(tally), Tally { customers: 6, lapsed: 4, lead_days: 80 });
    }
}
