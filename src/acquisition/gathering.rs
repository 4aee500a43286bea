//! One walk over all customers, slice by slice: cohorts, and what newcomers brought by cell.

use super::cell_sums::{CellSums, ValueSums};
use super::cohort::{Cohort, CohortKey, CohortMember};
use super::entry::Entries;
use super::observation::{Observation, Place};
use super::residual::{CustomerResidual, SIGMAS};
use crate::customers::calendar::Calendar;
use crate::customers::combinations::Combinations;
use crate::customers::days::{Amount, CustomerDaysView};
use crate::customers::grouping::Grouping;
use crate::customers::history::CustomerHistory;
use crate::customers::keyed_rows::{KeyedRows, RowsOfRanks};
use crate::customers::slices::in_order_reading;
use crate::error::{Error, Result};
use crate::perception::schema::Asked;
use crate::publish::read::{Integers, floats};
use crate::units::{Day, Period, PeriodKind};
use arrow::array::Array;
use std::collections::BTreeMap;
use std::ops::Range;

/// Columns of `customer_value` that are read.
pub(super) const RESIDUAL: [&str; 5] = [
    "residual_value",
    "discounted_purchases_se",
    "margin_per_purchase",
    "residual_value_low",
    "residual_value_high",
];

/// Cohorts beyond which a channel is one customer's own.
const MOST_COHORTS: usize = 100_000;

/// What customers are gathered by.
pub(super) struct Gathering<'r> {
    pub(super) history: &'r CustomerHistory,
    pub(super) asked: &'r Asked,
    pub(super) calendar: &'r Calendar,
    pub(super) period: PeriodKind,
    pub(super) entries: Entries<'r>,
    pub(super) channels: &'r Grouping,
    pub(super) cells: &'r Combinations,
    pub(super) observation: Observation,
    /// Smallest units of money in one.
    pub(super) unit: f64,
}

/// Sums over customers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Gathered {
    pub(super) cohorts: BTreeMap<CohortKey, Cohort>,
    /// By cell.
    pub(super) cells: Vec<CellSums>,
}

impl Gathering<'_> {
    /// Walks over all customers; `values` are the rows of `customer_value`, where it is published.
    ///
    /// # Errors
    /// A disk that fails, sums beyond 128 bits, a channel of almost everybody's own.
    pub(super) fn walk(&self, mut values: Option<KeyedRows<'_>>) -> Result<Gathered> {
        let customers = self.history.days.customers();
        let mut gathered = Gathered { cells: self.no_cells(), ..Gathered::default() };
        in_order_reading(
            0..customers,
            |ranks| values.as_mut().map(|rows| rows.next(ranks)).transpose(),
            |values, ranks| self.slice(values.as_ref(), ranks),
            |part| gathered.merge(part),
        )?;
        // Whoever is referred beyond the last customer is none: nobody knows how such a person would have come.
        let rewards: i128 =
            self.asked.rewards(&(customers..usize::MAX)).map(|(_, reward)| i128::from(reward)).sum();
        if rewards != 0 {
            let nobody = CohortKey { channel: self.no_channel(), start: None };
            gathered.cohorts.entry(nobody).or_default().rewards += rewards;
        }
        // Customers who are to be won are none yet, and have brought nothing, but for what was spent on them.
        gathered.cohorts.retain(|_, cohort| *cohort != Cohort::default());
        Ok(gathered)
    }

    /// The group of customers whose channel is not known.
    fn no_channel(&self) -> usize {
        let labels = &self.channels.labels;
        labels.iter().position(Option::is_none).unwrap_or(labels.len())
    }

    fn no_cells(&self) -> Vec<CellSums> {
        vec![CellSums::default(); self.cells.len()]
    }

    fn slice(&self, values: Option<&RowsOfRanks>, ranks: Range<usize>) -> Result<Gathered> {
        let days = self.history.days.slice(ranks.clone())?;
        let worth = self.history.worth.slice(&ranks)?;
        let mut residuals =
            values.map(|values| Residuals::new(values, ranks.start, self.unit)).transpose()?;
        let mut part = Gathered { cells: self.no_cells(), ..Gathered::default() };
        let mut rewards = self.asked.rewards(&ranks).peekable();
        for (place, days) in days.customers().enumerate() {
            let rank = ranks.start + place;
            let entry = self.entries.of(rank, days);
            let (profit, acquisition_cost) = (worth.profit[place], worth.acquisition_cost[place]);
            let residual = residuals.as_mut().and_then(|residuals| residuals.next(rank));
            let is_buyer = days.purchases().next().is_some();
            let cohort = part.cohorts.entry(self.key(rank, entry)).or_default();
            let is_won = entry.is_some() || !self.entries.is_to_come(rank);
            cohort.add(&CohortMember { is_won, is_buyer, acquisition_cost, profit, residual });
            while let Some((_, reward)) = rewards.next_if(|(who, _)| *who == rank) {
                cohort.rewards += i128::from(reward);
            }
            for (day, amount) in days.days().iter().zip(days.amounts(Amount::Contribution)) {
                *cohort.contribution.entry(self.calendar.index(*day)).or_default() += i128::from(*amount);
            }
            self.observe(&mut part.cells[self.cells.of(rank)], entry, days)?;
        }
        Ok(part)
    }

    fn key(&self, rank: usize, entry: Option<Day>) -> CohortKey {
        let start = entry.map(|day| Period::containing(self.period, day).start.0);
        CohortKey { channel: self.channels.group(rank), start }
    }

    fn observe(&self, cell: &mut CellSums, entry: Option<Day>, days: CustomerDaysView<'_>) -> Result<()> {
        let Some(day) = entry else {
            cell.prospects += 1;
            return Ok(());
        };
        let days = days.since(day).before(self.observation.horizon.after(day));
        let value = days.sum(Amount::Contribution);
        let sums = || ValueSums::of(value, days.purchases().next().is_some());
        match self.observation.place(day) {
            Place::BeforeHistory => {}
            Place::Training => cell.training.merge(&sums()?)?,
            Place::Holdout => cell.holdout.merge(&sums()?)?,
            Place::Newcomer => {
                cell.newcomers += 1;
                cell.newcomers_value += value;
            }
        }
        Ok(())
    }
}

