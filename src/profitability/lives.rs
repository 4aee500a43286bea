//! The walk over lives: the periods of a window of customers are measured again and added up, so that nothing is held
//! of other customers. Lives are kept packed, for the place of a customer follows from all of them.

use super::acquired_rows::{of_ranks, with_rows_for};
use super::behaviour::Behaviour;
use super::classes::{Class, Standing};
use super::customer_totals::CustomerTotals;
use super::hierarchy::Earned;
use super::lifetime::{Life, Lifetime};
use super::lines::CostLine;
use super::period_rows::PeriodRows;
use super::stage::Sources;
use super::starts::Starts;
use super::unbought::{Unbought, unbought};
use super::waterfall::{Books, Measures, charge};
use super::whale::Rest;
use crate::customers::history::LifetimeWorth;
use crate::customers::ranking::Ranking;
use crate::customers::slices::{self, SLICE_CUSTOMERS};
use crate::error::Result;
use crate::memory::{Memory, Scratch};
use rayon::prelude::*;
use std::ops::Range;

/// The lives of all customers, by slice: the columns of [`Life`].
pub(crate) struct Lives<'r> {
    books: &'r Books<'r>,
    columns: Scratch,
}

/// What the walk leaves besides the lives.
pub(crate) struct Sums {
    pub(crate) earned: Earned,
    pub(crate) rest: Rest,
    /// Of customers who bought or returned.
    pub(crate) ranking: Ranking,
    pub(crate) prospects: usize,
    pub(crate) unbought: Option<Unbought>,
    pub(crate) worth: LifetimeWorth,
}

/// Walks over windows of customers, and within each over the periods.
///
/// # Errors
/// A value beyond 18 digits, kept state that cannot be read, a full disk.
pub(crate) fn walk<'r>(
    books: &'r Books<'r>,
    sources: Sources<'r>,
    starts: &Starts,
    volume_scale: u8,
    memory: &Memory,
) -> Result<(Lives<'r>, Sums)> {
    let customers = &sources.facts.customers;
    let known = customers.keys.len();
    let slices = slices::slices(0..customers.len()).count();
    let lives = Lives { books, columns: Scratch::new(slices, memory) };
    let mut sums = Sums {
        earned: Earned::nothing(sources.channels),
        rest: Rest::default(),
        ranking: Ranking::new(known, memory),
        prospects: 0,
        unbought: None,
        worth: LifetimeWorth::new(known, memory),
    };
    for window in slices::windows_of(customers.len(), slices::slices_of_window(memory)) {
        let sums_of_periods = add_periods(books, sources, starts, &window)?;
        let orders = sources.facts.lifetime_orders(window.clone())?;
        let finish = |(ranks, mut lifetime): (Range<usize>, Lifetime)| {
            let first_periods = std::mem::take(&mut lifetime.first_periods);
            let orders = &orders[ranks.start - window.start..ranks.end - window.start];
            let life = lifetime.finish(orders.to_vec(), sources.acquisition.openings(ranks.clone()))?;
            lives.keep(&ranks, &life, &first_periods)?;
            keep_worth(&sums.worth, &ranks, known, &life.measures)?;
            let earned = Earned {
                incomes: sources.channels.incomes(known, &life.measures, Behaviour::bought_or_returned),
                totals: CustomerTotals::of(&life.measures, 0),
            };
            Ok((earned, unbought(customers, &life.measures, volume_scale), life))
        };
        let finished: Vec<Result<_>> = sums_of_periods.into_par_iter().with_max_len(1).map(finish).collect();
        for of_slice in finished {
            let (earned, unbought, life) = of_slice?;
            sums.earned += earned;
            Unbought::merge(&mut sums.unbought, unbought);
            sums.place(&life.measures, known)?;
        }
    }
    let acquisition = sources.acquisition;
    sums.earned.totals.imputed_acquisition = acquisition.opening + acquisition.placed_total();
    Ok((lives, sums))
}

