//! `customer_bridge`: why the contribution of every customer changed, by the steps of `bridge`. Rows of all customers add
//! up to it, step by step.

use super::bridge::{COMPARED, COMPARED_UNTIL, COMPARISON, PERIOD, PERIOD_UNTIL, SPAN};
use super::comparison::Comparison;
use super::customer_change::{BELOW_CONTRIBUTION, CustomerChange};
use super::lines::CostLine;
use super::stay::Stay;
use super::step::{STEPS, Step};
use super::table_context::TableContext;
use crate::customers::slices::{self, SLICE_CUSTOMERS};
use crate::error::Result;
use crate::memory::{Memory, Scratch};
use crate::pipeline::Line;
use crate::publish::schema::Sheet;
use crate::units::{Fixed18, Period};
use std::ops::Range;

/// Changes of all customers, packed by partition of the table and slice of customers.
pub(crate) struct Changes {
    /// By comparison: the partition, among those that are made.
    partition_of: Vec<usize>,
    slices: usize,
    kept: Scratch,
}

/// Changes of the customers of a slice in one partition: rows of [`columns_of`]. Those of all partitions at once would be as
/// many as a slice has customers and the run comparisons.
#[derive(Default)]
pub(crate) struct ChangeRows(Vec<[i64; COLUMNS]>);

/// Rank, comparison, stay, contribution before, effects, effects below, profit before.
const COLUMNS: usize = 4 + STEPS + BELOW_CONTRIBUTION.len() + 1;

const BELOW: usize = 4 + STEPS;
const PROFIT: usize = COLUMNS - 1;

fn columns_of(change: &CustomerChange) -> [i128; COLUMNS] {
    let stay = Stay::ALL.iter().position(|stay| *stay == change.stay).expect("every status is listed");
    let key = [change.rank as usize, change.comparison, stay]
        .map(|place| i128::try_from(place).expect("places fit"));
    let mut columns = key
        .into_iter()
        .chain([change.before])
        .chain(change.effects)
        .chain(change.below)
        .chain([change.profit.0]);
    std::array::from_fn(|_| columns.next().expect("as many values as columns"))
}

impl ChangeRows {
    /// Adds a change that is any.
    ///
    /// # Errors
    /// Money beyond 18 digits.
    pub(crate) fn add(&mut self, change: &CustomerChange) -> Result<()> {
        let row = columns_of(change);
        if row[3..].iter().all(|amount| *amount == 0) {
            return Ok(());
        }
        for amount in [change.after, change.profit.1] {
            Fixed18::checked(amount, TOO_LARGE)?;
        }
        let mut checked = [0; COLUMNS];
        for (checked, value) in checked.iter_mut().zip(row) {
            *checked = Fixed18::checked(value, TOO_LARGE)?.get();
        }
        self.0.push(checked);
        Ok(())
    }
}

const TOO_LARGE: &str = "customer_bridge: a change of a customer";

impl Changes {
    /// Of none yet; `partition_of` says which partition each comparison belongs to.
    pub(crate) fn new(
        partition_of: Vec<usize>,
        partitions: usize,
        customers: usize,
        memory: &Memory,
    ) -> Self {
        let slices = slices::slices(0..customers).count();
        Self { partition_of, slices, kept: Scratch::new(partitions * slices, memory) }
    }

    /// Keeps the changes of a slice where a comparison is the last of its partition, in the order of customers and
    /// comparisons.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn keep_partition(
        &self,
        comparison: usize,
        ranks: &Range<usize>,
        rows: &mut ChangeRows,
    ) -> Result<()> {
        let partition = self.partition_of[comparison];
        if self.partition_of.get(comparison + 1) == Some(&partition) {
            return Ok(());
        }
        let mut rows = std::mem::take(&mut rows.0);
        rows.sort_unstable_by_key(|row| (row[0], row[1]));
        let column = |column: usize| rows.iter().map(|row| row[column]).collect::<Vec<i64>>();
        let columns: Vec<Vec<i64>> = (0..COLUMNS).map(column).collect();
        self.kept.keep(self.place(partition, ranks), columns.iter().map(Vec::as_slice))
    }

    /// The changes of a slice in a partition.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn slice(&self, partition: usize, ranks: &Range<usize>) -> Result<ChangeColumns> {
        if !self.partition_of.contains(&partition) {
            return Ok(ChangeColumns::none());
        }
        let place = self.place(partition, ranks);
        let columns = (0..COLUMNS).map(|column| self.kept.column(place, column));
        Ok(ChangeColumns(columns.collect::<Result<_>>()?))
    }

    fn place(&self, partition: usize, ranks: &Range<usize>) -> usize {
        partition * self.slices + ranks.start / SLICE_CUSTOMERS
    }
}

