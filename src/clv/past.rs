//! What one customer did before a date: when it bought, and what its purchases brought.

use super::models::margin_rate::CustomerRate;
use crate::pipeline::Margin;
use crate::profitability::schema::DaySlice;

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

/// The days of consecutive customers, and what they are valued at.
#[derive(Clone, Copy)]
pub(crate) struct Days<'s> {
    slice: &'s DaySlice,
    valued: &'s [i64],
}

impl<'s> Days<'s> {
    pub(crate) fn new(slice: &'s DaySlice, margin: Margin) -> Self {
        let valued = match margin {
            Margin::Avoidable => &slice.avoidable_margin,
            Margin::Full => &slice.full_margin,
            Margin::Revenue => &slice.net_revenue,
        };
        Self { slice, valued }
    }

    /// The n-th customer's rows.
    pub(crate) fn of(&self, customer: usize) -> Rows<'s> {
        let (from, to) = (self.slice.starts[customer], self.slice.starts[customer + 1]);
        Rows {
            day: &self.slice.day[from..to],
            orders: &self.slice.orders[from..to],
            money: [
                &self.valued[from..to],
                &self.slice.full_margin[from..to],
                &self.slice.net_revenue[from..to],
            ],
        }
    }
}

/// The days of one customer, ascending.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'s> {
    pub(crate) day: &'s [i32],
    pub(crate) orders: &'s [i64],
    pub(crate) money: [&'s [i64]; MEASURES],
}

impl<'s> Rows<'s> {
    /// Those before a date.
    pub(crate) fn before(&self, date: i32) -> Self {
        let rows = self.day.partition_point(|day| *day < date);
        Self {
            day: &self.day[..rows],
            orders: &self.orders[..rows],
            money: self.money.map(|money| &money[..rows]),
        }
    }

    /// The days with a purchase, ascending.
    pub(crate) fn purchase_days(&self) -> impl Iterator<Item = i32> + use<'s> {
        let rows = self.day.iter().zip(self.orders);
        rows.filter(|(_, orders)| **orders > 0).map(|(day, _)| *day)
    }

    /// What each purchase brought, in the order of days; `purchases` is emptied first.
    pub(crate) fn purchases_into(&self, purchases: &mut Vec<Purchase>) {
        purchases.clear();
        let mut before = [0; MEASURES];
        for (row, orders) in self.orders.iter().enumerate() {
            let brought: Purchase = std::array::from_fn(|measure| self.money[measure][row]);
            if *orders > 0 {
                purchases.push(add(std::mem::take(&mut before), brought));
            } else if let Some(last) = purchases.last_mut() {
                *last = add(*last, brought);
            } else {
                before = add(before, brought);
            }
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

impl Times {
    /// None for a customer without purchase before the date. The rows are those before it.
    pub(crate) fn of(rows: &Rows<'_>, date: i32) -> Option<Self> {
        let mut days = rows.purchase_days();
        let first = days.next()?;
        let (purchases, last) = days.fold((1, first), |(purchases, _), day| (purchases + 1, day));
        Some(Self { first, last, purchases, seen: date - 1 })
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
        let days = Days::new(&slice, Margin::Avoidable);
        let mut purchases = Vec::new();
        days.of(0).purchases_into(&mut purchases);
        assert_eq!(purchases, [[15, -1, 70], [22, 16, 50]]);
        let brought = Brought::of(&purchases, &mut Vec::new());
        assert_eq!((brought.sums, brought.repeat_revenue), ([37, 15, 120], 50));
        assert_eq!(brought.squares[VALUED], 15 * 15 + 22 * 22);
    }

    #[test]
    fn a_date_is_an_exclusive_bound() {
        let slice = slice();
        let days = Days::new(&slice, Margin::Revenue);
        let times = |date| Times::of(&days.of(0).before(date), date);
        assert_eq!(times(12), None);
        assert_eq!(times(20), Some(Times { first: 12, last: 12, purchases: 1, seen: 19 }));
        let all = times(30).unwrap();
        assert_eq!((all.repeats(), all.last_days(), all.age_days(), all.idle_days()), (1, 8, 17, 9));
        assert_eq!(Times::of(&days.of(1), 30), None, "a cost is no purchase");
    }
}
