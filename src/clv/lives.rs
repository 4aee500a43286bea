//! Relationships counted in periods: what the formulas with constant periods, and models of renewal, start from.
//!
//! When a relationship lives and ends is said by [`periods_lived`], which the survival of `[lifecycle]` counts by too: a
//! segment has one lifetime. Only complete periods count.

use super::past::{MEASURES, REVENUE, Times, VALUED};
use super::schema::periods_lived;
use crate::customers::calendar::Calendar;
use crate::customers::days::{Amount, CustomerDaysView};
use crate::units::Day;
use std::collections::BTreeMap;

/// When relationships live: the calendar, and what ends one.
#[derive(Debug)]
pub(crate) struct LivingRule {
    pub(crate) calendar: Calendar,
    /// A customer is lost once the next purchase must come after a gap of more days than these.
    pub(crate) gap_days: u32,
}

impl LivingRule {
    /// Mean days of a complete period; none without one.
    pub(crate) fn mean_days(&self) -> Option<f64> {
        self.calendar.mean_days(0..self.calendar.complete())
    }
}

/// What customers lived through, in complete periods.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Lives {
    /// Customers with their first purchase, by period.
    pub(crate) new: Vec<u64>,
    /// Customers who live, by period.
    pub(crate) live: Vec<u64>,
    /// Net revenue, by period.
    pub(crate) revenue: Vec<i128>,
    /// What customers are valued at, by period.
    pub(crate) margin: Vec<i128>,
    /// Customers lost at the end of a period, by periods since that of the first purchase.
    pub(crate) lost: Vec<u64>,
    /// Customers who still live in the last period, likewise.
    pub(crate) kept: Vec<u64>,
    /// Cost of winning these customers.
    pub(crate) acquisition_cost: i128,
}

impl Lives {
    pub(crate) fn new(periods: usize) -> Self {
        Self {
            new: vec![0; periods],
            live: vec![0; periods],
            revenue: vec![0; periods],
            margin: vec![0; periods],
            lost: vec![0; periods],
            kept: vec![0; periods],
            acquisition_cost: 0,
        }
    }