/// The sums of all periods of the customers of a window, by slice.
fn add_periods(
    books: &Books<'_>,
    sources: Sources<'_>,
    starts: &Starts,
    window: &Range<usize>,
) -> Result<Vec<(Range<usize>, Lifetime)>> {
    let Sources { facts, costing, acquisition, .. } = sources;
    let of_slice = |ranks: Range<usize>| (ranks.clone(), Lifetime::new(books, ranks));
    let mut lifetimes: Vec<_> = slices::slices(window.clone()).map(of_slice).collect();
    let read = |index: usize| {
        let acquired = acquisition.of_period(index, window.clone());
        let rows = with_rows_for(facts.customer_facts(index, window.clone())?, &acquired);
        Ok((PeriodRows::from(rows), acquired))
    };
    let mut read_ahead = (!costing.periods.is_empty()).then(|| read(0));
    for (index, costed) in costing.periods.iter().enumerate() {
        let (rows, acquired) = read_ahead.take().expect("every period is read ahead")?;
        let add = |(ranks, lifetime): &mut (Range<usize>, Lifetime)| {
            let acquired = of_ranks(&acquired, ranks);
            let start = starts.of(index, ranks.start);
            let rows = rows.of_ranks(ranks);
            let charges = charge(books, costed, &rows, acquired, start, &mut |_, _| Ok(()))?;
            lifetime.add(&rows, &charges)
        };
        let add_all = || lifetimes.par_iter_mut().with_max_len(1).map(add).collect::<Vec<Result<()>>>();
        let next = index + 1;
        let (added, following) = rayon::join(add_all, || (next < costing.periods.len()).then(|| read(next)));
        added.into_iter().collect::<Result<()>>()?;
        read_ahead = following;
    }
    Ok(lifetimes)
}

/// Keeps what later rooms see of lives; the unidentified cost object has none.
fn keep_worth(worth: &LifetimeWorth, ranks: &Range<usize>, known: usize, life: &Measures) -> Result<()> {
    let identified = ranks.start..ranks.end.min(known);
    if identified.is_empty() {
        return Ok(());
    }
    let profit = &life.worth.customer_profit[..identified.len()];
    let acquisition = &life.worth.line(CostLine::Acquisition)[..identified.len()];
    worth.keep(&identified, profit, acquisition)
}

impl Sums {
    /// Enters customers into the ranking; others are left out of it.
    fn place(&mut self, life: &Measures, known: usize) -> Result<()> {
        for (row, (rank, profit)) in life.ranks.iter().zip(&life.worth.customer_profit).enumerate() {
            if *rank as usize >= known {
                self.rest.unidentified += i128::from(*profit);
            } else if life.behaviour.bought_or_returned(row) {
                self.ranking.add(*rank, *profit)?;
            } else {
                self.rest.prospects += i128::from(*profit);
                self.prospects += 1;
            }
        }
        Ok(())
    }
}

impl Lives<'_> {
    fn keep(&self, ranks: &Range<usize>, life: &Life, first_periods: &[i64]) -> Result<()> {
        let columns = [first_periods].into_iter().chain(life.columns(self.books));
        self.columns.keep(ranks.start / SLICE_CUSTOMERS, columns)
    }

    /// By customer of a slice, the period of the first purchase; -1 without one.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn first_periods(&self, ranks: &Range<usize>) -> Result<Vec<i64>> {
        self.columns.column(ranks.start / SLICE_CUSTOMERS, 0)
    }

    /// Lives of no customers, with all columns.
    ///
    /// # Errors
    /// None that is expected.
    pub(crate) fn empty(&self) -> Result<Life> {
        Lifetime::new(self.books, 0..0).finish(Vec::new(), Vec::new())
    }

    /// The lives of the customers of a slice.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn slice(&self, ranks: &Range<usize>) -> Result<Life> {
        let slice = ranks.start / SLICE_CUSTOMERS;
        Life::restored(self.books, ranks, |column| self.columns.column(slice, column + 1))
    }
}

/// The classes of these customers, by place among them; those from rank `known` on have none.
///
/// # Errors
/// A disk that fails.
pub(crate) fn classes(
    worth: &LifetimeWorth,
    ranks: Range<usize>,
    known: usize,
    standing: &Standing,
) -> Result<Vec<Option<Class>>> {
    let mut classes = Vec::with_capacity(ranks.len());
    for slice in slices::slices(ranks.start..ranks.end.min(known)) {
        let first = slice.start / SLICE_CUSTOMERS * SLICE_CUSTOMERS;
        let profits = worth.slice(&slice)?.profit;
        classes.extend(slice.map(|rank| standing.class(rank, profits[rank - first])));
    }
    classes.resize(ranks.len(), None);
    Ok(classes)
}
