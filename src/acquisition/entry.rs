//! The day a customer came: when it was won, or else its first purchase.

use crate::customers::days::CustomerDaysView;
use crate::facts::schema::CustomerMaster;
use crate::units::Day;

/// Where the days come from.
#[derive(Clone, Copy)]
pub(super) struct Entries<'m> {
    pub(super) master: Option<&'m CustomerMaster>,
    pub(super) as_of: Day,
}

impl Entries<'_> {
    /// None of one who was won on no known day before the as-of date, and has not bought.
    pub(super) fn of(&self, rank: usize, days: CustomerDaysView<'_>) -> Option<Day> {
        let won = self.master.and_then(|master| master.acquired_on.get(rank));
        // A day to come is a plan: its cost is charged nowhere yet.
        won.filter(|day| *day < self.as_of).or_else(|| days.purchases().next().map(Day))
    }

    /// Whether a customer without entry is going to be won on a known day, and is no customer yet.
    pub(super) fn is_to_come(&self, rank: usize) -> bool {
        let won = self.master.and_then(|master| master.acquired_on.get(rank));
        won.is_some_and(|day| day >= self.as_of)
    }
}
