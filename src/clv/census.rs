//! One pass over all customers: everything the fits need, as counts and sums by date and segment.

use super::covariates::Covariates;
use super::histories::Histories;
use super::lives::{Lives, LivingRule, Opportunities, opportunity, purchases_in_periods};
use super::models::contribution::{Overflow, PurchaseSums};
use super::models::margin_rate::RateSums;
use super::models::{Counts, Gaps};
use super::past::{Brought, MEASURES, Purchase, Times, purchases_into};
use super::pile::Pile;
use super::repeaters::Repeaters;
use super::segments::Segments;
use crate::customers::days::{Amount, CustomerDaysView};
use crate::customers::history::CustomerHistory;
use crate::customers::operator::{CustomerSlice, SliceOperator};
use crate::error::{Error, Result};
use crate::units::Day;
use std::borrow::Cow;

/// What is counted, and until when.
pub(crate) struct Scope<'r> {
    pub(crate) history: &'r CustomerHistory,
    pub(crate) segments: &'r Segments,
    pub(crate) covariates: &'r Covariates,
    pub(crate) rule: &'r LivingRule,
    /// What purchases are measured by.
    pub(crate) measures: [Amount; MEASURES],
    /// The as-of date, then calibration dates.
    pub(crate) dates: Vec<Day>,
    /// Earlier dates at which somebody asks who was alive: only histories are counted.
    pub(crate) alive_dates: Vec<Day>,
    /// Days of the history begin here.
    pub(crate) start: Day,
    /// Whether BG/BB is back-tested, which needs opportunities at calibration dates too.
    pub(crate) has_periods: bool,
    /// Whether a model asks how regularly customers buy.
    pub(crate) has_gaps: bool,
}

/// What one segment did before a date.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) histories: Histories<'static>,
    /// Between purchases; none where no model asks.
    pub(crate) gaps: Gaps,
    pub(crate) opportunities: Opportunities,
    /// Purchases in complete periods, of customers with opportunities.
    pub(crate) purchases_in_periods: u64,
    /// What purchases brought, by measure.
    pub(crate) brought: [PurchaseSums; MEASURES],
    /// Margin of revenue.
    pub(crate) rates: RateSums,
    /// Of customers who bought again.
    pub(crate) repeaters: Repeaters,
}

/// Everything counted.
#[derive(Debug, Default)]
pub(crate) struct Census {
    /// By date, by segment.
    pub(crate) tallies: Vec<Vec<Tally>>,
    /// By segment, at the as-of date.
    pub(crate) lives: Vec<Lives>,
    /// By date, by day since the start: purchases of customers whose first came before the date, the first ones aside.
    pub(crate) repeats_by_day: Vec<Vec<u64>>,
    /// By earlier date at which somebody asks who was alive, by segment.
    pub(crate) alive_counts: Vec<Vec<Histories<'static>>>,
}

/// Counts everybody: an operator over slices of customers.
impl SliceOperator for Scope<'_> {
    type Window = ();
    type Part = Part;
    type Total = Counting;

    fn begin(&self) -> Result<Counting> {
        let groups = self.segments.len() * self.cells();
        let piles = |dates: &[Day]| -> Vec<Vec<Pile>> {
            dates.iter().map(|_| (0..groups).map(|_| Pile::default()).collect()).collect()
        };
        let (piles, alive_piles) = (piles(&self.dates), piles(&self.alive_dates));
        Ok(Counting { census: self.empty(), cells: self.covariates.cells(), piles, alive_piles })
    }

    fn slice(&self, _window: &(), customers: &CustomerSlice) -> Result<Part> {
        let mut part = Part {
            census: self.empty(),
            times: vec![Vec::new(); self.dates.len()],
            alive_times: vec![Vec::new(); self.alive_dates.len()],
        };
        let mut buffers = Buffers::default();
        let costs = self.history.worth.slice(&customers.ranks)?.acquisition_cost;
        let ranks = customers.ranks.clone().zip(costs);
        for ((rank, cost), days) in ranks.zip(customers.days.customers()) {
            self.count_customer(&mut part, days, rank, cost, &mut buffers).map_err(|Overflow| too_large())?;
        }
        Ok(part)
    }

    fn take(&self, total: &mut Counting, part: Part) -> Result<()> {
        let piles = total.piles.iter_mut().chain(&mut total.alive_piles);
        for (piles, times) in piles.zip(part.times.iter().chain(&part.alive_times)) {
            times.iter().for_each(|(group, times)| piles[usize::from(*group)].push(times));
        }
        total.census.merge(part.census)
    }
}

