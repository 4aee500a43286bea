//! One customer's days, and what its purchases before a date come to.
//!
//! A purchase is a distinct day with a sale line. A date is an exclusive bound: what is seen at a date follows from the
//! days before it.

use crate::units::Day;
use std::ops::Range;

/// Days of consecutive customers, one customer after another, each customer's days ascending.
///
/// Money at `money_scale`. Costs are known by period: those of a customer in a period fall on its days with a sale
/// line there by their orders, rounded so that they add up, or else all on its last day with a line; without any line
/// in the period they fall on the period's last day before the as-of day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DaySlice {
    /// Rows of the n-th customer of the slice: `starts[n]..starts[n + 1]`.
    pub starts: Vec<usize>,
    /// Days since 1970-01-01.
    pub day: Vec<i32>,
    /// Distinct orders with a sale line on the day; 0 on days with returns or costs only.
    pub orders: Vec<i64>,
    /// Net revenue of the day's lines.
    pub net_revenue: Vec<i64>,
    /// Net revenue − product cost.
    pub gross_margin: Vec<i64>,
    /// Gross margin − price concessions − cost to serve.
    pub contribution: Vec<i64>,
    /// Gross margin − avoidable part of all that the customer bears, acquisition and fully loaded lines aside.
    pub avoidable_margin: Vec<i64>,
    /// Gross margin − all that the customer bears, acquisition and fully loaded lines aside.
    pub full_margin: Vec<i64>,
}

/// A column of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    NetRevenue,
    GrossMargin,
    Contribution,
    AvoidableMargin,
    FullMargin,
}

impl DaySlice {
    /// The customers of the slice, by place in it.
    pub(crate) fn customers(&self) -> impl Iterator<Item = CustomerDaysView<'_>> {
        self.starts.windows(2).map(|bounds| CustomerDaysView {
            slice: self,
            from: bounds[0],
            until: bounds[1],
        })
    }

    /// Money of all rows.
    pub(crate) fn amounts(&self, amount: Amount) -> &[i64] {
        match amount {
            Amount::NetRevenue => &self.net_revenue,
            Amount::GrossMargin => &self.gross_margin,
            Amount::Contribution => &self.contribution,
            Amount::AvoidableMargin => &self.avoidable_margin,
            Amount::FullMargin => &self.full_margin,
        }
    }
}

/// Consecutive days of one customer, ascending.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CustomerDaysView<'s> {
    slice: &'s DaySlice,
    from: usize,
    until: usize,
}

impl<'s> CustomerDaysView<'s> {
    /// The days before a date.
    pub(crate) fn before(self, day: Day) -> Self {
        let until = self.from + self.days().partition_point(|known| *known < day.0);
        Self { until, ..self }
    }

    /// The days from a date on.
    pub(crate) fn since(self, day: Day) -> Self {
        let from = self.from + self.days().partition_point(|known| *known < day.0);
        Self { from, ..self }
    }

    /// The rows `from..until` of these days.
    pub(crate) fn rows(self, rows: Range<usize>) -> Self {
        debug_assert!(self.from + rows.end <= self.until, "rows of the customer");
        Self { from: self.from + rows.start, until: self.from + rows.end, ..self }
    }

    /// Days since 1970-01-01.
    pub(crate) fn days(self) -> &'s [i32] {
        &self.slice.day[self.from..self.until]
    }

    /// Orders by day; 0 on days without sale line.
    pub(crate) fn orders(self) -> &'s [i64] {
        &self.slice.orders[self.from..self.until]
    }

    /// Money by day.
    pub(crate) fn amounts(self, amount: Amount) -> &'s [i64] {
        &self.slice.amounts(amount)[self.from..self.until]
    }

    /// Days with a purchase.
    pub(crate) fn purchases(self) -> impl Iterator<Item = i32> + Clone + use<'s> {
        self.days().iter().zip(self.orders()).filter(|(_, orders)| **orders > 0).map(|(day, _)| *day)
    }

    /// Money of all days.
    pub(crate) fn sum(self, amount: Amount) -> i128 {
        self.amounts(amount).iter().map(|amount| i128::from(*amount)).sum()
    }

    /// What is seen of the customer by all these days; none without a purchase.
    pub(crate) fn seen(self, gap_days: i32) -> Option<Seen> {
        let mut seen: Option<Seen> = None;
        self.purchases().for_each(|day| buy(&mut seen, day, gap_days));
        seen
    }

    /// What is seen of the customer at each of these dates, which ascend, in one pass over its days. `visit` is given
    /// the number of the date, what is seen at it, and how many of the days lie before it.
    pub(crate) fn at_dates(
        self,
        dates: impl IntoIterator<Item = Day>,
        gap_days: i32,
        mut visit: impl FnMut(usize, Option<&Seen>, usize),
    ) {
        let (days, orders) = (self.days(), self.orders());
        let (mut row, mut seen) = (0, None);
        for (index, date) in dates.into_iter().enumerate() {
            while row < days.len() && days[row] < date.0 {
                if orders[row] > 0 {
                    buy(&mut seen, days[row], gap_days);
                }
                row += 1;
            }
            visit(index, seen.as_ref(), row);
        }
    }
}