impl Gathered {
    fn merge(&mut self, part: Self) -> Result<()> {
        for (key, cohort) in &part.cohorts {
            self.cohorts.entry(*key).or_default().merge(cohort);
        }
        if self.cohorts.len() > MOST_COHORTS {
            return Err(Error::check(format!(
                "acquisition: more than {MOST_COHORTS} cohorts of channel and period; give [facts.customers] a channel of fewer \
                 values, such as groups of campaigns, or longer periods"
            )));
        }
        self.cells.iter_mut().zip(&part.cells).try_for_each(|(sums, more)| sums.merge(more))
    }
}

/// Rows of `customer_value` of ascending customers.
struct Residuals<'v> {
    ranks: &'v [u32],
    row: usize,
    value: Integers,
    errors: Vec<&'v arrow::array::Float64Array>,
    unit: f64,
}

impl<'v> Residuals<'v> {
    fn new(values: &'v RowsOfRanks, first: usize, unit: f64) -> Result<Self> {
        let row = values.ranks.partition_point(|rank| (*rank as usize) < first);
        let value = Integers::of(&values.columns[0])?;
        let errors = values.columns[1..].iter().map(floats).collect::<Result<_>>()?;
        Ok(Self { ranks: &values.ranks, row, value, errors, unit })
    }

    /// Of the customer, who comes after those asked for before.
    fn next(&mut self, rank: usize) -> Option<CustomerResidual> {
        while self.ranks.get(self.row).is_some_and(|known| (*known as usize) < rank) {
            self.row += 1;
        }
        let row = self.row;
        self.ranks.get(row).filter(|known| **known as usize == rank)?;
        let value = self.value.get(row)?;
        let known = self.errors.iter().all(|column| column.is_valid(row));
        let errors = known.then(|| {
            let [purchases, margin, low, high] = [0, 1, 2, 3].map(|column| self.errors[column].value(row));
            [(margin * purchases).abs() * self.unit, (high - low) / (2.0 * SIGMAS) * self.unit]
        });
        Some(CustomerResidual { value, errors })
    }
}
