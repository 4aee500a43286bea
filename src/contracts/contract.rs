//! A contract, and what is seen of it before a day.
//!
//! Renewals come due one term after the other, counted from the start by the calendar: a contract by the month of 31 January is
//! renewed on the last of February. Who ends within a term, or on its last day, is lost at the renewal that ends the term; it
//! counts once that renewal is due, when those who stay are counted too.

use super::rows::{RUNS, Span};
use crate::units::{Day, Duration};
use chrono::Datelike;

/// A contract of one customer, one key and one term: its spans, of which there is one at least.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contract<'s> {
    pub(super) spans: &'s [Span],
}

/// What is seen of a contract before a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// Renewals that it lived through.
    pub(super) renewals: u32,
    pub(super) fate: Fate,
}

/// How a contract stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Running,
    /// It ended, and the renewal that it is lost at is not due yet.
    Leaving,
    /// At the renewal after those that it lived through.
    Lost,
}

impl Contract<'_> {
    /// The first span: plan and term of the contract.
    pub(super) fn first(&self) -> &Span {
        self.spans.first().expect("a contract has a span")
    }

    /// The last span: its price as it is.
    pub(super) fn last(&self) -> &Span {
        self.spans.last().expect("a contract has a span")
    }

    /// The day it ended.
    pub(super) fn ended(&self) -> Option<i32> {
        Some(self.last().ended).filter(|ended| *ended != RUNS)
    }

    /// The day of a renewal.
    pub(super) fn renewal_day(&self, renewal: u32) -> i32 {
        let Span { started, term_months, .. } = *self.first();
        Duration::Months(u32::from(term_months) * renewal).after(Day(started)).0
    }

    /// Renewals that were due before a day.
    pub(super) fn renewals_before(&self, day: i32) -> u32 {
        let Span { started, term_months, .. } = *self.first();
        let month = |day: i32| {
            let date = Day(day).date();
            i64::from(date.year()) * 12 + i64::from(date.month0())
        };
        // The renewal of the day's own month, if there is one, may come after the day; later ones do.
        let within = ((month(day) - month(started)) / i64::from(term_months)).max(0);
        let within = u32::try_from(within).expect("a calendar has few months");
        within - u32::from(within > 0 && self.renewal_day(within) >= day)
    }

    /// Renewals that were not observed, as contracts that were lost at them are not known: those of terms that began before the
    /// observation. Who ended within such a term may be unknown too, so that the first one at risk is that of a term that was
    /// observed from its beginning.
    pub(super) fn unobserved(&self, observed_from: Option<Day>) -> u32 {
        match observed_from {
            Some(day) if self.first().started < day.0 => self.renewals_before(day.0) + 1,
            _ => 0,
        }
    }

    /// What is seen before a day; none if it starts on the day or later.
    pub(super) fn seen(&self, day: Day) -> Option<Seen> {
        if self.first().started >= day.0 {
            return None;
        }
        let due = self.renewals_before(day.0);
        let Some(ended) = self.ended().filter(|ended| *ended < day.0) else {
            return Some(Seen { renewals: due, fate: Fate::Running });
        };
        let renewals = self.renewals_before(ended);
        let fate = if renewals < due { Fate::Lost } else { Fate::Leaving };
        Some(Seen { renewals, fate })
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::tests::span;
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> i32 {
        text.parse::<Day>().unwrap().0
    }

    fn seen(started: &str, ended: Option<&str>, at: &str) -> Option<Seen> {
        let spans = [span(1, day(started), ended.map_or(RUNS, day), 5)];
        Contract { spans: &spans }.seen(Day(day(at)))
    }

    #[test]
    fn an_end_counts_at_the_renewal_that_ends_the_term() {
        let of = |renewals, fate| Some(Seen { renewals, fate });
        let start = "2024-01-31";
        assert_eq!(seen(start, None, start), None, "it begins on the day");
        assert_eq!(seen(start, None, "2024-02-29"), of(0, Fate::Running), "the renewal is due on the day");
        assert_eq!(seen(start, None, "2024-03-01"), of(1, Fate::Running));
        assert_eq!(seen(start, None, "2024-04-30"), of(2, Fate::Running), "31 March, then 30 April");
        for ended in [start, "2024-02-10", "2024-02-28", "2024-02-29"] {
            assert_eq!(seen(start, Some(ended), "2024-03-01"), of(0, Fate::Lost), "{ended}");
        }
        assert_eq!(seen(start, Some("2024-03-01"), "2024-03-20"), of(1, Fate::Leaving), "its term is not up");
        assert_eq!(seen(start, Some("2024-03-01"), "2024-04-01"), of(1, Fate::Lost));
        assert_eq!(
            seen(start, Some("2024-03-10"), "2024-03-10"),
            of(1, Fate::Running),
            "the end is not seen"
        );
    }

    #[test]
    fn a_contract_is_at_risk_from_the_first_term_that_was_observed_as_a_whole() {
        let spans = [span(1, day("2024-01-15"), RUNS, 5)];
        let of = |from: &str| Contract { spans: &spans }.unobserved(Some(Day(day(from))));
        assert_eq!(of("2024-01-15"), 0, "from its beginning");
        assert_eq!(of("2024-01-16"), 1, "the first term began before");
        assert_eq!(of("2024-02-15"), 1, "the second begins on the day");
        assert_eq!(of("2024-02-16"), 2);
        assert_eq!(Contract { spans: &spans }.unobserved(None), 0);
    }

    proptest! {
        #[test]
        fn renewals_are_those_whose_day_is_before(started in 0..30_000_i32, term_months in 1..40_u16, later in 0..9_000_i32) {
            let spans = [Span { term_months, ..span(1, started, RUNS, 5) }];
            let contract = Contract { spans: &spans };
            let found = contract.renewals_before(started + later);
            prop_assert!(found == 0 || contract.renewal_day(found) < started + later);
            prop_assert!(contract.renewal_day(found + 1) >= started + later);
        }
    }
}
