//! One customer's days, and what is seen of a customer before a date.

use crate::profitability::schema::DaySlice;
use crate::units::Day;
use std::ops::Range;

/// Consecutive days of one customer, ascending.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CustomerDaysView<'s> {
    slice: &'s DaySlice,
    from: usize,
    until: usize,
}

/// Which money of a day.
pub(crate) type Amounts = fn(&DaySlice) -> &[i64];

/// Net revenue of days.
pub(crate) const NET_REVENUE: Amounts = |slice| &slice.net_revenue;
/// Gross margin of days.
pub(crate) const GROSS_MARGIN: Amounts = |slice| &slice.gross_margin;
/// Contribution of days.
pub(crate) const CONTRIBUTION: Amounts = |slice| &slice.contribution;

/// The customers of a slice, by place in it.
pub(crate) fn customers(slice: &DaySlice) -> impl Iterator<Item = (usize, CustomerDaysView<'_>)> {
    let bounds = slice.starts.windows(2).enumerate();
    bounds.map(move |(place, bounds)| (place, CustomerDaysView { slice, from: bounds[0], until: bounds[1] }))
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

    /// Rows of the slice.
    pub(crate) fn rows(self) -> Range<usize> {
        self.from..self.until
    }

    /// Days since 1970-01-01.
    pub(crate) fn days(self) -> &'s [i32] {
        &self.slice.day[self.from..self.until]
    }

    /// Days with a sale line.
    pub(crate) fn purchases(self) -> impl Iterator<Item = i32> + Clone {
        let orders = &self.slice.orders[self.from..self.until];
        self.days().iter().zip(orders).filter(|(_, orders)| **orders > 0).map(|(day, _)| *day)
    }

    /// Orders of all days.
    pub(crate) fn orders(self) -> i64 {
        self.slice.orders[self.from..self.until].iter().sum()
    }

    /// Money of all days.
    pub(crate) fn sum(self, of: Amounts) -> i128 {
        of(self.slice)[self.from..self.until].iter().map(|amount| i128::from(*amount)).sum()
    }

    /// What is seen of the customer by all these days; none without a purchase.
    pub(crate) fn seen(self, gap_days: i32) -> Option<Seen> {
        let mut seen: Option<Seen> = None;
        self.purchases().for_each(|day| buy(&mut seen, day, gap_days));
        seen
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

/// What is seen of a customer at each of these dates, which ascend, in one walk.
pub(crate) fn walk(
    days: CustomerDaysView<'_>,
    dates: impl Iterator<Item = Day>,
    gap_days: i32,
    mut visit: impl FnMut(usize, Option<&Seen>),
) {
    let mut purchases = days.purchases().peekable();
    let mut seen = None;
    for (index, date) in dates.enumerate() {
        while let Some(day) = purchases.next_if(|day| *day < date.0) {
            buy(&mut seen, day, gap_days);
        }
        visit(index, seen.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::tests::slice;

    #[test]
    fn days_without_sale_are_no_purchases() {
        let slice = slice(&[&[(10, 1, 5), (12, 0, -3), (14, 2, 8)]]);
        let (_, days) = customers(&slice).next().unwrap();
        assert_eq!(days.purchases().collect::<Vec<_>>(), [10, 14]);
        assert_eq!((days.orders(), days.sum(NET_REVENUE)), (3, 10));
        assert_eq!(days.before(Day(14)).sum(NET_REVENUE), 2);
        assert_eq!(days.since(Day(11)).before(Day(14)).days(), [12]);
    }

    #[test]
    fn a_date_is_an_exclusive_bound() {
        let slice = slice(&[&[(10, 1, 5), (14, 2, 8), (40, 1, 1)]]);
        let (_, days) = customers(&slice).next().unwrap();
        let seen = days.before(Day(14)).seen(20).unwrap();
        assert_eq!((seen.first, seen.last, seen.recency(Day(14))), (10, 10, 3));
        let mut found = Vec::new();
        walk(days, [10, 11, 15, 41].into_iter().map(Day), 20, |_, seen| found.push(seen.copied()));
        let buyer = |last, purchases, returned| Some(Seen { first: 10, last, purchases, returned });
        assert_eq!(found, [None, buyer(10, 1, None), buyer(14, 2, None), buyer(40, 3, Some(40))]);
    }
}
