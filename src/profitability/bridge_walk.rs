//! The walk of bridges: what customers had in all periods that comparisons need, a window of customers at a time.

use super::acquired_rows::{of_ranks, with_rows_for};
use super::bridge_sums::BridgeSums;
use super::columns::Values;
use super::comparing::{Compared, Comparing};
use super::comparison::Comparison;
use super::customer_bridge::{ChangeRows, Changes};
use super::customer_change::{BELOW_CONTRIBUTION, CustomerChange};
use super::customer_span::{CustomerSpan, SpanCells};
use super::lives::Lives;
use super::period_rows::PeriodRows;
use super::posted::Posted;
use super::stage::Sources;
use super::starts::Starts;
use super::waterfall::{Books, charge};
use crate::customers::slices;
use crate::error::Result;
use crate::memory::Memory;
use rayon::prelude::*;
use std::collections::BTreeMap;
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
    cells: SpanCells,
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
        let cells = SpanCells::from(facts.product_facts(period, window.clone())?);
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
            had.push(period.as_ref().map(|period| self.customer_span(number, period, ranks)).transpose()?);
        }
        let first_periods = self.lives.first_periods(ranks)?;
        let known = self.sources.facts.customers.keys.len();
        let came = |rank: u32| {
            let first = first_periods[rank as usize - ranks.start];
            usize::try_from(first).ok().filter(|_| (rank as usize) < known)
        };
        let mut rows = ChangeRows::default();
        let groups = self.sources.facts.groups.len();
        let mut spans = Spans { periods: &had, slice: ranks, groups, longer: BTreeMap::new() };
        for (comparison, of) in self.comparing.comparisons.iter().enumerate() {
            let [before, after] = of.spans();
            spans.make(&before)?;
            spans.make(&after)?;
            let compared = Compared { comparison, before: spans.get(&before), after: spans.get(&after) };
            let mut each = |change: CustomerChange| changes.map_or(Ok(()), |_| rows.add(&change));
            self.comparing.compare(compared, &came, &mut sums[comparison], &mut each)?;
            changes.map_or(Ok(()), |changes| changes.keep_partition(comparison, ranks, &mut rows))?;
        }
        Ok(())
    }

    fn customer_span(
        &self,
        number: usize,
        period: &WindowPeriod,
        ranks: &Range<usize>,
    ) -> Result<CustomerSpan> {
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
        Ok(CustomerSpan {
            lines: rows.behaviour.lines.clone(),
            ranks: rows.ranks,
            volumes: volumes.into_iter().map(joined).collect(),
            volumes_before: services.iter().map(|service| start[service.posting]).collect(),
            costs: costs.into_iter().map(joined).collect(),
            below: BELOW_CONTRIBUTION.map(|line| charges.lines.get(line).cloned()),
            cells: period.cells.of_ranks(ranks),
        })
    }
}

/// What the customers of a slice had in periods, and in the longer spans that were asked for.
struct Spans<'s> {
    periods: &'s [Option<CustomerSpan>],
    slice: &'s Range<usize>,
    /// How many product groups there are.
    groups: usize,
    /// By first and last period.
    longer: BTreeMap<(usize, usize), CustomerSpan>,
}

impl Spans<'_> {
    /// Adds up the periods of a span, once.
    fn make(&mut self, span: &Range<usize>) -> Result<()> {
        if span.len() == 1 || self.longer.contains_key(&(span.start, span.end)) {
            return Ok(());
        }
        let periods: Vec<&CustomerSpan> = span.clone().map(|period| self.period(period)).collect();
        let sum = CustomerSpan::sum(&periods, self.slice, self.groups)?;
        self.longer.insert((span.start, span.end), sum);
        Ok(())
    }

    fn get(&self, span: &Range<usize>) -> &CustomerSpan {
        self.longer.get(&(span.start, span.end)).unwrap_or_else(|| self.period(span.start))
    }

    fn period(&self, period: usize) -> &CustomerSpan {
        self.periods[period].as_ref().expect("every period of a comparison is read")
    }
}

/// The parts of a column, mostly one, as one.
fn joined(mut parts: Vec<Values>) -> Values {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    parts.iter().flat_map(|part| part.iter().copied()).collect::<Vec<i64>>().into()
}
