//! Who is warned of at a date.
//!
//! A warning is about a relationship that has not ended: customers whose gap to the date exceeds the declared one left
//! already, and those whose state is lost.

use super::dates::Standing;
use super::holdout::{Outcome, Tally};
use super::profile::amount;
use super::signal::{Known, Signal, SignalKind, Watch};
use super::state::State;
use crate::customers::days::{CustomerDaysView, Seen};
use crate::error::Result;
use crate::units::Fixed18;
use std::ops::Range;

/// A customer with a sign.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Warned {
    pub(crate) rank: u32,
    pub(crate) seen: Seen,
    pub(crate) state: State,
    /// Contribution of the last year.
    pub(crate) stake: Fixed18,
    /// Its signs, at least one.
    pub(crate) signals: Range<usize>,
    /// Where what followed is known: the lead time of a customer who lapsed.
    pub(crate) lapsed: Option<u32>,
}

/// Customers with a sign, by rank, and their signs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Warnings {
    /// All who could be warned of.
    pub(crate) candidates: Tally,
    /// Of these, the ones of whom a sign can be read, by kind.
    pub(crate) read: [Tally; SignalKind::ALL.len()],
    pub(crate) customers: Vec<Warned>,
    signals: Vec<Signal>,
}

impl Warnings {
    /// The signs of a customer.
    pub(crate) fn signals(&self, warned: &Warned) -> &[Signal] {
        &self.signals[warned.signals.clone()]
    }

    /// Appends those of later ranks.
    pub(crate) fn append(&mut self, later: Self) {
        let shift = self.signals.len();
        self.candidates = self.candidates.merge(later.candidates);
        self.read.iter_mut().zip(later.read).for_each(|(tally, later)| *tally = tally.merge(later));
        self.signals.extend(later.signals);
        let moved = |warned: Warned| {
            let signals = warned.signals.start + shift..warned.signals.end + shift;
            Warned { signals, ..warned }
        };
        self.customers.extend(later.customers.into_iter().map(moved));
    }

    /// Customers in the order of what is at stake, the most first, then by rank.
    pub(crate) fn by_stake(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.customers.len()).collect();
        order.sort_unstable_by_key(|index| (std::cmp::Reverse(self.customers[*index].stake), *index));
        order
    }
}

impl Warnings {
    /// Looks for signs in the next customer, by all its days and its state at the date; with an outcome, also at
    /// what became of it. `known` says what else is known, and is asked only for customers who can be warned of.
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
        self.candidates.add(lapsed);
        let start = self.signals.len();
        watch.read(days, &seen, &known(), &mut |signal| {
            self.read[signal.kind as usize].add(lapsed);
            self.signals.extend(Some(signal).filter(Signal::warns));
        });
        if self.signals.len() > start {
            self.customers.push(Warned {
                rank: u32::try_from(rank).expect("ranks fit 32 bits"),
                seen,
                state,
                stake: amount("contribution_at_stake", watch.stake(days))?,
                signals: start..self.signals.len(),
                lapsed,
            });
        }
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
    fn who_left_already_is_not_warned_of() {
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
        let (mut found, mut standings) = (Warnings::default(), Vec::new());
        for (rank, days) in (5..).zip(slice.customers()) {
            dates.stand(days, &rules, &mut standings);
            let Some(standing) = &standings[0] else { continue };
            found.look_at(&watch, 180, None, (rank, days, standing), Known::default).unwrap();
        }
        assert_eq!(found.candidates.customers, 2);
        assert_eq!(found.customers.iter().map(|warned| warned.rank).collect::<Vec<_>>(), [6]);
        assert_eq!((found.customers[0].stake.get(), found.customers[0].signals.clone()), (6, 0..1));
        found.append(found.clone());
        assert_eq!((found.customers[1].signals.clone(), found.candidates.customers), (1..2, 4));
        assert_eq!(found.by_stake(), [0, 1], "ties in the order of customers");
    }
}