impl Scope<'_> {
    fn empty(&self) -> Census {
        let days = usize::try_from(self.dates[0].0 - self.start.0).unwrap_or(0);
        Census {
            tallies: self.dates.iter().map(|_| self.by_segment(Tally::default)).collect(),
            lives: self.by_segment(|| Lives::new(self.rule.calendar.complete())),
            repeats_by_day: vec![vec![0; days]; self.dates.len()],
            alive_counts: Vec::new(),
        }
    }

    /// Piles of a segment.
    fn cells(&self) -> usize {
        self.covariates.cells().max(1)
    }

    fn by_segment<T>(&self, of: impl Fn() -> T) -> Vec<T> {
        (0..self.segments.len()).map(|_| of()).collect()
    }

    fn count_customer(
        &self,
        part: &mut Part,
        days: CustomerDaysView<'_>,
        rank: usize,
        acquisition_cost: i64,
        buffers: &mut Buffers,
    ) -> Result<(), Overflow> {
        let segment = self.segments.of(rank);
        let group = group_number(segment * self.cells() + self.covariates.of(rank));
        for (index, date) in self.dates.iter().enumerate() {
            let days = days.before(*date);
            let Some(times) = Times::of_days(days, *date) else { continue };
            let tally = &mut part.census.tallies[index][segment];
            part.times[index].push((group, times));
            purchases_into(days, self.measures, &mut buffers.purchases);
            let brought = Brought::of(&buffers.purchases, &mut buffers.pairs);
            for measure in 0..MEASURES {
                let (sum, squares) = (brought.sums[measure], brought.squares[measure]);
                tally.brought[measure].add(brought.purchases, sum, squares)?;
            }
            tally.rates = tally.rates.add(&brought.rate).ok_or(Overflow)?;
            if times.repeats() > 0 {
                let revenue = i64::try_from(brought.repeat_revenue);
                tally.repeaters.push(times.repeats(), revenue.expect("a customer's money has 18 digits"));
            }
            if (index == 0 || self.has_periods)
                && let Some(row) = opportunity(&self.rule.calendar, days, *date)
            {
                *tally.opportunities.entry(row).or_default() += 1;
                tally.purchases_in_periods += purchases_in_periods(&self.rule.calendar, days, *date);
            }
            if self.has_gaps {
                count_gaps(&mut tally.gaps, days);
            }
            if index == 0 {
                self.count_life(&mut part.census, days, &times, segment, acquisition_cost);
            }
        }
        for (date, alive_times) in self.alive_dates.iter().zip(&mut part.alive_times) {
            if let Some(times) = Times::of_days(days.before(*date), *date) {
                alive_times.push((group, times));
            }
        }
        Ok(())
    }

    fn count_life(
        &self,
        census: &mut Census,
        days: CustomerDaysView<'_>,
        times: &Times,
        segment: usize,
        cost: i64,
    ) {
        census.lives[segment].add(self.rule, days, self.measures, times, cost);
        for (date, repeats) in self.dates.iter().zip(&mut census.repeats_by_day) {
            if times.first < date.0 {
                for day in days.purchases().skip(1) {
                    let day = usize::try_from(day - self.start.0);
                    repeats[day.expect("the history begins at its start")] += 1;
                }
            }
        }
    }
}

/// Days between one purchase and the next.
fn count_gaps(gaps: &mut Gaps, days: CustomerDaysView<'_>) {
    let mut earlier = None;
    for day in days.purchases() {
        if let Some(earlier) = earlier {
            gaps.push(day.abs_diff(earlier));
        }
        earlier = Some(day);
    }
}

impl Census {
    /// Adds the customers who come after these, but for the counts of histories, which the piles hold.
    fn merge(&mut self, part: Self) -> Result<()> {
        let tallies = self.tallies.iter_mut().flatten().zip(part.tallies.into_iter().flatten());
        for (tally, more) in tallies {
            tally.merge(more).map_err(|Overflow| too_large())?;
        }
        self.lives.iter_mut().zip(&part.lives).for_each(|(lives, more)| lives.merge(more));
        let days = self.repeats_by_day.iter_mut().flatten();
        days.zip(part.repeats_by_day.iter().flatten()).for_each(|(sum, more)| *sum += more);
        Ok(())
    }
}

