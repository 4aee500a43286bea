//! What a customer did up to a date, and where that leaves it.

use super::breadth::Breadth;
use super::calendar::Calendar;
use super::customer_days::{CONTRIBUTION, CustomerDaysView, NET_REVENUE, Seen, customers};
use super::layout::money;
use super::rhythm::Gaps;
use super::state::{AsOf, Rules, State};
use crate::error::Result;
use crate::profitability::schema::DaySlice;
use crate::units::{Day, round_ratio};

/// Days of the year that shares of wallet and contributions at stake are taken over.
pub(crate) const YEAR_DAYS: i32 = 365;

/// A customer with a purchase before the date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Profile {
    pub(crate) rank: u32,
    pub(crate) seen: Seen,
    pub(crate) orders: i64,
    pub(crate) net_revenue: i64,
    pub(crate) contribution: i64,
    /// Net revenue of the last year.
    pub(crate) net_revenue_of_year: i64,
    /// Periods with a purchase, at least 1.
    pub(crate) active_periods: u32,
    pub(crate) gaps: Gaps,
    /// None while nobody in the base bought twice.
    pub(crate) expected_gap_days: Option<f64>,
    pub(crate) state: State,
    /// At the start of the period of the day before the date; none for those without purchase then.
    pub(crate) previous: Option<State>,
    pub(crate) product_groups: u16,
    pub(crate) channels: Option<u16>,
}

impl Profile {
    /// Days since the last purchase over the gap to expect.
    pub(crate) fn overdue_ratio(&self, as_of: Day) -> Option<f64> {
        self.expected_gap_days.map(|expected| f64::from(self.seen.recency(as_of)) / expected)
    }

    /// An amount per each of `count`, rounded half away from zero.
    pub(crate) fn per(amount: i64, count: i64) -> i64 {
        let mean = round_ratio(i128::from(amount), i128::from(count.max(1)));
        i64::try_from(mean).expect("a mean is not larger than what it is of")
    }
}

/// What profiles of one date are made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'r> {
    pub(crate) date: &'r AsOf,
    /// The start of the period that the date ends.
    pub(crate) before: &'r AsOf,
    pub(crate) rules: &'r Rules,
    pub(crate) calendar: &'r Calendar,
    pub(crate) breadth: &'r Breadth,
}

impl View<'_> {
    /// The customers of a slice that have a purchase before the date.
    ///
    /// # Errors
    /// An amount beyond 18 digits.
    pub(crate) fn profiles(&self, first_rank: usize, slice: &DaySlice) -> Result<Vec<Profile>> {
        let mut gaps = Vec::new();
        let known = customers(slice).map(|(place, days)| (first_rank + place, days.before(self.date.day)));
        let profiles = known.filter_map(|(rank, days)| self.profile(rank, days, &mut gaps).transpose());
        profiles.collect()
    }

    fn profile(
        &self,
        rank: usize,
        days: CustomerDaysView<'_>,
        gaps: &mut Vec<i32>,
    ) -> Result<Option<Profile>> {
        let Some(seen) = days.seen(self.rules.gap_days) else { return Ok(None) };
        let (date, before) = (self.date, self.before);
        let earlier = days.before(before.day).seen(self.rules.gap_days);
        Ok(Some(Profile {
            rank: u32::try_from(rank).expect("ranks fit 32 bits"),
            seen,
            orders: days.orders(),
            net_revenue: money("net_revenue", days.sum(NET_REVENUE))?,
            contribution: money("contribution", days.sum(CONTRIBUTION))?,
            net_revenue_of_year: money(
                "net_revenue",
                days.since(Day(date.day.0 - YEAR_DAYS)).sum(NET_REVENUE),
            )?,
            active_periods: self.active_periods(days),
            gaps: Gaps::between(days.purchases(), gaps),
            expected_gap_days: date.rhythm.map(|rhythm| rhythm.expected_gap_days(&seen)),
            state: self.rules.state(&seen, date),
            previous: earlier.map(|earlier| self.rules.state(&earlier, before)),
            product_groups: self.breadth.product_groups.get(rank).copied().unwrap_or(0),
            channels: self.breadth.channels.get(rank).copied(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::rhythm::Rhythm;
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
        let date = AsOf { day: calendar.as_of, period_start: Day(day[3]), rhythm };
        let before = AsOf { day: Day(day[3]), period_start: Day(day[3] - 29), rhythm: None };
        let rules = Rules::new(&definition());
        let breadth = Breadth { product_groups: vec![3, 1], channels: vec![] };
        let view =
            View { date: &date, before: &before, rules: &rules, calendar: &calendar, breadth: &breadth };
        let profiles = view.profiles(7, &slice).unwrap();
        assert_eq!(profiles.len(), 1, "a customer without purchase before the date has no row");
        let found = profiles[0];
        assert_eq!((found.rank, found.orders, found.net_revenue), (7, 4, 199));
        assert_eq!(found.contribution, 25 + 10 - 5 + 20);
        assert_eq!((found.seen.purchases, found.seen.recency(date.day)), (3, 29));
        assert_eq!((found.active_periods, found.product_groups, found.channels), (2, 0, None));
        assert_eq!((found.gaps.mean_days, found.expected_gap_days), (Some(25.5), Some(25.0)));
        assert_eq!((found.state, found.previous), (State::Active, Some(State::Active)));
        assert_eq!(found.overdue_ratio(date.day), Some(29.0 / 25.0));
        assert_eq!((Profile::per(199, 4), Profile::per(-199, 2)), (50, -100));
    }
}
