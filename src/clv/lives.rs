//! Relationships counted in periods: what the formulas with constant periods, and models of renewal, start from.
//!
//! When a relationship lives and ends is said by [`periods_lived`], which the survival of `[lifecycle]` counts by too: a
//! segment has one lifetime. Only complete periods count.

use super::past::{REVENUE, Rows, Times, VALUED};
use super::schema::periods_lived;
use crate::facts::schema::FactPeriod;
use crate::units::Day;
use std::collections::BTreeMap;

/// Which complete period a day falls into.
#[derive(Debug)]
pub(crate) struct Calendar {
    /// First days of the complete periods, and the end of the last.
    bounds: Vec<i32>,
    /// A customer is lost once the next purchase must come after a gap of more days than these.
    pub(crate) gap_days: u32,
}

impl Calendar {
    pub(crate) fn new(periods: &[FactPeriod], gap_days: u32) -> Self {
        let mut complete = periods.iter().filter(|period| period.complete);
        let mut bounds: Vec<i32> = complete.clone().map(|period| period.period.start.0).collect();
        bounds.extend(complete.next_back().map(|period| period.period.end().0));
        Self { bounds, gap_days }
    }

    /// Complete periods.
    pub(crate) fn periods(&self) -> usize {
        self.bounds.len().saturating_sub(1)
    }

    /// Complete periods that end on a date or before.
    pub(crate) fn periods_before(&self, date: i32) -> usize {
        self.bounds.partition_point(|bound| *bound <= date).saturating_sub(1)
    }

    /// The period of a day; that after the last complete one, or more, is at least `periods`.
    pub(crate) fn period_of(&self, day: i32) -> Option<usize> {
        self.bounds.partition_point(|bound| *bound <= day).checked_sub(1)
    }

    /// Mean days of a complete period; none without one.
    pub(crate) fn mean_days(&self) -> Option<f64> {
        let (first, last) = (self.bounds.first()?, self.bounds.last()?);
        let periods = u32::try_from(self.periods()).ok().filter(|periods| *periods > 0)?;
        Some(f64::from(last - first) / f64::from(periods))
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
    pub(crate) fn add(&mut self, calendar: &Calendar, rows: &Rows<'_>, times: &Times, acquisition_cost: i64) {
        let periods = calendar.periods();
        let Some(first) = calendar.period_of(times.first) else { return };
        let last = calendar.period_of(times.last).unwrap_or(first);
        let gap_days = i32::try_from(calendar.gap_days).expect("days are few");
        let as_of = Day(times.seen + 1);
        let lived = periods_lived([first, last], times.last, as_of, gap_days, periods);
        let Some((lived, is_lost)) = lived else { return };
        self.new[first] += 1;
        self.live[lived.clone()].iter_mut().for_each(|live| *live += 1);
        let by_age = if is_lost { &mut self.lost } else { &mut self.kept };
        by_age[lived.len() - 1] += 1;
        self.acquisition_cost += i128::from(acquisition_cost);
        for (row, day) in rows.day.iter().enumerate() {
            if let Some(period) = calendar.period_of(*day).filter(|period| *period < periods) {
                self.revenue[period] += i128::from(rows.money[REVENUE][row]);
                self.margin[period] += i128::from(rows.money[VALUED][row]);
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
pub(crate) fn opportunity(calendar: &Calendar, rows: &Rows<'_>, date: i32) -> Option<(u32, u32, u32)> {
    let periods = calendar.periods_before(date);
    let mut bought = rows.purchase_days().filter_map(|day| calendar.period_of(day));
    let first = bought.next().filter(|first| *first < periods)?;
    let (mut count, mut last) = (0, first);
    for period in bought.filter(|period| *period < periods) {
        count += u32::from(period > last);
        last = period;
    }
    let narrow = |periods: usize| u32::try_from(periods).expect("a calendar has few periods");
    Some((count, narrow(last - first), narrow(periods - 1 - first)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Period, PeriodKind};

    fn calendar() -> Calendar {
        let start: crate::units::Day = "2024-01-01".parse().unwrap();
        let mut period = Period::containing(PeriodKind::Week, start);
        let mut periods = Vec::new();
        for number in 0..5 {
            periods.push(FactPeriod { period, complete: number < 4 });
            period = period.next();
        }
        Calendar::new(&periods, 10)
    }

    fn rows<'a>(day: &'a [i32], orders: &'a [i64], money: &'a [i64]) -> Rows<'a> {
        Rows { day, orders, money: [money; 3] }
    }

    #[test]
    fn lives_end_with_the_last_purchase_before_a_long_gap() {
        let calendar = calendar();
        let start = calendar.bounds[0];
        let as_of = start + 30;
        let mut lives = Lives::new(calendar.periods());
        for (days, orders) in [
            ([start, start + 8], [1, 1]),       // idle for 21 days: lost after the second week
            ([start + 8, start + 29], [1, 1]),  // lives on
            ([start + 29, start + 29], [1, 0]), // came in the incomplete week
        ] {
            let rows = rows(&days, &orders, &[100, 7]);
            let times = Times::of(&rows, as_of).unwrap();
            lives.add(&calendar, &rows, &times, 5);
        }
        assert_eq!(lives.live, [1, 2, 1, 1]);
        assert_eq!((lives.lost.clone(), lives.kept.clone()), (vec![0, 1, 0, 0], vec![0, 0, 1, 0]));
        assert_eq!(lives.margin, [100, 107, 0, 0]);
        assert_eq!((lives.customers(), lives.acquisition_cost), (2, 10));
    }

    #[test]
    fn a_period_with_purchases_is_one_success() {
        let calendar = calendar();
        let start = calendar.bounds[0];
        let days = [start + 1, start + 2, start + 15, start + 16, start + 29];
        let rows = rows(&days, &[1; 5], &[0; 5]);
        assert_eq!(opportunity(&calendar, &rows, start + 30), Some((1, 2, 3)));
        assert_eq!(opportunity(&calendar, &rows.before(start + 16), start + 16), Some((0, 0, 1)));
        assert_eq!(opportunity(&calendar, &rows.before(start + 5), start + 5), None);
        assert_eq!(calendar.mean_days(), Some(7.0));
    }
}
