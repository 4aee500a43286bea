//! The walk of one estimate: every customer by both costings, of which sums are kept, and the profits by the estimate are ranked.

use super::super::recalled::Recalled;
use super::super::response::Responses;
use super::super::two_costings::{LivesWindow, TwoCostings};
use super::standing::Standing;
use crate::customers::history::CustomerDays;
use crate::customers::operator::{CustomerSlice, SliceOperator, walk};
use crate::customers::ranking::Ranking;
use crate::error::Result;
use crate::memory::Memory;
use crate::units::{Decimal, Fixed18};
use std::ops::Range;

/// What is computed of every slice.
pub(super) struct SensitivityWalk<'r> {
    costings: TwoCostings<'r>,
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

impl<'r> SensitivityWalk<'r> {
    /// Compares two costings of the same facts.
    ///
    /// # Errors
    /// A number beyond 18 digits, unreadable state, a full disk.
    pub(super) fn of(
        base: &Recalled<'r>,
        scenario: &Recalled<'r>,
        memory: &'r Memory,
    ) -> Result<(ProfitSums, Standing)> {
        let costings = TwoCostings::new(base, scenario, Decimal::ONE, Responses::none(base));
        let without_days = CustomerDays::new(base.facts.customers.len(), 0, memory);
        let (sums, ranking) = walk(&without_days, &Self { costings, memory })?;
        Ok((sums, Standing::of(base, ranking)?))
    }
}

impl SliceOperator for SensitivityWalk<'_> {
    type Window = LivesWindow;
    /// Sums, and the profits of those who bought.
    type Part = (ProfitSums, Vec<(u32, i64)>);
    type Total = (ProfitSums, Ranking);

    fn begin(&self) -> Result<Self::Total> {
        let customers = self.costings.base.facts.customers.keys.len();
        Ok((ProfitSums::default(), Ranking::new(customers, self.memory)))
    }

    fn read(&self, ranks: Range<usize>) -> Result<LivesWindow> {
        self.costings.read(&ranks)
    }

    fn slice(&self, window: &LivesWindow, customers: &CustomerSlice) -> Result<Self::Part> {
        let lives = self.costings.lives(window, customers.ranks.clone())?;
        let known = self.costings.base.facts.customers.keys.len();
        let (mut sums, mut bought) = (ProfitSums::default(), Vec::new());
        for (place, rank) in lives.ranks.clone().enumerate() {
            let (was, is) = (lives.base.profit[place], lives.scenario.profit[place]);
            sums.moved += (is - was).abs();
            sums.difference += is - was;
            if rank >= known {
                continue;
            }
            sums.largest = sums.largest.max((is - was).abs());
            sums.affected += usize::from(is != was);
            sums.turn_profitable += usize::from(was <= 0 && is > 0);
            sums.turn_unprofitable += usize::from(was >= 0 && is < 0);
            if lives.has_bought[place] {
                let profit = Fixed18::checked(is, "sensitivity: a customer's profit")?;
                bought.push((u32::try_from(rank).expect("ranks fit 32 bits"), profit.get()));
            }
        }
        Ok((sums, bought))
    }

    fn take(&self, (sums, ranking): &mut Self::Total, (more, bought): Self::Part) -> Result<()> {
        sums.moved += more.moved;
        sums.difference += more.difference;
        sums.largest = sums.largest.max(more.largest);
        sums.affected += more.affected;
        sums.turn_profitable += more.turn_profitable;
        sums.turn_unprofitable += more.turn_unprofitable;
        bought.into_iter().try_for_each(|(rank, profit)| ranking.add(rank, profit))
    }
}
