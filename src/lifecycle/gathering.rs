//! Everything counted over all customers before any rhythm is known: the first operator over slices.

use super::cohort::Member;
use super::cohort_table::{CohortPlan, Cohorts};
use super::growth::Growth;
use super::lives::{Exposure, Lives, Observation};
use super::rhythm::GapCounts;
use crate::customers::days::CustomerDaysView;
use crate::customers::operator::{CustomerSlice, SliceOperator};
use crate::error::Result;
use crate::facts::schema::CustomerMaster;
use crate::units::Day;

/// What is counted, and by what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gathering<'r> {
    pub(crate) cohorts: CohortPlan<'r>,
    pub(crate) master: Option<&'r CustomerMaster>,
    /// The dates whose rhythm is asked for, ascending.
    pub(crate) dates: &'r [Day],
    pub(crate) gap_days: i32,
}

/// The counts. They are integers, so that they merge in any order.
#[derive(Debug, Clone)]
pub(crate) struct Gathered {
    /// By date.
    pub(crate) gaps: Vec<GapCounts>,
    pub(crate) cohorts: Cohorts,
    pub(crate) lives: Lives,
    pub(crate) growth: Growth,
}

impl SliceOperator for Gathering<'_> {
    type Window = ();
    type Part = Gathered;
    type Total = Gathered;

    fn begin(&self) -> Result<Gathered> {
        let groupings = self.cohorts.groupings;
        Ok(Gathered {
            gaps: vec![GapCounts::default(); self.dates.len()],
            cohorts: self.cohorts.empty(),
            lives: Lives::new(groupings),
            growth: Growth::new(groupings, self.cohorts.calendar.len()),
        })
    }

    fn slice(&self, _window: &(), customers: &CustomerSlice) -> Result<Gathered> {
        let mut found = self.begin()?;
        let mut buffers = Buffers::default();
        for (rank, days) in customers.ranks.clone().zip(customers.days.customers()) {
            self.add(&mut found, rank, days, &mut buffers);
        }
        Ok(found)
    }

    fn take(&self, total: &mut Gathered, part: Gathered) -> Result<()> {
        total.gaps.iter_mut().zip(&part.gaps).for_each(|(sum, more)| sum.merge(more));
        total.cohorts.merge(&part.cohorts);
        total.lives.merge(part.lives);
        total.growth.merge(&part.growth);
        Ok(())
    }
}

/// Buffers of one slice.
#[derive(Default)]
struct Buffers {
    /// Periods of a customer's purchases.
    periods: Vec<usize>,
    windows: Vec<super::cohort::WindowSums>,
}

impl Gathering<'_> {
    fn add(&self, found: &mut Gathered, rank: usize, days: CustomerDaysView<'_>, buffers: &mut Buffers) {
        let (calendar, groupings) = (self.cohorts.calendar, self.cohorts.groupings);
        // Gaps are counted whatever their length.
        days.at_dates(self.dates.iter().copied(), i32::MAX, |date, seen, _| {
            if let Some(seen) = seen {
                found.gaps[date].add(seen);
            }
        });
        let (start, as_of, gap_days) = (calendar.start(), calendar.as_of, self.gap_days);
        let days = days.before(as_of);
        let Some(seen) = days.seen(gap_days) else { return };
        let won = self.master.and_then(|master| master.acquired_on.get(rank));
        let is_older = won.is_some_and(|won| won < start);
        let member = Member { days, seen, is_older };
        self.cohorts.add(&mut found.cohorts, rank, member, &mut buffers.windows);
        let exposure = Exposure::of(&seen, calendar, gap_days);
        let life = Observation { start, as_of, gap_days }.life(days, won);
        found.lives.add(groupings, rank, life, exposure);
        buffers.periods.clear();
        buffers.periods.extend(days.purchases().map(|day| calendar.index(day)));
        found.growth.add(groupings, rank, &buffers.periods);
    }
}
