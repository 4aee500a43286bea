//! The walk of bridges: what customers had in all periods that comparisons need, a window of customers at a time.

use super::acquired_rows::{of_ranks, with_rows_for};
use super::bridge_sums::BridgeSums;
use super::columns::Values;
use super::comparing::Comparing;
use super::comparison::Comparison;
use super::customer_bridge::{ChangeRows, Changes};
use super::customer_change::{BELOW_CONTRIBUTION, CustomerChange};
use super::customer_period::CustomerPeriod;
use super::lives::Lives;
use super::period_rows::PeriodRows;
use super::posted::Posted;
use super::stage::Sources;
use super::starts::Starts;
use super::waterfall::{Books, charge};
use crate::customers::slices;
use crate::error::Result;
use crate::facts::schema::ProductFacts;
use crate::memory::Memory;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Mutex;

/// What is compared, and of whom.
pub(crate) struct BridgeWalk<'r> {
    pub(crate) books: &'r Books<'r>,
    pub(crate) sources: Sources<'r>,
    pub(crate) starts: &'r Starts,
    pub(crate) lives: &'r Lives<'r>,
    pub(crate) comparing: Comparing<'r>,
}

/// A period's facts of the customers of a window.
struct WindowPeriod {
    rows: PeriodRows,
    acquired: Vec<(u32, i64)>,
    cells: ProductFacts,
}

impl BridgeWalk<'_> {
    /// The sums of every comparison. Changes of customers are kept, where they are wanted.
    ///
    /// # Errors
    /// A product beyond 128 bits, money beyond 18 digits, kept state that cannot be read, a full disk.
    pub(crate) fn walk(&self, changes: Option<&Changes>, memory: &Memory) -> Result<Vec<BridgeSums>> {
        if self.comparing.comparisons.is_empty() {
            return Ok(Vec::new());
        }
        let customers = self.sources.facts.customers.len();
        let needed = self.needed();
        // Each thread that is at work takes sums that no other one holds, for they are as long as there are groups.
        let idle: Mutex<Vec<Vec<BridgeSums>>> = Mutex::default();
        for window in slices::windows_of(customers, slices::slices_of_window(memory)) {
            let read = |(period, is_needed): (usize, &bool)| {
                is_needed.then(|| self.read(period, &window)).transpose()
            };
            let periods: Vec<Result<Option<WindowPeriod>>> =
                needed.par_iter().enumerate().with_max_len(1).map(read).collect();
            let periods = periods.into_iter().collect::<Result<Vec<_>>>()?;
            let of_slice = |ranks: Range<usize>| {
                let free = idle.lock().expect("no thread panics while it takes sums").pop();
                let mut sums = free.unwrap_or_else(|| self.comparing.nothing());
                self.slice(&periods, &ranks, &mut sums, changes)?;
                idle.lock().expect("no thread panics while it leaves sums").push(sums);
                Ok(())
            };
            let slices: Vec<Range<usize>> = slices::slices(window.clone()).collect();
            let done: Vec<Result<()>> = slices.into_par_iter().with_max_len(1).map(of_slice).collect();
            done.into_iter().collect::<Result<()>>()?;
        }
        let mut sums = self.comparing.nothing();
        for some in idle.into_inner().expect("no thread panicked") {
            sums.iter_mut().zip(&some).for_each(|(sums, more)| *sums += more);
        }
        sums.iter().for_each(BridgeSums::close);
        Ok(sums)
    }

    /// By period, whether a comparison needs it.
    fn needed(&self) -> Vec<bool> {
        let mut needed = vec![false; self.sources.costing.periods.len()];
        for span in self.comparing.comparisons.iter().flat_map(Comparison::spans) {
            needed[span].fill(true);
        }
        needed
    }

    fn read(&self, period: usize, window: &Range<usize>) -> Result<WindowPeriod> {
        let Sources { facts, acquisition, .. } = self.sources;
        let acquired = acquisition.of_period(period, window.clone());
        let rows = with_rows_for(facts.customer_facts(period, window.clone())?, &acquired);
        let cells = facts.product_facts(period, window.clone())?;
        Ok(WindowPeriod { rows: PeriodRows::from(rows), acquired, cells })
    }

    fn slice(
        &self,
        periods: &[Option<WindowPeriod>],
        ranks: &Range<usize>,
        sums: &mut [BridgeSums],
        changes: Option<&Changes>,
    ) -> Result<()> {
        let mut had = Vec::with_capacity(periods.len());
        for (number, period) in periods.iter().enumerate() {
            had.push(match period {
                Some(period) => Some(self.customer_period(number, period, ranks)?),
                None => None,
            });
        }
        let first_periods = self.lives.first_periods(ranks)?;
        let known = self.sources.facts.customers.keys.len();
        let came = |rank: u32| {
            let first = first_periods[rank as usize - ranks.start];
            usize::try_from(first).ok().filter(|_| (rank as usize) < known)
        };
        let narrow = |rank: usize| u32::try_from(rank).expect("ranks fit 32 bits");
        let mut rows = changes.map(|changes| ChangeRows::new(changes.partitions()));
        let mut each = |change: CustomerChange| match (&mut rows, changes) {
            (Some(rows), Some(changes)) => rows.add(changes, &change),
            _ => Ok(()),
        };
        self.comparing.compare(&had, narrow(ranks.start)..narrow(ranks.end), &came, sums, &mut each)?;
        rows.zip(changes).map_or(Ok(()), |(rows, changes)| changes.keep(ranks, &rows))
    }

    fn customer_period<'w>(
        &self,
        number: usize,
        period: &'w WindowPeriod,
        ranks: &Range<usize>,
    ) -> Result<CustomerPeriod<'w>> {
        let costed = &self.sources.costing.periods[number];
        let rows = period.rows.of_ranks(ranks);
        let start = self.starts.of(number, ranks.start);
        let services = &self.comparing.services;
        let mut volumes: Vec<Vec<Values>> = vec![Vec::new(); services.len()];
        let mut costs = volumes.clone();
        let mut each = |_: &[u32], posted: &Posted| {
            for (place, service) in services.iter().enumerate() {
                volumes[place].push(posted.volumes[service.posting].clone());
                costs[place].push(posted.costs[service.posting].clone());
            }
            Ok(())
        };
        let acquired = of_ranks(&period.acquired, ranks);
        let charges = charge(self.books, costed, &rows, acquired, start, &mut each)?;
        let bound = |rank: usize| period.cells.ranks.partition_point(|known| (*known as usize) < rank);
        Ok(CustomerPeriod {
            lines: rows.behaviour.lines.clone(),
            ranks: rows.ranks,
            volumes: volumes.into_iter().map(joined).collect(),
            costs: costs.into_iter().map(joined).collect(),
            below: BELOW_CONTRIBUTION.map(|line| charges.lines.get(line).cloned()),
            cells: &period.cells,
            rows_of_cells: bound(ranks.start)..bound(ranks.end),
            volumes_before: services.iter().map(|service| i128::from(start[service.posting])).collect(),
        })
    }
}

/// The parts of a column, mostly one, as one.
fn joined(mut parts: Vec<Values>) -> Values {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    parts.iter().flat_map(|part| part.iter().copied()).collect::<Vec<i64>>().into()
}
