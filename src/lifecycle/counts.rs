//! Everything that is counted over all customers, in one walk.

use super::calendar::Calendar;
use super::cohort::Member;
use super::cohort_table::{CohortPlan, Cohorts};
use super::customer_days::customers;
use super::dates::Dates;
use super::growth::Growth;
use super::lives::{Exposure, Lives, Observation};
use super::slices::add_up;
use super::state::Rules;
use super::transition::{self, Steps, Transition};
use crate::facts::schema::CustomerMaster;
use crate::profitability::schema::{CustomerDays, DaySlice};
use crate::units::Day;

/// What the walk needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CountPlan<'r> {
    pub(crate) cohorts: CohortPlan<'r>,
    pub(crate) master: Option<&'r CustomerMaster>,
    pub(crate) dates: &'r Dates,
    pub(crate) rules: &'r Rules,
    /// Pairs of dates of the transitions.
    pub(crate) pairs: &'r [(Day, Day)],
}

/// What it counts.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    pub(crate) cohorts: Cohorts,
    pub(crate) lives: Lives,
    pub(crate) growth: Growth,
    pub(crate) transitions: Vec<Transition>,
}

impl CountPlan<'_> {
    /// Walks through all customers.
    pub(crate) fn count(&self, days: &CustomerDays) -> Counts {
        let steps = Steps::new(self.pairs, self.dates);
        let counts = add_up(
            days,
            || self.empty(),
            |counts, first_rank, slice| self.add(counts, &steps, first_rank, slice),
            Counts::merge,
        );
        counts.growth.verify();
        counts
    }

    fn empty(&self) -> Counts {
        let groupings = self.cohorts.groupings;
        Counts {
            cohorts: self.cohorts.empty(),
            lives: Lives::new(groupings),
            growth: Growth::new(groupings, self.calendar().len()),
            transitions: transition::empty(self.pairs),
        }
    }

    fn add(&self, counts: &mut Counts, steps: &Steps, first_rank: usize, slice: &DaySlice) {
        let (calendar, groupings) = (self.calendar(), self.cohorts.groupings);
        let (start, as_of, gap_days) = (calendar.start(), calendar.as_of, self.rules.gap_days);
        let observation = Observation { start, as_of, gap_days };
        let mut states = Vec::new();
        for (place, days) in customers(slice) {
            let (rank, days) = (first_rank + place, days.before(as_of));
            let Some(seen) = days.seen(gap_days) else { continue };
            let won = self.master.and_then(|master| *master.acquired_on.get(rank)?);
            let is_older = won.is_some_and(|won| won < start);
            self.cohorts.add(&mut counts.cohorts, slice, rank, Member { days, seen, is_older });
            let exposure = Exposure::of(&seen, calendar, gap_days);
            counts.lives.add(groupings, rank, observation.life(days, won), exposure);
            counts.growth.add(groupings, rank, days.purchases().map(|day| calendar.index(day)));
            steps.add(&mut counts.transitions, days, self.rules, &mut states);
        }
    }

    fn calendar(&self) -> &Calendar {
        self.cohorts.calendar
    }
}

impl Counts {
    fn merge(self, other: Self) -> Self {
        let transitions = self.transitions.into_iter().zip(&other.transitions);
        Self {
            cohorts: self.cohorts.merge(&other.cohorts),
            lives: self.lives.merge(other.lives),
            growth: self.growth.merge(&other.growth),
            transitions: transitions.map(|(transition, other)| transition.merge(other)).collect(),
        }
    }
}
