//! The history of customers: what each of their days brought and cost, over all periods. Profitability fills it, for
//! costs belong to it; lifetime value and lifecycle read it slice by slice.

use super::days::DaySlice;
use crate::error::Result;
use crate::facts::schema::widen;
use arrow::array::ArrayRef;
use arrow::buffer::ScalarBuffer;
use std::ops::Range;

/// What customers did and brought over their lives: what lifecycle and lifetime value are computed from.
#[derive(Debug)]
pub struct CustomerHistory {
    /// Every day with a line or a cost.
    pub days: CustomerDays,
    /// Customer profit over life, by rank.
    pub profit: ScalarBuffer<i64>,
    /// Cost of winning the customer, by rank, part of `profit`.
    pub acquisition_cost: ScalarBuffer<i64>,
}

/// Grain: identified customer × day with a sale line, a return line or a cost.
#[derive(Debug)]
pub struct CustomerDays {
    customers: usize,
    periods: Vec<PeriodDays>,
}

/// The days of one period, sorted by rank and day. Columns are as narrow as their values allow.
#[derive(Debug)]
pub(crate) struct PeriodDays {
    pub(crate) ranks: Vec<u32>,
    /// In the order of `DaySlice`'s columns.
    pub(crate) columns: [ArrayRef; COLUMNS],
}

/// Day, orders and five columns of money.
pub(crate) const COLUMNS: usize = 7;

impl CustomerDays {
    /// Of consecutive periods.
    pub(crate) fn new(customers: usize, periods: Vec<PeriodDays>) -> Self {
        Self { customers, periods }
    }

    /// Identified customers: ranks below this.
    pub fn customers(&self) -> usize {
        self.customers
    }

    /// Rows of all customers.
    pub fn rows(&self) -> usize {
        self.periods.iter().map(|period| period.ranks.len()).sum()
    }

    /// The days of these customers.
    ///
    /// # Errors
    /// None today: days are held in memory.
    pub fn slice(&self, ranks: Range<usize>) -> Result<DaySlice> {
        let bound = |period: &PeriodDays, rank: usize| period.ranks.partition_point(|r| (*r as usize) < rank);
        let rows = |period| bound(period, ranks.start)..bound(period, ranks.end);
        let parts: Vec<(&PeriodDays, Range<usize>)> =
            self.periods.iter().map(|period| (period, rows(period))).collect();
        let customer = |rank: u32| rank as usize - ranks.start;
        let mut starts = vec![0; ranks.len() + 1];
        for (period, rows) in &parts {
            period.ranks[rows.clone()].iter().for_each(|rank| starts[customer(*rank) + 1] += 1);
        }
        (1..starts.len()).for_each(|index| starts[index] += starts[index - 1]);
        let mut free = starts.clone();
        let mut columns: [Vec<i64>; COLUMNS] = std::array::from_fn(|_| vec![0; starts[ranks.len()]]);
        for (period, rows) in parts {
            let mut place = |rank: &u32| {
                let free = &mut free[customer(*rank)];
                *free += 1;
                *free - 1
            };
            let places: Vec<usize> = period.ranks[rows.clone()].iter().map(&mut place).collect();
            for (column, values) in columns.iter_mut().zip(&period.columns) {
                let values = widen(&values.slice(rows.start, rows.len()));
                places.iter().zip(values).for_each(|(place, value)| column[*place] = value);
            }
        }
        let [day, orders, net_revenue, gross_margin, contribution, avoidable_margin, full_margin] = columns;
        let day = day.into_iter().map(|day| i32::try_from(day).expect("days fit 32 bits")).collect();
        Ok(DaySlice {
            starts,
            day,
            orders,
            net_revenue,
            gross_margin,
            contribution,
            avoidable_margin,
            full_margin,
        })
    }
}
