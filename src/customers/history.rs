//! The history of customers: what each of their days brought and cost, over all periods. Profitability fills it, for
//! costs belong to it; lifetime value and lifecycle read it slice by slice.

use super::days::DaySlice;
use super::slices::{self, SLICE_CUSTOMERS};
use crate::error::Result;
use crate::memory::{Memory, Scratch};
use std::ops::Range;

/// What customers did and brought over their lives: what lifecycle and lifetime value are computed from.
#[derive(Debug)]
pub struct CustomerHistory {
    /// Every day with a line or a cost.
    pub days: CustomerDays,
    /// Profit over life.
    pub worth: LifetimeWorth,
    /// By period, a digest of all that its days follow from.
    pub recipes: Vec<String>,
}

/// Customer profit over life, and the part of it that winning the customer cost; kept by slice.
#[derive(Debug)]
pub struct LifetimeWorth(Scratch);

/// The worth of the customers of a slice, by place in it.
#[derive(Debug)]
pub struct SliceWorth {
    /// Customer profit over life.
    pub profit: Vec<i64>,
    /// Cost of winning the customer, part of `profit`.
    pub acquisition_cost: Vec<i64>,
}

impl LifetimeWorth {
    /// Empty, for so many identified customers.
    pub(crate) fn new(customers: usize, memory: &Memory) -> Self {
        Self(Scratch::new(slices::slices(0..customers).count(), memory))
    }

    /// Keeps the worth of a slice.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn keep(&self, ranks: &Range<usize>, profit: &[i64], acquisition_cost: &[i64]) -> Result<()> {
        self.0.keep(ranks.start / SLICE_CUSTOMERS, [profit, acquisition_cost])
    }

    /// The worth of the slice that holds these customers, from its first one on.
    ///
    /// # Errors
    /// A disk that fails.
    pub fn slice(&self, ranks: &Range<usize>) -> Result<SliceWorth> {
        let slice = ranks.start / SLICE_CUSTOMERS;
        Ok(SliceWorth { profit: self.0.column(slice, 0)?, acquisition_cost: self.0.column(slice, 1)? })
    }
}

/// Grain: identified customer × day with a sale line, a return line or a cost. Kept by period and slice of customers.
#[derive(Debug)]
pub struct CustomerDays {
    customers: usize,
    slices: usize,
    periods: usize,
    /// Of the first period the slices in order, then those of the next: the place in its slice of each row's customer,
    /// then the columns of `PeriodDays`.
    parts: Scratch,
}

/// The days of a slice of customers in one period, sorted by rank and day.
#[derive(Debug)]
pub(crate) struct PeriodDays {
    pub(crate) ranks: Vec<u32>,
    /// In the order of `DaySlice`'s columns.
    pub(crate) columns: [Vec<i64>; COLUMNS],
}

/// Day, orders and five columns of money.
pub(crate) const COLUMNS: usize = 7;

impl CustomerDays {
    /// Nothing yet, of this many identified customers in so many periods.
    pub(crate) fn new(customers: usize, periods: usize, memory: &Memory) -> Self {
        let slices = slices::slices(0..customers).count();
        Self { customers, slices, periods, parts: Scratch::new(slices * periods, memory) }
    }

