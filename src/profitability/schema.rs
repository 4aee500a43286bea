//! What later rooms see of profitability: what each customer's days brought and cost.

use arrow::buffer::ScalarBuffer;
use std::ops::Range;

/// What customers did and brought over their lives: the table lifecycle and lifetime value are computed from.
#[derive(Debug, Default)]
pub struct CustomerHistory {
    /// Every day with a line or a cost.
    pub days: CustomerDays,
    /// Customer profit over life, by rank.
    pub profit: ScalarBuffer<i64>,
    /// Cost of winning the customer, by rank, part of `profit`.
    pub acquisition_cost: ScalarBuffer<i64>,
}

/// Grain: identified customer × day with a sale line, a return line or a cost.
#[derive(Debug, Default)]
pub struct CustomerDays {
    customers: usize,
}

impl CustomerDays {
    /// Identified customers: ranks below this.
    pub fn customers(&self) -> usize {
        self.customers
    }

    /// The days of these customers.
    pub fn slice(&self, ranks: Range<usize>) -> DaySlice {
        let _ = ranks;
        DaySlice::default()
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
