//! The walk of several estimates: every customer by the release's costing and, where activities cost something else, by that of each
//! estimate, so that what is read for all of them is so once. Sums are kept, and profits by each are ranked.

use super::super::recalled::Recalled;
use super::super::two_costings::{LivesWindow, ReleaseLives, TwoCostings};
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
    base: Recalled<'r>,
    release: &'r ReleaseLives,
    estimates: Vec<TwoCostings<'r>>,
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
pub(super) type Profits = Vec<(u32, i64)>;

impl<'r> SensitivityWalk<'r> {
    /// What moves by each of these costings of the same facts; `before` is how customers stand by the release's own.
    ///
    /// # Errors
    /// A number beyond 18 digits, unreadable state, a full disk.
    pub(super) fn of(
        (base, release, before): (&Recalled<'r>, &'r ReleaseLives, &Standing),
        estimates: &[Recalled<'r>],
        memory: &'r Memory,
    ) -> Result<Vec<(ProfitSums, Moves)>> {
        let estimates = estimates.iter().map(|estimate| TwoCostings::of_differing(base, estimate)).collect();
        let without_days = CustomerDays::new(base.facts.customers.len(), 0, memory);
        let found = walk(&without_days, &Self { base: *base, release, estimates, memory })?;
        let moves = |(sums, ranking)| {
            let after = Standing::of(base, ranking)?;
            Ok((sums, Standing::moves(before, &after, base.facts.customers.keys.len())))
        };
        // Runs of a ranking are merged by one thread, so rankings are by several.
        found.into_par_iter().with_max_len(1).map(moves).collect()
    }
}

impl SliceOperator for SensitivityWalk<'_> {
    /// By estimate, what the customers of several slices had.
    type Window = Vec<LivesWindow>;
    type Part = Vec<(ProfitSums, Profits)>;
    type Total = Vec<(ProfitSums, Ranking)>;

    fn begin(&self) -> Result<Self::Total> {
        let customers = self.base.facts.customers.keys.len();
        let nothing = |_| (ProfitSums::default(), Ranking::new(customers, self.memory));
        Ok(self.estimates.iter().map(nothing).collect())
    }

    fn read(&self, ranks: Range<usize>) -> Result<Vec<LivesWindow>> {
        let facts = TwoCostings::facts(&self.base, &ranks)?;
        self.estimates.iter().map(|estimate| estimate.window(facts.clone(), &ranks)).collect()
    }

    fn slice(&self, windows: &Vec<LivesWindow>, customers: &CustomerSlice) -> Result<Self::Part> {
        let ranks = &customers.ranks;
        let known = self.base.facts.customers.keys.len();
        let (was, has_bought) = (self.release.side(ranks)?.profit, self.release.has_bought(ranks)?);
        let mut found = Vec::with_capacity(self.estimates.len());
        for (estimate, window) in self.estimates.iter().zip(windows) {
            let differences = estimate.differences(window, ranks.clone())?;
            let mut sums = ProfitSums::default();
            for (rank, (was, difference)) in ranks.clone().zip(was.iter().zip(&differences)) {
                sums.add(*was, *difference, rank < known);
            }
            let is: Vec<i128> =
                was.iter().zip(differences).map(|(was, difference)| was + difference).collect();
            found.push((sums, of_buyers(&has_bought, ranks.start..known, &is)?));
        }
        Ok(found)
    }

    fn take(&self, total: &mut Self::Total, part: Self::Part) -> Result<()> {
        for ((sums, ranking), (more, profits)) in total.iter_mut().zip(part) {
            sums.moved += more.moved;
            sums.difference += more.difference;
            sums.largest = sums.largest.max(more.largest);
            sums.affected += more.affected;
            sums.turn_profitable += more.turn_profitable;
            sums.turn_unprofitable += more.turn_unprofitable;
            profits.into_iter().try_for_each(|(rank, profit)| ranking.add(rank, profit))?;
        }
        Ok(())
    }
}

/// Of these profits, by place in a slice, those of customers who bought; ranks are those of the slice, up to the last customer's.
pub(super) fn of_buyers(has_bought: &[bool], ranks: Range<usize>, profits: &[i128]) -> Result<Profits> {
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