/// A customer's purchases before a date, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Day of the first purchase.
    pub(crate) first: i32,
    /// Day of the last one.
    pub(crate) last: i32,
    /// Purchases, at least 1.
    pub(crate) purchases: u32,
    /// The last purchase that followed a gap long enough to end a relationship.
    pub(crate) returned: Option<i32>,
}

impl Seen {
    /// Days from the last purchase to the last day before `as_of`.
    pub(crate) fn recency(&self, as_of: Day) -> i32 {
        as_of.0 - 1 - self.last
    }

    /// Days from the first purchase to the last day before `as_of`.
    pub(crate) fn tenure(&self, as_of: Day) -> i32 {
        as_of.0 - 1 - self.first
    }

    /// Days from the first to the last purchase.
    pub(crate) fn relationship(&self) -> i32 {
        self.last - self.first
    }

    /// Purchases after the first.
    pub(crate) fn repeats(&self) -> u32 {
        self.purchases - 1
    }
}

fn buy(seen: &mut Option<Seen>, day: i32, gap_days: i32) {
    match seen {
        None => *seen = Some(Seen { first: day, last: day, purchases: 1, returned: None }),
        Some(known) => {
            if day - known.last > gap_days {
                known.returned = Some(day);
            }
            known.last = day;
            known.purchases += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One customer's days with orders and net revenue.
    fn slice(days: &[(i32, i64, i64)]) -> DaySlice {
        DaySlice {
            starts: vec![0, days.len()],
            day: days.iter().map(|day| day.0).collect(),
            orders: days.iter().map(|day| day.1).collect(),
            net_revenue: days.iter().map(|day| day.2).collect(),
            ..DaySlice::default()
        }
    }

    #[test]
    fn days_without_sale_are_no_purchases() {
        let slice = slice(&[(10, 1, 5), (12, 0, -3), (14, 2, 8)]);
        let days = slice.customers().next().unwrap();
        assert_eq!(days.purchases().collect::<Vec<_>>(), [10, 14]);
        assert_eq!((days.orders(), days.sum(Amount::NetRevenue)), (&[1, 0, 2][..], 10));
        assert_eq!(days.before(Day(14)).sum(Amount::NetRevenue), 2);
        assert_eq!(days.since(Day(11)).before(Day(14)).days(), [12]);
        assert_eq!(days.rows(1..3).amounts(Amount::NetRevenue), [-3, 8]);
    }

    #[test]
    fn a_date_is_an_exclusive_bound() {
        let slice = slice(&[(10, 1, 5), (14, 2, 8), (40, 1, 1)]);
        let days = slice.customers().next().unwrap();
        let seen = days.before(Day(14)).seen(20).unwrap();
        assert_eq!((seen.first, seen.last, seen.recency(Day(14))), (10, 10, 3));
        let mut found = Vec::new();
        days.at_dates([10, 11, 15, 41].map(Day), 20, |_, seen, rows| found.push((seen.copied(), rows)));
        let buyer = |last, purchases, returned| Some(Seen { first: 10, last, purchases, returned });
        assert_eq!(
            found,
            [(None, 0), (buyer(10, 1, None), 1), (buyer(14, 2, None), 2), (buyer(40, 3, Some(40)), 3)]
        );
    }
}
