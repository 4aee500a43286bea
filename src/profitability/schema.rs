//! What others see of profitability: what each customer's days brought and cost, and which columns activities make.

pub(crate) use super::acquisition::Acquisition;
pub(crate) use super::columns::Values;
pub(crate) use super::lines::{CostLine, Lines, posts};
pub(crate) use super::product_cost::by_policy;
pub(crate) use super::waterfall::key_text;

pub use super::cost_columns::{CostColumn, columns_of_costs, without_activity_table};
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
pub(super) struct PeriodDays {
    pub(super) ranks: Vec<u32>,
    /// In the order of `DaySlice`'s columns.
    pub(super) columns: [ArrayRef; COLUMNS],
}

/// Day, orders and five columns of money.
pub(super) const COLUMNS: usize = 7;

impl CustomerDays {
    /// Of consecutive periods.
    pub(super) fn new(customers: usize, periods: Vec<PeriodDays>) -> Self {
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
    pub fn slice(&self, ranks: Range<usize>) -> DaySlice {
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
        DaySlice {
            starts,
            day,
            orders,
            net_revenue,
            gross_margin,
            contribution,
            avoidable_margin,
            full_margin,
        }
    }
}

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
