//! What one customer did before a date: when it bought, and what its purchases brought.

use super::models::CountRow;
use super::models::margin_rate::CustomerRate;
use crate::customers::days::{Amount, CustomerDaysView, Seen};
use crate::pipeline::Margin;
use crate::units::Day;

/// What a purchase is measured by, in the order of `Purchase`.
pub(crate) const MEASURES: usize = 3;
/// What customers are valued at, by `clv.margin`.
pub(crate) const VALUED: usize = 0;
/// Gross margin less all that the customer bears.
pub(crate) const FULL: usize = 1;
/// Net revenue.
pub(crate) const REVENUE: usize = 2;

/// What a purchase brought, by measure: its day's money and that of the days up to the next purchase. What came before
/// the first purchase belongs to the first, so that purchases add up to the customer.
pub(crate) type Purchase = [i64; MEASURES];

/// What each measure is a sum of.
pub(crate) fn measures(margin: Margin) -> [Amount; MEASURES] {
    let valued = match margin {
        Margin::Avoidable => Amount::AvoidableMargin,
        Margin::Full => Amount::FullMargin,
        Margin::Revenue => Amount::NetRevenue,
    };
    [valued, Amount::FullMargin, Amount::NetRevenue]
}

/// What each purchase of these days brought, in the order of days; `purchases` is emptied first.
pub(crate) fn purchases_into(
    days: CustomerDaysView<'_>,
    measures: [Amount; MEASURES],
    purchases: &mut Vec<Purchase>,
) {
    purchases.clear();
    let money = measures.map(|amount| days.amounts(amount));
    let mut before = [0; MEASURES];
    for (row, orders) in days.orders().iter().enumerate() {
        let brought: Purchase = std::array::from_fn(|measure| money[measure][row]);
        if *orders > 0 {
            purchases.push(add(std::mem::take(&mut before), brought));
        } else if let Some(last) = purchases.last_mut() {
            *last = add(*last, brought);
        } else {
            before = add(before, brought);
        }
    }
}

/// A customer's money has 18 digits: profitability has checked its sums.
fn add(a: Purchase, b: Purchase) -> Purchase {
    std::array::from_fn(|measure| {
        a[measure].checked_add(b[measure]).expect("a customer's money has 18 digits")
    })
}

/// When a customer bought, seen from a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    /// Day of the first purchase.
    pub(crate) first: i32,
    /// Day of the last.
    pub(crate) last: i32,
    /// Days with a purchase.
    pub(crate) purchases: u32,
    /// The last day seen: the one before the date.
    pub(crate) seen: i32,
}

impl CountRow {
    /// (x, t_x, T).
    pub(crate) fn history(&self) -> (u32, u32, u32) {
        (self.purchases, self.last_purchase_days, self.age_days)
    }

    /// When customers with this history bought, seen from the date before which they were counted.
    pub(crate) fn times(&self, date: Day) -> Times {
        let days = |days: u32| i32::try_from(days).expect("counts are of days");
        let seen = date.0 - 1;
        let first = seen - days(self.age_days);
        Times { first, last: first + days(self.last_purchase_days), purchases: self.purchases + 1, seen }
    }
}

impl Times {
    /// Of purchases before a date.
    pub(crate) fn of(seen: &Seen, date: Day) -> Self {
        Self { first: seen.first, last: seen.last, purchases: seen.purchases, seen: date.0 - 1 }
    }

    /// Of days before a date; none for a customer without purchase on any.
    pub(crate) fn of_days(days: CustomerDaysView<'_>, date: Day) -> Option<Self> {
        Some(Self::of(&days.seen(i32::MAX)?, date))
    }

    /// x: purchases after the first.
    pub(crate) fn repeats(&self) -> u32 {
        self.purchases - 1
    }

    /// t_x: days from the first purchase to the last.
    pub(crate) fn last_days(&self) -> u32 {
        self.last.abs_diff(self.first)
    }

    /// T: days from the first purchase to the last day seen.
    pub(crate) fn age_days(&self) -> u32 {
        self.seen.abs_diff(self.first)
    }

    /// Days since the last purchase.
    pub(crate) fn idle_days(&self) -> u32 {
        self.seen.abs_diff(self.last)
    }
}

/// What a customer's purchases brought before a date.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Brought {
    /// Days with a purchase.
    pub(crate) purchases: u32,
    /// Sum over purchases, by measure.
    pub(crate) sums: [i128; MEASURES],
    /// Sum of squares over purchases, by measure.
    pub(crate) squares: [i128; MEASURES],
    /// Net revenue of the purchases after the first.
    pub(crate) repeat_revenue: i128,
    /// Margin of revenue.
    pub(crate) rate: CustomerRate,
}

impl Brought {
    /// Adds up purchases; `pairs` is room for (revenue, margin).
    pub(crate) fn of(purchases: &[Purchase], pairs: &mut Vec<(i64, i64)>) -> Self {
        let mut brought = Self::default();
        for purchase in purchases {
            brought.purchases += 1;
            for (measure, money) in purchase.iter().enumerate() {
                let money = i128::from(*money);
                brought.sums[measure] += money;
                brought.squares[measure] += money * money;
            }
        }
        brought.repeat_revenue =
            brought.sums[REVENUE] - purchases.first().map_or(0, |first| i128::from(first[REVENUE]));
        pairs.clear();
        pairs.extend(purchases.iter().map(|purchase| (purchase[REVENUE], purchase[VALUED])));
        brought.rate = CustomerRate::of(pairs);
        brought
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::days::DaySlice;

    fn slice() -> DaySlice {
        DaySlice {
            starts: vec![0, 5, 6],
            day: vec![10, 12, 15, 20, 22, 11],
            orders: vec![0, 1, 0, 2, 0, 0],
            net_revenue: vec![0, 100, -30, 50, 0, 0],
            gross_margin: vec![0; 6],
            contribution: vec![0; 6],
            avoidable_margin: vec![-5, 40, -20, 25, -3, -9],
            full_margin: vec![-6, 30, -25, 20, -4, -9],
        }
    }

    #[test]
    fn what_follows_a_purchase_belongs_to_it() {
        let slice = slice();
        let mut purchases = Vec::new();
        purchases_into(slice.customers().next().unwrap(), measures(Margin::Avoidable), &mut purchases);
        assert_eq!(purchases, [[15, -1, 70], [22, 16, 50]]);
        let brought = Brought::of(&purchases, &mut Vec::new());
        assert_eq!((brought.sums, brought.repeat_revenue), ([37, 15, 120], 50));
        assert_eq!(brought.squares[VALUED], 15 * 15 + 22 * 22);
    }

    #[test]
    fn times_are_those_before_the_date() {
        let slice = slice();
        let days: Vec<CustomerDaysView<'_>> = slice.customers().collect();
        let times = |date| Times::of_days(days[0].before(Day(date)), Day(date));
        assert_eq!(times(12), None);
        assert_eq!(times(20), Some(Times { first: 12, last: 12, purchases: 1, seen: 19 }));
        let all = times(30).unwrap();
        assert_eq!((all.repeats(), all.last_days(), all.age_days(), all.idle_days()), (1, 8, 17, 9));
        assert_eq!(Times::of_days(days[1], Day(30)), None, "a cost is no purchase");
    }
}
