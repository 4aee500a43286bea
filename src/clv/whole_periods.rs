//! Forecast of whole periods with a purchase by BG/BB: what the back-test holds against the periods that followed.

use super::lives::{Opportunities, opportunity};
use super::models::bg_bb::{self, BetaGeometricBetaBernoulli, CountedHistory, History};
use crate::customers::calendar::Calendar;
use crate::customers::days::CustomerDaysView;
use crate::units::Day;

/// A fit of BG/BB, ready to foretell whole periods with a purchase.
pub(crate) struct Periods {
    model: BetaGeometricBetaBernoulli,
    /// Whole periods to foretell.
    ahead: u32,
}

impl Periods {
    /// None where the counts do not determine the model.
    pub(crate) fn new(counts: &Opportunities, ahead: u32) -> Option<Self> {
        let estimate = bg_bb::fit(&histories(counts)).ok()?;
        Some(Self { model: estimate.parameters.into(), ahead })
    }

    /// Expected and actual periods with a purchase after a date; none for who did not buy in a whole period before it.
    pub(crate) fn foretell(
        &self,
        calendar: &Calendar,
        before: CustomerDaysView<'_>,
        all: CustomerDaysView<'_>,
        date: Day,
    ) -> Option<(f64, f64)> {
        let row = opportunity(calendar, before, date)?;
        let expected = self.model.outlook(history(row)).expected_purchases(self.ahead);
        let whole = calendar.ended_by(date)..calendar.complete();
        let mut active: Vec<usize> = all.purchases().filter_map(|day| calendar.find(day)).collect();
        active.retain(|period| whole.contains(period));
        active.dedup();
        Some((expected, active.len() as f64))
    }
}

/// The counts as the model takes them.
pub(crate) fn histories(counts: &Opportunities) -> Vec<CountedHistory> {
    let counts = counts.iter();
    counts.map(|(row, customers)| CountedHistory { history: history(*row), customers: *customers }).collect()
}

pub(crate) fn history((purchases, last_purchase, opportunities): (u32, u32, u32)) -> History {
    History { purchases, last_purchase, opportunities }
}
