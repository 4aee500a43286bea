//! In which cells a customer is, as a member who joined or as one who did not, and what it did afterwards.
//!
//! A member is looked at once, by the period in which it joined. What it did in that period is left out, but for whether it bought at
//! all: customers mostly join when they buy, so that members are known not to have left, and neither must those be whom they are compared
//! with. Whoever did not join by the end of the outcomes of a period is compared with those who joined in it, so that a customer
//! may be compared with in several periods. The placebo pretends that members joined as much earlier as outcomes last, when
//! nothing can have come of it yet: cells are of what was before, and outcomes are those up to the period of joining.

use super::cell::{Bands, Before, Cell};
use crate::customers::calendar::Calendar;
use crate::customers::combinations::Combinations;
use crate::customers::days::{Amount, CustomerDaysView};
use crate::customers::outcome::{Measure, outcome};
use crate::units::Day;
use std::ops::Range;

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
    /// It had bought nothing before, so that nothing says whom to compare it with.
    New,
    Observed,
}

/// How customers are looked at.
pub(super) struct Observing<'r> {
    pub(super) study: Study,
    pub(super) calendar: &'r Calendar,
    /// Periods in which somebody joined and whose outcomes are known, ascending.
    pub(super) periods: &'r [usize],
    pub(super) bands: &'r Bands,
    pub(super) combinations: &'r Combinations,
    pub(super) window_days: i32,
    pub(super) baseline_days: i32,
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
        let mut known = Known::Unobserved;
        for period in self.periods {
            let Range { start, end } = self.calendar.days(&(*period..*period + 1));
            let is_member = joined.is_some_and(|day| (start.0..end.0).contains(&day));
            // Who joins later, but before outcomes end, is neither.
            if !is_member && joined.is_some_and(|day| day < end.0 + self.window_days) {
                continue;
            }
            let (from, outcomes) = match self.study {
                Study::Effect => (start, end..Day(end.0 + self.window_days)),
                Study::Placebo => {
                    let from = Day(start.0 - self.window_days);
                    (from, from..start)
                }
            };
            let before = self.before(days, &purchases, from);
            if is_member {
                known = if before.is_some() { Known::Observed } else { Known::New };
            }
            let Some(before) = before else { continue };
            let cell = Cell {
                period: u32::try_from(*period).expect("few periods"),
                combination,
                is_active: purchases.iter().any(|day| (start.0..end.0).contains(day)),
                bands: self.bands.of(&before),
            };
            found(Occurrence { cell, is_member, outcome: outcome(days, outcomes) });
        }
        known
    }

    /// None without a purchase before.
    fn before(&self, days: CustomerDaysView<'_>, purchases: &[i32], from: Day) -> Option<Before> {
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
