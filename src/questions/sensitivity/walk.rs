//! The walk of several estimates: every customer by the release's costing and, where activities cost something else, by that of each
//! estimate, so that what is read for all of them is so once. Sums are kept, and profits by each are ranked.

use super::super::recalled::Recalled;
use super::super::two_costings::{ReleaseCosting, ReleaseWindow, ScenarioWindow, TwoCostings};
use super::standing::{Moves, Standing};
use crate::customers::history::CustomerDays;
use crate::customers::operator::{CustomerSlice, SliceOperator, walk};
use crate::customers::ranking::Ranking;
use crate::error::Result;
use crate::memory::Memory;
use crate::units::Fixed18;
use rayon::prelude::*;
use std::ops::Range;

/// What is computed of every slice.
pub(super) struct SensitivityWalk<'r> {
    release: ReleaseCosting<'r>,
    estimates: Vec<TwoCostings<'r>>,
    /// Customers, without the unidentified cost object.
    known: usize,
    memory: &'r Memory,
}

/// Sums over customers, the unidentified cost object among them; counts are without it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ProfitSums {
    /// Differences of profits, whichever way they go.
    pub(super) moved: i128,
    /// The differences with their signs.
    pub(super) difference: i128,
    /// The largest of one customer, whichever way.
    pub(super) largest: i128,
    pub(super) affected: usize,
    pub(super) turn_profitable: usize,
    pub(super) turn_unprofitable: usize,
}

/// Rank and profit of those who bought.
type Profits = Vec<(u32, i64)>;

/// Of a slice: profits by the release's own costing, and by each estimate what moves.
pub(super) struct SliceProfits {
    release: Profits,
    estimates: Vec<(ProfitSums, Profits)>,
}

/// Of all customers: profits to be ranked.
pub(super) struct Rankings {
    release: Ranking,
    estimates: Vec<(ProfitSums, Ranking)>,
}

impl<'r> SensitivityWalk<'r> {
    /// What moves by each of these costings of the release's facts.
    ///
    /// # Errors
    /// A number beyond 18 digits, unreadable state, a full disk.
    pub(super) fn of(
        base: &Recalled<'r>,
        estimates: &[Recalled<'r>],
        memory: &'r Memory,
    ) -> Result<Vec<(ProfitSums, Moves)>> {
        let estimates = estimates.iter().map(|estimate| TwoCostings::of_differing(base, estimate)).collect();
        let known = base.facts.customers.keys.len();
        // Days are not asked for: costs are known by period.
        let without_days = CustomerDays::new(base.facts.customers.len(), 0, memory);
        let walked = Self { release: ReleaseCosting::new(base), estimates, known, memory };
        let Rankings { release, estimates } = walk(&without_days, &walked)?;
        let before = Standing::of(base, release)?;
        let moves =
            |(sums, ranking)| Ok((sums, Standing::moves(&before, &Standing::of(base, ranking)?, known)));
        // Runs of a ranking are merged by one thread, so rankings are by several.
        estimates.into_par_iter().with_max_len(1).map(moves).collect()
    }
}

impl SliceOperator for SensitivityWalk<'_> {
    /// What the customers of several slices had, and by each estimate.
    type Window = (ReleaseWindow, Vec<ScenarioWindow>);
    type Part = SliceProfits;
    type Total = Rankings;

    fn begin(&self) -> Result<Rankings> {
        let ranking = || Ranking::new(self.known, self.memory);
        let estimates = self.estimates.iter().map(|_| (ProfitSums::default(), ranking())).collect();
        Ok(Rankings { release: ranking(), estimates })
    }

    fn read(&self, ranks: Range<usize>) -> Result<Self::Window> {
        let release = self.release.window(ranks)?;
        let of_estimates = self.estimates.iter().map(|estimate| estimate.window(&release));
        let of_estimates = of_estimates.collect::<Result<_>>()?;
        Ok((release, of_estimates))
    }

    fn slice(
        &self,
        (window, of_estimates): &Self::Window,
        customers: &CustomerSlice,
    ) -> Result<SliceProfits> {
        let ranks = &customers.ranks;
        let release = self.release.slice(window, ranks.clone())?;
        let was = &release.side.profit;
        let of_buyers = |profits: &[i128]| of_buyers(&release.has_bought, ranks.start..self.known, profits);
        let mut estimates = Vec::with_capacity(self.estimates.len());
        for (estimate, of_estimate) in self.estimates.iter().zip(of_estimates) {
            let differences = estimate.differences(of_estimate, &release)?;
            let mut sums = ProfitSums::default();
            for (rank, (was, difference)) in ranks.clone().zip(was.iter().zip(&differences)) {
                sums.add(*was, *difference, rank < self.known);
            }
            let is: Vec<i128> =
                was.iter().zip(differences).map(|(was, difference)| was + difference).collect();
            estimates.push((sums, of_buyers(&is)?));
        }
        Ok(SliceProfits { release: of_buyers(was)?, estimates })
    }

    fn take(&self, total: &mut Rankings, part: SliceProfits) -> Result<()> {
        add(&mut total.release, part.release)?;
        for ((sums, ranking), (more, profits)) in total.estimates.iter_mut().zip(part.estimates) {
            sums.moved += more.moved;
            sums.difference += more.difference;
            sums.largest = sums.largest.max(more.largest);
            sums.affected += more.affected;
            sums.turn_profitable += more.turn_profitable;
            sums.turn_unprofitable += more.turn_unprofitable;
            add(ranking, profits)?;
        }
        Ok(())
    }
}

fn add(ranking: &mut Ranking, profits: Profits) -> Result<()> {
    profits.into_iter().try_for_each(|(rank, profit)| ranking.add(rank, profit))
}

/// Of these profits, by place in a slice, those of customers who bought; ranks are those of the slice, up to the last customer's.
fn of_buyers(has_bought: &[bool], ranks: Range<usize>, profits: &[i128]) -> Result<Profits> {
    let mut of_buyers = Vec::new();
    for ((rank, profit), has_bought) in ranks.zip(profits).zip(has_bought) {
        if *has_bought {
            let profit = Fixed18::checked(*profit, "sensitivity: a customer's profit")?;
            of_buyers.push((u32::try_from(rank).expect("ranks fit 32 bits"), profit.get()));
        }
    }
    Ok(of_buyers)
}

impl ProfitSums {
    /// Adds a customer, or the unidentified cost object.
    fn add(&mut self, was: i128, difference: i128, is_customer: bool) {
        self.moved += difference.abs();
        self.difference += difference;
        if is_customer {
            self.largest = self.largest.max(difference.abs());
            self.affected += usize::from(difference != 0);
            self.turn_profitable += usize::from(was <= 0 && was + difference > 0);
            self.turn_unprofitable += usize::from(was >= 0 && was + difference < 0);
        }
    }
}