/// A census on its way.
pub(crate) struct Counting {
    census: Census,
    /// Cells of covariates; 0 where none are declared.
    cells: usize,
    /// By date, by segment, by cell.
    piles: Vec<Vec<Pile>>,
    /// By earlier date, likewise.
    alive_piles: Vec<Vec<Pile>>,
}

impl Counting {
    /// Once all customers are in.
    pub(crate) fn finish(self) -> Census {
        let (mut census, cells) = (self.census, self.cells);
        for (tallies, piles) in census.tallies.iter_mut().zip(self.piles) {
            let histories = histories(piles, cells);
            tallies.iter_mut().zip(histories).for_each(|(tally, histories)| tally.histories = histories);
        }
        census.alive_counts = self.alive_piles.into_iter().map(|piles| histories(piles, cells)).collect();
        census
    }
}

/// By segment.
fn histories(piles: Vec<Pile>, cells: usize) -> Vec<Histories<'static>> {
    let mut counts = piles.into_iter().map(Pile::finish);
    let mut segments = Vec::new();
    loop {
        let of_segment: Vec<Counts> = counts.by_ref().take(cells.max(1)).collect();
        if of_segment.is_empty() {
            return segments;
        }
        segments.push(Histories::of_cells(of_segment, cells > 0));
    }
}

/// A slice's part, with the times of its customers by date.
pub(crate) struct Part {
    census: Census,
    times: Vec<Vec<(u16, Times)>>,
    alive_times: Vec<Vec<(u16, Times)>>,
}

/// Buffers of one slice.
#[derive(Default)]
struct Buffers {
    purchases: Vec<Purchase>,
    pairs: Vec<(i64, i64)>,
}

/// Of a cell of a segment.
fn group_number(group: usize) -> u16 {
    u16::try_from(group).expect("segments and cells are few")
}

fn too_large() -> Error {
    Error::check(
        "lifetime value: squares of money per purchase add up to more than 38 digits; use a smaller facts.money_scale",
    )
}

impl Tally {
    /// All segments together.
    ///
    /// # Errors
    /// Money whose squares leave 128 bits.
    pub(crate) fn of_all(tallies: &[Self]) -> Result<Self> {
        let rows = tallies.iter().flat_map(|tally| tally.counts().rows()).copied();
        let histories = Histories { all: Cow::Owned(Counts::of_rows(rows)), cells: Vec::new() };
        let mut all = Self { histories, ..Self::default() };
        for tally in tallies {
            all.add_money(tally).map_err(|Overflow| too_large())?;
            all.repeaters.merge(&tally.repeaters);
            all.gaps.merge(&tally.gaps);
        }
        Ok(all)
    }

    /// Of all its customers.
    pub(crate) fn counts(&self) -> &Counts {
        &self.histories.all
    }

    /// Merges all but the counts, which the piles hold.
    fn merge(&mut self, more: Self) -> Result<(), Overflow> {
        self.add_money(&more)?;
        self.gaps.merge(&more.gaps);
        more.repeaters.rows.iter().for_each(|(repeats, revenue)| self.repeaters.push(*repeats, *revenue));
        self.purchases_in_periods += more.purchases_in_periods;
        more.opportunities.into_iter().for_each(|(row, customers)| {
            *self.opportunities.entry(row).or_default() += customers;
        });
        Ok(())
    }

    fn add_money(&mut self, more: &Self) -> Result<(), Overflow> {
        for (sums, more) in self.brought.iter_mut().zip(&more.brought) {
            sums.merge(more)?;
        }
        self.rates = self.rates.merge(&more.rates).ok_or(Overflow)?;
        Ok(())
    }

    /// Days between purchases, on average over all gaps; none if nobody bought twice.
    pub(crate) fn mean_gap(&self) -> Option<f64> {
        let rows = self.counts().rows();
        let days: u64 = rows.iter().map(|row| u64::from(row.last_purchase_days) * row.customers).sum();
        let gaps = self.counts().purchases();
        #[expect(clippy::cast_precision_loss, reason = "a mean is rounded anyway")]
        (gaps > 0).then(|| days as f64 / gaps as f64)
    }
}
