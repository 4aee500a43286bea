//! The walk of several estimates: every customer by the release's costing and, where activities cost something else, by that of each
//! estimate, so that what is read and posted for all of them is so once. Sums are kept, and profits by each are ranked.

use super::super::lives::Lives;
use super::super::recalled::Recalled;
use super::super::response::Responses;
use super::super::two_costings::{LivesWindow, TwoCostings};
use super::standing::{Moves, Standing};
use crate::customers::history::CustomerDays;
use crate::customers::operator::{CustomerSlice, SliceOperator, walk};
use crate::customers::ranking::Ranking;
use crate::error::Result;
use crate::memory::Memory;
use crate::units::{Decimal, Fixed18};
use std::ops::Range;

/// What is computed of every slice.
pub(super) struct SensitivityWalk<'r> {
    release: TwoCostings<'r>,
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

/// What customers of several slices had, by the release and by each estimate.
#[derive(Default)]
pub(super) struct EstimatesWindow {
    release: LivesWindow,
    estimates: Vec<LivesWindow>,
}

/// Profits of those who bought.
type Profits = Vec<(u32, i64)>;

impl<'r> SensitivityWalk<'r> {
    /// What moves by each of these costings of the same facts.
    ///
    /// # Errors
    /// A number beyond 18 digits, unreadable state, a full disk.
    pub(super) fn of(
        base: &Recalled<'r>,
        estimates: &[Recalled<'r>],
        memory: &'r Memory,
    ) -> Result<Vec<(ProfitSums, Moves)>> {
        let release = TwoCostings::new(base, base, Decimal::ONE, Responses::none(base));
        let estimates = estimates.iter().map(|estimate| TwoCostings::of_differing(base, estimate)).collect();
        let without_days = CustomerDays::new(base.facts.customers.len(), 0, memory);
        let (of_release, found) = walk(&without_days, &Self { release, estimates, memory })?;
        let before = Standing::of(base, of_release)?;
        let mut moved = Vec::with_capacity(found.len());
        for (sums, ranking) in found {
            let after = Standing::of(base, ranking)?;
            moved.push((sums, Standing::moves(&before, &after, base.facts.customers.keys.len())));
        }
        Ok(moved)
    }
}

impl SliceOperator for SensitivityWalk<'_> {
    type Window = EstimatesWindow;
    type Part = (Profits, Vec<(ProfitSums, Profits)>);
    type Total = (Ranking, Vec<(ProfitSums, Ranking)>);

    fn begin(&self) -> Result<Self::Total> {
        let customers = self.release.base.facts.customers.keys.len();
        let ranking = || Ranking::new(customers, self.memory);
        Ok((ranking(), self.estimates.iter().map(|_| (ProfitSums::default(), ranking())).collect()))
    }

    fn read(&self, ranks: Range<usize>) -> Result<EstimatesWindow> {
        let facts = self.release.facts(&ranks)?;
        let estimates = self.estimates.iter().map(|estimate| estimate.window(facts.clone(), &ranks));
        let estimates = estimates.collect::<Result<_>>()?;
        Ok(EstimatesWindow { release: self.release.window(facts, &ranks)?, estimates })
    }

    fn slice(&self, window: &EstimatesWindow, customers: &CustomerSlice) -> Result<Self::Part> {
        let lives = self.release.lives(&window.release, customers.ranks.clone())?;
        let known = self.release.base.facts.customers.keys.len();
        let was = &lives.base.profit;
        let mut found = Vec::with_capacity(self.estimates.len());
        for (estimate, window) in self.estimates.iter().zip(&window.estimates) {
            let differences = estimate.differences(window, customers.ranks.clone())?;
            let mut sums = ProfitSums::default();
            for (place, (was, difference)) in was.iter().zip(&differences).enumerate() {
                sums.add(*was, *difference, lives.ranks.start + place < known);
            }
            let is: Vec<i128> =
                was.iter().zip(differences).map(|(was, difference)| was + difference).collect();
            found.push((sums, of_buyers(&lives, known, &is)?));
        }
        Ok((of_buyers(&lives, known, was)?, found))
    }

    fn take(&self, (release, estimates): &mut Self::Total, (of_release, found): Self::Part) -> Result<()> {
        of_release.into_iter().try_for_each(|(rank, profit)| release.add(rank, profit))?;
        for ((sums, ranking), (more, profits)) in estimates.iter_mut().zip(found) {
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

/// Of these profits, by place in the slice, those of customers (ranks below `known`) who bought.
fn of_buyers(lives: &Lives, known: usize, profits: &[i128]) -> Result<Profits> {
    let mut of_buyers = Vec::new();
    for ((rank, profit), has_bought) in lives.ranks.clone().zip(profits).zip(&lives.has_bought) {
        if *has_bought && rank < known {
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
