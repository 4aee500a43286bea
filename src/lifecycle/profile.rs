//! What a customer did up to a date, and where that leaves it.

use super::breadth::CustomerBreadth;
use super::dates::Standing;
use super::rhythm::Gaps;
use super::state::{AsOf, State};
use crate::customers::calendar::Calendar;
use crate::customers::days::{Amount, CustomerDaysView, Seen};
use crate::error::Result;
use crate::units::{Day, Fixed18};

/// Days of the year that shares of wallet and contributions at stake are taken over.
pub(crate) const YEAR_DAYS: i32 = 365;

/// A customer with a purchase before the date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Profile {
    pub(crate) rank: u32,
    pub(crate) seen: Seen,
    pub(crate) orders: i64,
    pub(crate) net_revenue: Fixed18,
    pub(crate) contribution: Fixed18,
    /// Net revenue of the last year.
    pub(crate) net_revenue_of_year: Fixed18,
    /// Periods with a purchase, at least 1.
    pub(crate) active_periods: u32,
    pub(crate) gaps: Gaps,
    /// None while nobody in the base bought twice.
    pub(crate) expected_gap_days: Option<f64>,
    pub(crate) state: State,
    /// At the start of the period of the day before the date; none for those without purchase then.
    pub(crate) previous: Option<State>,
    pub(crate) breadth: CustomerBreadth,
}

impl Profile {
    /// Days since the last purchase over the gap to expect.
    pub(crate) fn overdue_ratio(&self, as_of: Day) -> Option<f64> {
        self.expected_gap_days.map(|expected| f64::from(self.seen.recency(as_of)) / expected)
    }
}

/// What profiles of one date are made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'r> {
    pub(crate) date: &'r AsOf,
    /// The date's place among all dates, and that of the start of the period that it ends.
    pub(crate) places: [usize; 2],
    pub(crate) calendar: &'r Calendar,
}

impl View<'_> {
    /// The profile of a customer by its days and its state at every date; none without a purchase before this one.
    /// `gaps` is a buffer.
    ///
    /// # Errors
    /// An amount beyond 18 digits.
    pub(crate) fn profile(
        &self,
        rank: usize,
        days: CustomerDaysView<'_>,
        standings: &[Option<Standing>],
        breadth: CustomerBreadth,
        gaps: &mut Vec<i32>,
    ) -> Result<Option<Profile>> {
        let [now, before] = self.places.map(|place| standings[place]);
        let Some(Standing { seen, state, days: rows }) = now else { return Ok(None) };
        let days = days.rows(0..rows);
        let year = days.since(Day(self.date.day.0 - YEAR_DAYS));
        Ok(Some(Profile {
            rank: u32::try_from(rank).expect("ranks fit 32 bits"),
            seen,
            orders: days.orders().iter().sum(),
            net_revenue: amount("net_revenue", days.sum(Amount::NetRevenue))?,
            contribution: amount("contribution", days.sum(Amount::Contribution))?,
            net_revenue_of_year: amount("net_revenue", year.sum(Amount::NetRevenue))?,
            active_periods: self.active_periods(days),
            gaps: Gaps::between(days.purchases(), gaps),
            expected_gap_days: self.date.rhythm.map(|rhythm| rhythm.expected_gap_days(&seen)),
            state,
            previous: before.map(|before| before.state),
            breadth,
        }))
    }

    fn active_periods(&self, days: CustomerDaysView<'_>) -> u32 {
        let (mut periods, mut last) = (0, None);
        for index in days.purchases().map(|day| self.calendar.index(day)) {
            periods += u32::from(last != Some(index));
            last = Some(index);
        }
        periods
    }
}

/// An amount as a column of customers holds it.
///
/// # Errors
/// More than 18 digits.
pub(crate) fn amount(name: &str, amount: i128) -> Result<Fixed18> {
    Fixed18::checked(amount, format_args!("lifecycle: a value of '{name}'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::dates::Dates;
    use crate::lifecycle::rhythm::Rhythm;
    use crate::lifecycle::state::Rules;
    use crate::lifecycle::tests::{days, definition, months, slice};

    #[test]
    fn a_profile_is_what_the_days_before_the_date_say() {
        let day = days(&["2024-01-10", "2024-01-20", "2024-02-09", "2024-03-01", "2024-03-31"]);
        let slice = slice(&[
            &[(day[0], 2, 100), (day[1], 1, 40), (day[2], 0, -21), (day[3], 1, 80), (day[4], 1, 1000)],
            &[(day[4], 1, 8)],
        ]);
        let rhythm = Some(Rhythm { shape: 1.0, rate_days: 24.0 });
        let calendar = months("2024-01-01", 3, "2024-03-31");
        let before = AsOf { day: Day(day[3]), period_start: Day(day[3] - 29), rhythm: None };
        let date = AsOf { day: calendar.as_of, period_start: Day(day[3]), rhythm };
        let dates = Dates::of(vec![before, date]);
        let view = View { date: &date, places: [1, 0], calendar: &calendar };
        let rules = Rules::new(&definition());
        let breadth = CustomerBreadth { product_groups: 3, channels: None };
        let mut profiles = Vec::new();
        for (rank, days) in slice.customers().enumerate() {
            let mut standings = Vec::new();
            dates.stand(days, &rules, &mut standings);
            profiles.extend(view.profile(rank, days, &standings, breadth, &mut Vec::new()).unwrap());
        }
        assert_eq!(profiles.len(), 1, "a customer without purchase before the date has no row");
        let found = profiles[0];
        assert_eq!((found.rank, found.orders, found.net_revenue.get()), (0, 4, 199));
        assert_eq!(found.contribution.get(), 25 + 10 - 5 + 20);
        assert_eq!((found.seen.purchases, found.seen.recency(date.day)), (3, 29));
        assert_eq!((found.active_periods, found.breadth), (2, breadth));
        assert_eq!((found.gaps.mean_days, found.expected_gap_days), (Some(25.5), Some(25.0)));
        assert_eq!((found.state, found.previous), (State::Active, Some(State::Active)));
        assert_eq!(found.overdue_ratio(date.day), Some(29.0 / 25.0));
        assert_eq!(found.net_revenue.per(found.orders).get(), 50);
    }
}