/// Changes in columns, as they were kept.
pub(crate) struct ChangeColumns(Vec<Vec<i64>>);

impl ChangeColumns {
    /// No changes.
    pub(crate) fn none() -> Self {
        Self(vec![Vec::new(); COLUMNS])
    }

    fn value(&self, column: usize, row: usize) -> i64 {
        self.0[column][row]
    }

    fn comparison<'c>(&self, comparisons: &'c [Comparison], row: usize) -> &'c Comparison {
        &comparisons[usize::try_from(self.value(1, row)).expect("a place among the comparisons")]
    }

    /// The sum of some columns.
    fn sum(&self, columns: Range<usize>, row: usize) -> i128 {
        columns.map(|column| i128::from(self.value(column, row))).sum()
    }

    /// The table of these changes.
    pub(crate) fn sheet(
        &self,
        context: TableContext<'_>,
        comparisons: &[Comparison],
        periods: &[Period],
    ) -> Sheet {
        let rows: Vec<usize> = (0..self.0[0].len()).collect();
        let grain = "customer and comparison of two spans";
        let mut draft = context.format.draft("customer_bridge", grain, Some("period"), &rows);
        let ranks = self.0[0].iter().map(|rank| u32::try_from(*rank).expect("ranks fit 32 bits"));
        context.add_customer(&mut draft, ranks);
        let of = |row: &usize| self.comparison(comparisons, *row);
        draft.name("comparison", COMPARISON, |row| of(row).name);
        draft.name("span", SPAN, |row| of(row).span);
        draft.day("period_start", PERIOD, |row| periods[of(row).after.start].start);
        draft.day("period_until", PERIOD_UNTIL, |row| periods[of(row).after.end - 1].end());
        draft.day("compared_period_start", COMPARED, |row| periods[of(row).before.start].start);
        draft.day("compared_period_until", COMPARED_UNTIL, |row| periods[of(row).before.end - 1].end());
        let meaning = "new: bought in the span alone, and never before the compared one ended; returned: in the span alone, and before \
                       the compared one; lost: in the compared one alone; continuing: in both, or in neither";
        let stay = |row: &usize| Stay::ALL[usize::try_from(self.value(2, *row)).expect("a place")];
        draft.name("customer_status", meaning, |row| stay(row).name());
        let money = |columns: Range<usize>, row: &usize| {
            Fixed18::new(self.sum(columns, *row)).expect("changes were checked when they were kept")
        };
        draft.money("contribution_before", "Contribution of the compared span", |row| money(3..4, row));
        for step in Step::ALL {
            let column = 4 + step as usize;
            let name = format!("{}_effect", step.name().replace(' ', "_"));
            let meaning = format!("Effect on contribution: step '{}' of bridge", step.name());
            draft.money(name, meaning, |row| money(column..column + 1, row));
        }
        draft.money("contribution", "Contribution before + all effects on it", |row| money(3..BELOW, row));
        draft.money("customer_profit_before", "Customer profit of the compared span", |row| {
            money(PROFIT..PROFIT + 1, row)
        });
        let mut activities = context.activities.iter();
        let has_exchange = activities.any(|activity| activity.line == Some(Line::ExchangeDifference));
        let is_shown = |of: &CostLine| *of != CostLine::ExchangeDifference || has_exchange;
        for (line, of) in BELOW_CONTRIBUTION.into_iter().enumerate().filter(|(_, of)| is_shown(of)) {
            let column = BELOW + line;
            let meaning = "Effect on customer profit: less of this cost is above 0";
            draft.money(format!("{}_effect", of.column()), meaning, |row| money(column..column + 1, row));
        }
        let meaning = "Customer profit before + all effects on contribution and customer profit";
        draft.money("customer_profit", meaning, |row| money(4..COLUMNS, row));
        draft.finish()
    }
}
