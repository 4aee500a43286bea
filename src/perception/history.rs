//! When customers bought, from the first and last sale of each period: whether somebody bought within a window, who
//! bought in each tracking period.
//!
//! A window that holds a whole period, or that ends or begins inside one, is told exactly. Of a period that holds the
//! whole window only its first and last sale are known: a sale between them, inside the window, is not seen.

use super::baseline::{Baseline, Cell};
use super::cuts::{Cuts, Slice};
use super::staged::{columns, integers};
use super::worth::Files;
use crate::error::Result;
use crate::facts::{FactSet, ranks_of};
use chrono::TimeZone;
use std::collections::BTreeMap;

/// Where an instant's day begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar(pub(crate) chrono_tz::Tz);

impl Calendar {
    /// The local day of an instant in microseconds.
    pub(crate) fn day(self, micros: i64) -> i32 {
        let day = |instant: chrono::DateTime<chrono_tz::Tz>| instant.date_naive().to_epoch_days();
        self.0.timestamp_micros(micros).single().map_or(0, day)
    }
}

/// Purchases, as far as the questions of perception need them.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    /// Sales of each period with a sale, ascending, of the customers asked for.
    sales: Vec<Sales>,
    /// Customers with a sale, by segment and tracking period, and over the whole history.
    pub(crate) active: BTreeMap<Slice, i64>,
}

/// A customer's sales of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sales {
    rank: u32,
    /// Days of the first and the last.
    first: i32,
    last: i32,
    /// Days with a sale.
    days: u32,
}

impl History {
    /// Reads every period; keeps single sales of the customers that `is_asked` marks, by rank, and tells the baseline.
    ///
    /// # Errors
    /// A staged file that cannot be read back.
    pub(crate) fn read(
        facts: &FactSet,
        calendar: Calendar,
        cuts: &Cuts,
        is_asked: &[bool],
        mut baseline: Option<&mut Baseline>,
        files: Files<'_>,
    ) -> Result<Self> {
        let mut history = Self::default();
        let known = facts.customers.keys.len();
        let mut counted: Vec<i32> = vec![i32::MIN; known];
        for path in files("customer_period") {
            let read = columns(&path, &["customer_id", "first_order_at", "last_order_at", "active_days"])?;
            let column = |index: usize| read[index].as_ref().expect("'customer_period' has this column");
            let ranks = ranks_of(&facts.customers, column(0));
            let [first, last, days] = [1, 2, 3].map(|index| integers(column(index)));
            for (((rank, first), last), days) in ranks.into_iter().zip(first).zip(last).zip(days) {
                let (Some(first), Some(last)) = (first, last) else { continue };
                if (rank as usize) < known {
                    let (first, last) = (calendar.day(first), calendar.day(last));
                    history.count(cuts, rank, [first, last], &mut counted[rank as usize]);
                    let days = days.and_then(|days| u32::try_from(days).ok()).unwrap_or(1);
                    if is_asked[rank as usize] {
                        history.sales.push(Sales { rank, first, last, days });
                    }
                    if let Some(baseline) = &mut baseline {
                        baseline.add(cuts, rank, [first, last], days);
                    }
                }
            }
        }
        history.sales.sort_unstable();
        Ok(history)
    }

    /// Counts a customer once per tracking period and once over the whole history; periods come in order.
    fn count(&mut self, cuts: &Cuts, rank: u32, days: [i32; 2], counted: &mut i32) {
        for day in days {
            let period = cuts.period(day);
            if period > *counted {
                let is_first = *counted == i32::MIN;
                for slice in cuts.segments(rank) {
                    *self.active.entry(slice.over(period)).or_default() += 1;
                    if is_first {
                        *self.active.entry(slice).or_default() += 1;
                    }
                }
                *counted = period;
            }
        }
    }

    /// Whether the customer bought on a day of `from..until`.
    pub(crate) fn bought(&self, rank: u32, from: i32, until: i32) -> bool {
        let within = |day: i32| (from..until).contains(&day);
        self.sales_of(rank)
            .take_while(|sale| sale.first < until)
            .any(|sale| within(sale.first) || within(sale.last))
    }

    /// How recent the customer was on a day and how often it had bought; none without a purchase before the day. Of the
    /// purchases in the period of the day only the first is sure to lie before it.
    pub(crate) fn cell(&self, rank: u32, day: i32) -> Option<Cell> {
        let (mut last, mut purchases) = (None, 0);
        for sale in self.sales_of(rank).take_while(|sale| sale.first < day) {
            let is_over = sale.last < day;
            last = Some(if is_over { sale.last } else { sale.first });
            purchases += if is_over { sale.days } else { 1 };
        }
        Some(Cell::of(day - last?, purchases))
    }

    fn sales_of(&self, rank: u32) -> impl Iterator<Item = &Sales> {
        let start = self.sales.partition_point(|sale| sale.rank < rank);
        self.sales[start..].iter().take_while(move |sale| sale.rank == rank)
    }

    #[cfg(test)]
    pub(crate) fn for_test(sales: Vec<(u32, i32, i32)>) -> Self {
        let sales = sales.into_iter().map(|(rank, first, last)| Sales {
            rank,
            first,
            last,
            days: 1 + u32::from(last > first),
        });
        let mut sales: Vec<Sales> = sales.collect();
        sales.sort_unstable();
        Self { sales, active: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_told_by_first_and_last_sales() {
        let history = History::for_test(vec![(1, 5, 25), (1, 40, 40), (2, 10, 12)]);
        for (rank, from, until, bought) in [
            (1, 0, 5, false),
            (1, 0, 6, true),
            (1, 25, 30, true),
            (1, 26, 40, false),
            (1, 26, 41, true),
            (2, 12, 13, true),
            (3, 0, 99, false),
        ] {
            assert_eq!(history.bought(rank, from, until), bought, "{rank} {from}..{until}");
        }
    }

    #[test]
    fn a_customer_is_as_recent_and_frequent_as_its_purchases_before_the_day() {
        let history = History::for_test(vec![(1, 5, 25), (1, 40, 40)]);
        for (day, cell) in [
            (5, None),
            (6, Some(Cell::of(1, 1))),
            (26, Some(Cell::of(1, 2))),
            (40, Some(Cell::of(15, 2))),
            (50, Some(Cell::of(10, 3))),
        ] {
            assert_eq!(history.cell(1, day), cell, "{day}");
        }
    }

    #[test]
    fn an_instant_falls_on_its_local_day() {
        let evening = 23 * 3_600_000_000;
        assert_eq!(Calendar(chrono_tz::UTC).day(evening), 0);
        assert_eq!(Calendar(chrono_tz::Europe::Vienna).day(evening), 1);
    }
}