    /// Keeps the days that the customers of a slice have in a period.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn keep(&self, period: usize, ranks: &Range<usize>, days: &PeriodDays) -> Result<()> {
        let place = |rank: &u32| i64::from(*rank) - ranks.start as i64;
        let places: Vec<i64> = days.ranks.iter().map(place).collect();
        let part = period * self.slices + ranks.start / SLICE_CUSTOMERS;
        self.parts.keep(part, std::iter::once(&places).chain(&days.columns).map(Vec::as_slice))
    }

    /// Identified customers: ranks below this.
    pub fn customers(&self) -> usize {
        self.customers
    }

    /// The days of these customers, who are of one slice.
    ///
    /// # Errors
    /// A disk that fails.
    pub fn slice(&self, ranks: Range<usize>) -> Result<DaySlice> {
        let number = ranks.start / SLICE_CUSTOMERS;
        let first = number * SLICE_CUSTOMERS;
        assert!(ranks.end <= first + SLICE_CUSTOMERS, "customers of one slice");
        let mut starts = vec![0; ranks.len() + 1];
        let mut periods = Vec::with_capacity(self.periods);
        for period in 0..self.periods {
            let part = period * self.slices + number;
            let found = self.rows_of(part, ranks.start - first..ranks.end - first)?;
            found.places.iter().for_each(|customer| starts[customer + 1] += 1);
            periods.push(found);
        }
        (1..starts.len()).for_each(|index| starts[index] += starts[index - 1]);
        // A counting sort: one customer after another, each one's days in the order of periods.
        let mut next = starts.clone();
        for place in periods.iter_mut().flat_map(|period| &mut period.places) {
            let of_customer = &mut next[*place];
            *place = *of_customer;
            *of_customer += 1;
        }
        let mut columns: [Vec<i64>; COLUMNS] = std::array::from_fn(|_| vec![0; starts[ranks.len()]]);
        for PeriodRows { part, rows, places } in periods.iter().filter(|period| !period.rows.is_empty()) {
            for (index, column) in columns.iter_mut().enumerate() {
                let values = self.parts.column(*part, index + 1)?;
                places.iter().zip(&values[rows.clone()]).for_each(|(place, value)| column[*place] = *value);
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

    /// The rows of a part whose customers have these places in their slice, and their places from the first of them on.
    fn rows_of(&self, part: usize, wanted: Range<usize>) -> Result<PeriodRows> {
        let places: Vec<usize> = self.parts.column(part, 0)?.into_iter().map(index).collect();
        let bound = |place: usize| places.partition_point(|known| *known < place);
        let rows = bound(wanted.start)..bound(wanted.end);
        let places = places[rows.clone()].iter().map(|place| place - wanted.start).collect();
        Ok(PeriodRows { part, rows, places })
    }
}

/// Rows of one period that are brought in the order of customers.
struct PeriodRows {
    /// Where they are kept.
    part: usize,
    rows: Range<usize>,
    /// Of each row its customer at first, then its place among all days of the slice.
    places: Vec<usize>,
}

fn index(place: i64) -> usize {
    usize::try_from(place).expect("places are not negative")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryBudget, SpillFile};
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    const CUSTOMERS: usize = SLICE_CUSTOMERS + 3;

    /// Days of a period, each with the same numbers in all columns of money.
    fn period(rows: &BTreeSet<(u32, i32)>) -> PeriodDays {
        let day = |row: &(u32, i32)| i64::from(row.1);
        let column = |factor: i64| rows.iter().map(|row| factor * day(row)).collect();
        PeriodDays {
            ranks: rows.iter().map(|(rank, _)| *rank).collect(),
            columns: std::array::from_fn(|index| column(1 << (8 * index))),
        }
    }

    fn rank() -> impl Strategy<Value = u32> {
        let end = u32::try_from(CUSTOMERS).unwrap();
        prop_oneof![0..3_u32, end - 5..end]
    }

    proptest! {
        #[test]
        fn a_slice_has_its_customers_days_in_order_held_or_spilled(
            periods in prop::collection::vec(prop::collection::btree_set((rank(), 0..9_i32), 0..20), 0..4),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let spill = Arc::new(SpillFile::new(folder.path()));
            let memory = |budget| Memory { allocator: None, budget, spill: spill.clone() };
            let held = CustomerDays::new(CUSTOMERS, periods.len(), &memory(MemoryBudget::unlimited()));
            let spilled = CustomerDays::new(CUSTOMERS, periods.len(), &memory(MemoryBudget::of(0)));
            let mut expected: Vec<(u32, i32)> = Vec::new();
            for (number, rows) in periods.iter().enumerate() {
                let first = 10 * i32::try_from(number).unwrap();
                let rows: BTreeSet<_> = rows.iter().map(|(rank, day)| (*rank, first + day)).collect();
                for ranks in slices::slices(0..CUSTOMERS) {
                    let of_slice = |row: &&(u32, i32)| ranks.contains(&(row.0 as usize));
                    let days = period(&rows.iter().filter(of_slice).copied().collect());
                    held.keep(number, &ranks, &days).unwrap();
                    spilled.keep(number, &ranks, &days).unwrap();
                }
                expected.extend(rows);
            }
            expected.sort_unstable();
            let mut found = Vec::new();
            for ranks in slices::slices(0..CUSTOMERS) {
                let slice = held.slice(ranks.clone()).unwrap();
                prop_assert_eq!(&slice, &spilled.slice(ranks.clone()).unwrap());
                prop_assert_eq!(slice.starts.len(), ranks.len() + 1);
                for (rank, days) in (0..).zip(slice.customers()).map(|(n, days)| (ranks.start + n, days)) {
                    found.extend(days.days().iter().map(|day| (u32::try_from(rank).unwrap(), *day)));
                }
                let last = slice.day.iter().map(|day| i64::from(*day) << 48).collect::<Vec<_>>();
                prop_assert_eq!(&slice.full_margin, &last);
            }
            prop_assert_eq!(found, expected);
        }
    }
}
