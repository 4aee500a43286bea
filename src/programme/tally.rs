//! Movements of all customers, counted: by period, and by period of earning and period of use. Sums are exact, so that they add up
//! over slices in any order.
//!
//! Periods are numbered from 1; 0 is the time before the first.

use super::account::Account;
use super::movement::{Kind, Movement};
use crate::customers::calendar::Calendar;
use std::collections::BTreeMap;

/// What happened in one period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PeriodSums {
    /// Customers whose first movement it has.
    pub(super) joined: u64,
    /// Of these, customers who did not buy on that day.
    pub(super) joined_idle: u64,
    pub(super) earned: i128,
    pub(super) redeemed: i128,
    pub(super) expired: i128,
    /// Points redeemed or expired beyond those that were earned.
    pub(super) overdrawn: i128,
    /// What was paid for what earned points, at `money_scale`.
    pub(super) paid: i128,
    /// What redeeming cost.
    pub(super) cost: i128,
}

/// Points of one cohort that were used in one period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) redeemed: i128,
    pub(super) expired: i128,
}

/// Of all customers so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) periods: BTreeMap<u32, PeriodSums>,
    /// By cohort and period.
    pub(super) used: BTreeMap<(u32, u32), Used>,
}

/// The number of the period of a day.
pub(super) fn period_of(calendar: &Calendar, day: i32) -> u32 {
    let found = calendar.find(day).map_or(0, |index| index.min(calendar.len() - 1) + 1);
    u32::try_from(found).expect("few periods")
}

impl Tally {
    /// Adds the movements of one customer, which are in order, and one at least; returns what is left of them.
    pub(super) fn add(&mut self, movements: &[Movement], calendar: &Calendar) -> Account {
        let mut account = Account::default();
        self.period(period_of(calendar, movements[0].day)).joined += 1;
        for movement in movements {
            let period = period_of(calendar, movement.day);
            let used = &mut self.used;
            let beyond = account.apply(movement, period, |cohort, points| {
                let used = used.entry((cohort, period)).or_default();
                match movement.kind {
                    Kind::Redeemed => used.redeemed += i128::from(points),
                    Kind::Expired | Kind::Earned => used.expired += i128::from(points),
                }
            });
            let sums = self.period(period);
            let points = i128::from(movement.points);
            match movement.kind {
                Kind::Earned => {
                    sums.earned += points;
                    sums.paid += i128::from(movement.paid);
                }
                Kind::Redeemed => {
                    sums.redeemed += points;
                    sums.cost += i128::from(movement.cost);
                }
                Kind::Expired => sums.expired += points,
            }
            sums.overdrawn += i128::from(beyond);
        }
        account
    }

    /// The sums of a period.
    pub(super) fn period(&mut self, period: u32) -> &mut PeriodSums {
        self.periods.entry(period).or_default()
    }

    /// Adds other customers.
    pub(super) fn merge(&mut self, other: &Self) {
        for (period, more) in &other.periods {
            let sums = self.period(*period);
            sums.joined += more.joined;
            sums.joined_idle += more.joined_idle;
            sums.earned += more.earned;
            sums.redeemed += more.redeemed;
            sums.expired += more.expired;
            sums.overdrawn += more.overdrawn;
            sums.paid += more.paid;
            sums.cost += more.cost;
        }
        for (key, more) in &other.used {
            let used = self.used.entry(*key).or_default();
            used.redeemed += more.redeemed;
            used.expired += more.expired;
        }
    }
}
