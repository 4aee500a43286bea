//! In which cells a customer is, as a member who joined or as one who did not, and what it did afterwards.
//!
//! Customers mostly join when they buy, so every day with a purchase is an occasion to join: members are looked at on the day they joined,
//! and compared with those who bought in the same period, were not members then, and did not join that day. Whoever joins later is
//! compared with until then (risk-set matching: Y. P. Li, K. J. Propert, P. R. Rosenbaum, "Balanced risk set matching", Journal of the
//! American Statistical Association 96 (2001), 870–882): to leave them out would compare with customers who were to buy less, and so had fewer
//! occasions. Who joins on another day is compared with those who did not buy on the first day of the period. The placebo pretends
//! that all occasions were as much earlier as outcomes last, when nothing can have come of joining.

use super::cell::{Bands, Before, Cell};
use crate::customers::calendar::Calendar;
use crate::customers::combinations::Combinations;
use crate::customers::days::{Amount, CustomerDaysView};
use crate::customers::outcome::{Measure, outcome};
use crate::units::Day;

/// What is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Study {
    /// What came of joining.
    Effect,
    /// What was there before, where there can be no effect.
    Placebo,
}

/// A customer in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Occurrence {
    pub(super) cell: Cell,
    pub(super) is_member: bool,
    pub(super) outcome: [i128; Measure::ALL.len()],
}

/// How far a member is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// Its outcomes lie beyond the as-of date, or it joined before the history.
    Unobserved,
    /// It had bought nothing, so that nothing says whom to compare it with.
    New,
    Observed,
}

/// Whether anybody joined in a period, by buying and otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct JoinedIn {
    pub(super) by_buying: bool,
    pub(super) idle: bool,
}

/// How customers are looked at.
pub(super) struct Observing<'r> {
    pub(super) study: Study,
    pub(super) calendar: &'r Calendar,
    /// By period.
    pub(super) joined_in: &'r [JoinedIn],
    pub(super) bands: &'r Bands,
    pub(super) combinations: &'r Combinations,
    pub(super) window_days: i32,
    pub(super) baseline_days: i32,
}

/// A day on which a customer may join.
#[derive(Debug, Clone, Copy)]
struct Occasion {
    day: i32,
    is_active: bool,
    is_member: bool,
}

/// A customer, its days, and those of them with a purchase.
#[derive(Debug, Clone, Copy)]
struct Seen<'s> {
    combination: u32,
    days: CustomerDaysView<'s>,
    purchases: &'s [i32],
}

impl Observing<'_> {
    /// Hands on the cells of a customer; `joined` is the day of its first movement of points. Says of a member how far it is known.
    pub(super) fn observe(
        &self,
        rank: usize,
        days: CustomerDaysView<'_>,
        joined: Option<i32>,
        mut found: impl FnMut(Occurrence),
    ) -> Known {
        let purchases: Vec<i32> = days.purchases().collect();
        let combination = u32::try_from(self.combinations.of(rank)).expect("few combinations");
        let seen = Seen { combination, days, purchases: &purchases };
        let at_risk = joined.unwrap_or(i32::MAX);
        for day in purchases.iter().copied().take_while(|day| *day < at_risk) {
            let period = self.calendar.find(day).and_then(|period| self.joined_in.get(period));
            if period.is_some_and(|period| period.by_buying) {
                let occasion = Occasion { day, is_active: true, is_member: false };
                self.occurrence(&seen, occasion).into_iter().for_each(&mut found);
            }
        }
        for period in (0..self.joined_in.len()).filter(|period| self.joined_in[*period].idle) {
            let within = self.calendar.days(&(period..period + 1));
            if at_risk >= within.end.0 && purchases.binary_search(&within.start.0).is_err() {
                let occasion = Occasion { day: within.start.0, is_active: false, is_member: false };
                self.occurrence(&seen, occasion).into_iter().for_each(&mut found);
            }
        }
        let Some(day) = joined.filter(|day| self.is_observed(*day)) else { return Known::Unobserved };
        let is_active = purchases.binary_search(&day).is_ok();
        match self.occurrence(&seen, Occasion { day, is_active, is_member: true }) {
            Some(occurrence) => {
                found(occurrence);
                Known::Observed
            }
            None => Known::New,
        }
    }

    /// Whether a day lies in the history and its outcomes before the as-of date.
    fn is_observed(&self, day: i32) -> bool {
        self.calendar.find(day).is_some() && day + 1 + self.window_days <= self.calendar.as_of.0
    }

    /// None of a day that is not observed, and of a customer who has bought neither before nor on the day.
    fn occurrence(&self, seen: &Seen<'_>, occasion: Occasion) -> Option<Occurrence> {
        let Occasion { day, is_active, is_member } = occasion;
        if !self.is_observed(day) {
            return None;
        }
        let (from, outcomes) = match self.study {
            Study::Effect => (Day(day), Day(day + 1)..Day(day + 1 + self.window_days)),
            Study::Placebo => (Day(day - self.window_days), Day(day - self.window_days)..Day(day)),
        };
        if !is_active && seen.purchases.first().is_none_or(|first| *first >= day) {
            return None;
        }
        let before = self.before(seen, from);
        let cell = Cell {
            period: u32::try_from(self.calendar.find(day)?).expect("few periods"),
            combination: seen.combination,
            is_active,
            bands: before.map(|before| self.bands.of(&before)),
        };
        Some(Occurrence { cell, is_member, outcome: outcome(seen.days, outcomes) })
    }

    /// None without a purchase before.
    fn before(&self, seen: &Seen<'_>, from: Day) -> Option<Before> {
        let Seen { days, purchases, .. } = *seen;
        let first_day = Day(from.0 - self.baseline_days);
        let until = purchases.partition_point(|day| *day < from.0);
        let (first, last) = (*purchases.first()?, *purchases[..until].last()?);
        let since = purchases.partition_point(|day| *day < first_day.0);
        Some(Before {
            recency_days: from.0 - last,
            tenure_days: from.0 - first,
            purchases: until - since,
            revenue: days.since(first_day).before(from).sum(Amount::NetRevenue),
        })
    }
}
