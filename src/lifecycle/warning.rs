//! Who could be warned of at a date, and what speaks for it.
//!
//! A warning is about a relationship that has not ended: customers whose gap to the date exceeds the declared one left
//! already, and those whose state is lost.

use super::dates::Standing;
use super::holdout::Outcome;
use super::predictor::Foretold;
use super::profile::amount;
use super::signal::{Known, Signal, SignalKind, Watch};
use super::state::State;
use super::tally::Tally;
use crate::customers::days::CustomerDaysView;
use crate::error::Result;
use crate::units::Fixed18;
use std::ops::Range;

/// A customer whose relationship has not ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) rank: u32,
    /// Day of the last purchase.
    pub(crate) last: i32,
    pub(crate) state: State,
    /// Contribution of the last year.
    pub(crate) stake: Fixed18,
    pub(crate) foretold: Foretold,
    /// Its signs among those of the slice.
    pub(crate) signals: Range<usize>,
    /// Where what followed is known: the lead time of a customer who lapsed.
    pub(crate) lapsed: Option<u32>,
}

/// The candidates of a slice, by rank, and their signs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Candidates {
    pub(crate) customers: Vec<Candidate>,
    pub(crate) signals: Vec<Signal>,
    /// Those of whom a sign can be read, by kind.
    pub(crate) read: [Tally; SignalKind::ALL.len()],
}

impl Candidates {
    /// The signs of a candidate.
    pub(crate) fn signals(&self, candidate: &Candidate) -> &[Signal] {
        &self.signals[candidate.signals.clone()]
    }

    /// Looks at the next customer, by all its days and its state at the date; with an outcome, also at what became of it.
    /// `known` says what else is known, and is asked only for candidates.
    ///
    /// # Errors
    /// An amount beyond 18 digits.
    pub(crate) fn look_at(
        &mut self,
        watch: &Watch<'_>,
        gap_days: i32,
        outcome: Option<&Outcome>,
        (rank, all_days, standing): (usize, CustomerDaysView<'_>, &Standing),
        known: impl FnOnce() -> Known,
    ) -> Result<()> {
        let Standing { seen, state, days } = *standing;
        if state == State::Lost || watch.date.day.0 - seen.last > gap_days {
            return Ok(());
        }
        let days = all_days.rows(0..days);
        let lapsed = outcome.and_then(|outcome| outcome.lapsed(all_days, &seen));
        let start = self.signals.len();
        let known = known();
        watch.read(days, &seen, &known, &mut |signal| {
            self.read[signal.kind as usize].add(lapsed);
            self.signals.extend(Some(signal).filter(Signal::warns));
        });
        let signals = start..self.signals.len();
        self.customers.push(Candidate {
            rank: u32::try_from(rank).expect("ranks fit 32 bits"),
            last: seen.last,
            state,
            stake: amount("contribution_at_stake", watch.stake(days))?,
            foretold: watch.foretold(&seen, &known, signals.len()),
            signals,
            lapsed,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::dates::Dates;
    use crate::lifecycle::rhythm::Rhythm;
    use crate::lifecycle::state::{AsOf, Rules};
    use crate::lifecycle::tests::{bought, definition, months, slice};
    use crate::units::Day;

    #[test]
    fn who_left_already_is_no_candidate() {
        let calendar = months("2024-01-01", 12, "2025-01-01");
        let end = calendar.as_of.0;
        let slice = slice(&[
            &bought(&[end - 320, end - 300, end - 181]),
            &bought(&[end - 320, end - 300, end - 180]),
            &bought(&[end - 20, end - 10, end - 1]),
            &[],
        ]);
        let rhythm = Some(Rhythm { shape: 1.0, rate_days: 20.0 });
        let date = AsOf { day: Day(end), period_start: Day(end - 31), rhythm };
        let warning = definition().warning;
        let watch = Watch { date: &date, warning: &warning, calendar: &calendar, periods: None };
        let (rules, dates) = (Rules::new(&definition()), Dates::of(vec![date]));
        let (mut found, mut standings) = (Candidates::default(), Vec::new());
        for (rank, days) in (5..).zip(slice.customers()) {
            dates.stand(days, &rules, &mut standings);
            let Some(standing) = &standings[0] else { continue };
            found.look_at(&watch, 180, None, (rank, days, standing), Known::default).unwrap();
        }
        assert_eq!(found.customers.iter().map(|customer| customer.rank).collect::<Vec<_>>(), [6, 7]);
        let late = &found.customers[0];
        assert_eq!((late.stake.get(), late.signals.clone(), late.foretold.recency), (6, 0..1, 179));
        assert!(found.signals(&found.customers[1]).is_empty());
        let chances = found.customers.iter().map(|customer| customer.foretold.no_purchase);
        assert!(chances.clone().all(|[model, rhythm]| model.is_none() && rhythm.is_some()));
    }
}