    /// Counts a customer, whose times are seen from the as-of date.
    pub(crate) fn add(
        &mut self,
        rule: &LivingRule,
        days: CustomerDaysView<'_>,
        measures: [Amount; MEASURES],
        times: &Times,
        acquisition_cost: i64,
    ) {
        let calendar = &rule.calendar;
        let periods = calendar.complete();
        let Some(first) = calendar.find(times.first) else { return };
        let last = calendar.find(times.last).unwrap_or(first);
        let gap_days = i32::try_from(rule.gap_days).expect("days are few");
        let as_of = Day(times.seen + 1);
        let lived = periods_lived([first, last], times.last, as_of, gap_days, periods);
        let Some((lived, is_lost)) = lived else { return };
        self.new[first] += 1;
        self.live[lived.clone()].iter_mut().for_each(|live| *live += 1);
        let by_age = if is_lost { &mut self.lost } else { &mut self.kept };
        by_age[lived.len() - 1] += 1;
        self.acquisition_cost += i128::from(acquisition_cost);
        let (revenue, margin) = (days.amounts(measures[REVENUE]), days.amounts(measures[VALUED]));
        for (row, day) in days.days().iter().enumerate() {
            if let Some(period) = calendar.find(*day).filter(|period| *period < periods) {
                self.revenue[period] += i128::from(revenue[row]);
                self.margin[period] += i128::from(margin[row]);
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (sums, more) in [
            (&mut self.new, &other.new),
            (&mut self.live, &other.live),
            (&mut self.lost, &other.lost),
            (&mut self.kept, &other.kept),
        ] {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        for (sums, more) in [(&mut self.revenue, &other.revenue), (&mut self.margin, &other.margin)] {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        self.acquisition_cost += other.acquisition_cost;
    }

    /// Customers counted.
    pub(crate) fn customers(&self) -> u64 {
        self.lost.iter().chain(&self.kept).sum()
    }
}

/// Customers by (x, t_x, n): periods with a purchase after that of the first, the last of them, and how many there were.
pub(crate) type Opportunities = BTreeMap<(u32, u32, u32), u64>;

/// A customer's row of `Opportunities` at a date; none if its first purchase lies in no complete period before it.
pub(crate) fn opportunity(
    calendar: &Calendar,
    days: CustomerDaysView<'_>,
    date: Day,
) -> Option<(u32, u32, u32)> {
    let periods = calendar.ended_by(date);
    let mut bought = days.purchases().filter_map(|day| calendar.find(day));
    let first = bought.next().filter(|first| *first < periods)?;
    let (mut count, mut last) = (0, first);
    for period in bought.filter(|period| *period < periods) {
        count += u32::from(period > last);
        last = period;
    }
    let narrow = |periods: usize| u32::try_from(periods).expect("a calendar has few periods");
    Some((count, narrow(last - first), narrow(periods - 1 - first)))
}

/// A customer's purchases in complete periods before a date.
pub(crate) fn purchases_in_periods(calendar: &Calendar, days: CustomerDaysView<'_>, date: Day) -> u64 {
    let periods = calendar.ended_by(date);
    let is_in = |day: &i32| calendar.find(*day).is_some_and(|period| period < periods);
    days.purchases().filter(is_in).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::past::measures;
    use crate::customers::calendar::tests::calendar;
    use crate::customers::days::DaySlice;
    use crate::pipeline::Margin;
    use crate::units::PeriodKind;

    /// Weeks, the fifth of which is not over.
    fn weeks() -> Calendar {
        calendar(PeriodKind::Week, "2024-01-01", 5, "2024-01-31")
    }

    fn slice(day: &[i32], orders: &[i64], money: &[i64]) -> DaySlice {
        DaySlice {
            starts: vec![0, day.len()],
            day: day.to_vec(),
            orders: orders.to_vec(),
            net_revenue: money.to_vec(),
            full_margin: money.to_vec(),
            ..DaySlice::default()
        }
    }

    #[test]
    fn lives_end_with_the_last_purchase_before_a_long_gap() {
        let rule = LivingRule { calendar: weeks(), gap_days: 10 };
        let start = rule.calendar.start().0;
        let mut lives = Lives::new(rule.calendar.complete());
        for (days, orders) in [
            ([start, start + 8], [1, 1]),       // idle for 21 days: lost after the second week
            ([start + 8, start + 29], [1, 1]),  // lives on
            ([start + 29, start + 29], [1, 0]), // came in the incomplete week
        ] {
            let slice = slice(&days, &orders, &[100, 7]);
            let days = slice.customers().next().unwrap();
            let times = Times::of_days(days, rule.calendar.as_of).unwrap();
            lives.add(&rule, days, measures(Margin::Full), &times, 5);
        }
        assert_eq!(lives.live, [1, 2, 1, 1]);
        assert_eq!((lives.lost.clone(), lives.kept.clone()), (vec![0, 1, 0, 0], vec![0, 0, 1, 0]));
        assert_eq!(lives.margin, [100, 107, 0, 0]);
        assert_eq!((lives.customers(), lives.acquisition_cost), (2, 10));
        assert_eq!(rule.mean_days(), Some(7.0));
    }

    #[test]
    fn a_period_with_purchases_is_one_success() {
        let calendar = weeks();
        let start = calendar.start().0;
        let slice = slice(&[1, 2, 15, 16, 29].map(|day| start + day), &[1; 5], &[0; 5]);
        let days = slice.customers().next().unwrap();
        let before = |day| opportunity(&calendar, days.before(Day(start + day)), Day(start + day));
        assert_eq!(before(30), Some((1, 2, 3)));
        assert_eq!(before(16), Some((0, 0, 1)));
        assert_eq!(before(5), None);
    }
}
