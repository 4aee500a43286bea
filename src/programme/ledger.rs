//! The books of a programme, period by period: points, what is expected of them, revenue deferred and released.
//!
//! Each period is judged by what was seen up to its end, so that later periods change nothing of it.

use super::cohort::{Cohort, Expectation, Worth};
use super::redemption::{Age, LifeTable, SHARE_SCALE};
use super::tally::{PeriodSums, Tally, Used};
use crate::customers::calendar::Calendar;
use crate::error::Result;
use crate::units::{Decimal, Period};
use std::collections::BTreeMap;

/// One period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PeriodBooks {
    pub(super) sums: PeriodSums,
    /// Customers who joined by its end.
    pub(super) members: u64,
    /// Points of all customers.
    pub(super) opening: i128,
    pub(super) closing: i128,
    /// Share of points earned in it that is expected to be redeemed, at `SHARE_SCALE`.
    pub(super) redemption: i128,
    /// Points open at its end that are expected to be redeemed, at `SHARE_SCALE`.
    pub(super) expected: i128,
    pub(super) deferred: i128,
    pub(super) released: i128,
    pub(super) liability_opening: i128,
    pub(super) liability_closing: i128,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    /// Those of the run, in order.
    pub(super) periods: Vec<PeriodBooks>,
    /// By number, as of the last period.
    pub(super) cohorts: Vec<Cohort>,
    /// What was seen in complete periods.
    pub(super) life_table: LifeTable,
}

/// What points are booked by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'r> {
    pub(super) worth: Worth,
    /// Share of points earned that is expected to be redeemed, from each period on; empty: estimated.
    pub(super) redemption: &'r BTreeMap<Period, Decimal>,
    /// Whether the source says what was paid.
    pub(super) is_price_known: bool,
}

/// Makes the books.
///
/// # Errors
/// Numbers beyond 128 bits.
pub(super) fn ledger(terms: Terms<'_>, calendar: &Calendar, tally: &Tally) -> Result<Ledger> {
    let mut used: BTreeMap<u32, Vec<(u32, Used)>> = BTreeMap::new();
    for ((cohort, period), of) in &tally.used {
        used.entry(*period).or_default().push((*cohort, *of));
    }
    let mut books = Books { ledger: Ledger::default(), running: PeriodBooks::default() };
    for period in 0..=calendar.len() {
        let number = u32::try_from(period).expect("few periods");
        let sums = tally.periods.get(&number).copied().unwrap_or_default();
        let used = used.get(&number).map(Vec::as_slice).unwrap_or_default();
        books.use_points(period, &sums, used, (1..=calendar.complete()).contains(&period));
        books.close(period, sums, declared(terms.redemption, calendar, period), terms)?;
    }
    Ok(books.ledger)
}

/// The declared share of points that is expected to be redeemed, at the end of a period; before the first that is declared, the first.
fn declared(shares: &BTreeMap<Period, Decimal>, calendar: &Calendar, period: usize) -> Option<i128> {
    let start = calendar.periods.get(period.saturating_sub(1)).map(|period| period.period.start);
    let until = shares.iter().take_while(|(from, _)| Some(from.start) <= start).last();
    let share = until.or_else(|| shares.first_key_value()).map(|(_, share)| *share)?;
    Some(share.at_scale(SHARE_SCALE).expect("a share has few digits"))
}

struct Books {
    ledger: Ledger,
    /// The last period.
    running: PeriodBooks,
}

impl Books {
    /// Adds the cohort of a period, and takes off what was used in it.
    fn use_points(&mut self, period: usize, sums: &PeriodSums, used: &[(u32, Used)], is_complete: bool) {
        let Ledger { cohorts, life_table, .. } = &mut self.ledger;
        cohorts.push(Cohort { earned: sums.earned, paid: sums.paid, ..Cohort::default() });
        let mut used = used.iter().peekable();
        for (number, cohort) in cohorts.iter_mut().enumerate() {
            let Used { redeemed, expired } =
                used.next_if(|(of, _)| *of as usize == number).map_or_else(Used::default, |(_, used)| *used);
            // Of points earned before the first period the age is not known.
            if is_complete && number > 0 && cohort.earned > 0 {
                life_table.add(period - number, Age { at_risk: cohort.open(), redeemed, expired });
            }
            cohort.redeemed += redeemed;
            cohort.expired += expired;
        }
    }

    /// Defers and releases revenue, once points of a period were used.
    fn close(
        &mut self,
        period: usize,
        sums: PeriodSums,
        declared: Option<i128>,
        terms: Terms<'_>,
    ) -> Result<()> {
        let redemption = self.ledger.life_table.redemption();
        let of_new = declared.unwrap_or_else(|| redemption.of_new());
        // Before the first period nothing else says what was paid.
        let paid = (period > 0 || terms.is_price_known).then_some(sums.paid);
        let deferred = terms.worth.deferred(paid, sums.earned, of_new)?;
        self.ledger.cohorts[period].deferred = deferred;
        let (mut released, mut expected, mut liability) = (0, 0, 0);
        for (number, cohort) in self.ledger.cohorts.iter_mut().enumerate() {
            let expectation = match declared {
                Some(share) => Expectation::OfEarned(share),
                None => Expectation::OfOpen(redemption.of_open(period - number)),
            };
            released += cohort.release(expectation)?;
            expected += cohort.expected_open();
            liability += cohort.liability();
        }
        let before = &self.running;
        let books = PeriodBooks {
            sums,
            members: before.members + sums.joined,
            opening: before.closing,
            closing: before.closing + sums.earned + sums.overdrawn - sums.redeemed - sums.expired,
            redemption: of_new,
            expected,
            deferred,
            released,
            liability_opening: before.liability_closing,
            liability_closing: liability,
        };
        assert_eq!(
            books.liability_opening + deferred - released,
            liability,
            "what is deferred is released or a liability"
        );
        self.running = books.clone();
        if period > 0 {
            self.ledger.periods.push(books);
        }
        Ok(())
    }
}
