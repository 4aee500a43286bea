//! The history of customers: what each of their days brought and cost, over all periods. Profitability fills it, for
//! costs belong to it; lifetime value and lifecycle read it slice by slice.

use super::days::DaySlice;
use super::scratch::Scratch;
use super::slices::{self, SLICE_CUSTOMERS};
use crate::error::Result;
use crate::memory::Memory;
use arrow::buffer::ScalarBuffer;
use rayon::prelude::*;
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

/// Grain: identified customer × day with a sale line, a return line or a cost. Kept by period and slice of customers.
#[derive(Debug)]
pub struct CustomerDays {
    customers: usize,
    slices: usize,
    periods: usize,
    rows: usize,
    /// Of the first period the slices in order, then those of the next: the place in its slice of each row's customer,
    /// then the columns of `PeriodDays`.
    parts: Scratch,
}

/// The days of one period, sorted by rank and day.
#[derive(Debug)]
pub(crate) struct PeriodDays {
    pub(crate) ranks: Vec<u32>,
    /// In the order of `DaySlice`'s columns.
    pub(crate) columns: [Vec<i64>; COLUMNS],
}

/// Day, orders and five columns of money.
pub(crate) const COLUMNS: usize = 7;

impl PeriodDays {
    /// Rows of the customers of these ranks.
    fn rows(&self, ranks: &Range<usize>) -> Range<usize> {
        let bound = |rank: usize| self.ranks.partition_point(|known| (*known as usize) < rank);
        bound(ranks.start)..bound(ranks.end)
    }
}

impl CustomerDays {
    /// Nothing yet, of this many identified customers in so many periods.
    pub(crate) fn new(customers: usize, periods: usize, memory: &Memory) -> Self {
        let slices = slices::slices(0..customers).count();
        Self { customers, slices, periods: 0, rows: 0, parts: Scratch::new(slices * periods, memory) }
    }

    /// Keeps the days of the next period.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn add(&mut self, days: &PeriodDays) -> Result<()> {
        let first_part = self.periods * self.slices;
        let slices: Vec<Range<usize>> = slices::slices(0..self.customers).collect();
        slices.into_par_iter().enumerate().try_for_each(|(number, ranks)| {
            let rows = days.rows(&ranks);
            let place = |rank: &u32| i64::from(*rank) - ranks.start as i64;
            let places: Vec<i64> = days.ranks[rows.clone()].iter().map(place).collect();
            let columns = days.columns.iter().map(|column| &column[rows.clone()]);
            self.parts.keep(first_part + number, std::iter::once(&places[..]).chain(columns))
        })?;
        self.rows += days.ranks.len();
        self.periods += 1;
        Ok(())
    }

    /// Identified customers: ranks below this.
    pub fn customers(&self) -> usize {
        self.customers
    }

    /// Rows of all customers.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The days of these customers, who are of one slice.
    ///
    /// # Errors
    /// A disk that fails.
    pub fn slice(&self, ranks: Range<usize>) -> Result<DaySlice> {
        let number = ranks.start / SLICE_CUSTOMERS;
        let first = number * SLICE_CUSTOMERS;
        assert!(ranks.end <= first + SLICE_CUSTOMERS, "customers of one slice");
        let wanted = ranks.start - first..ranks.end - first;
        let mut starts = vec![0; ranks.len() + 1];
        let mut places = Vec::with_capacity(self.periods);
        for period in 0..self.periods {
            let of_period = self.parts.column(period * self.slices + number, 0)?;
            let mut of_period: Vec<usize> = of_period.into_iter().map(index).collect();
            let rows = of_period.partition_point(|place| *place < wanted.start)
                ..of_period.partition_point(|place| *place < wanted.end);
            for place in &mut of_period[rows.clone()] {
                *place -= wanted.start;
                starts[*place + 1] += 1;
            }
            places.push((rows, of_period));
        }
        (1..starts.len()).for_each(|index| starts[index] += starts[index - 1]);
        // One customer after another, each in the order of periods: a counting sort.
        let mut free = starts.clone();
        for (rows, places) in &mut places {
            for place in &mut places[rows.clone()] {
                let customer = &mut free[*place];
                *place = *customer;
                *customer += 1;
            }
        }
        let mut columns: [Vec<i64>; COLUMNS] = std::array::from_fn(|_| vec![0; starts[ranks.len()]]);
        for (period, (rows, places)) in places.iter().enumerate().filter(|(_, (rows, _))| !rows.is_empty()) {
            for (number_of_column, column) in columns.iter_mut().enumerate() {
                let values = self.parts.column(period * self.slices + number, number_of_column + 1)?;
                for (place, value) in places[rows.clone()].iter().zip(&values[rows.clone()]) {
                    column[*place] = *value;
                }
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

fn index(place: i64) -> usize {
    usize::try_from(place).expect("places are not negative")
}
