//! The walk of what-ifs: every customer by the release's own costing and by those of several scenarios, of which sums, counts and the
//! customers that gain or lose most are kept; what a table says of each customer is kept packed, slice by slice.

use super::lives::{Lives, Margin};
use super::two_costings::{ReleaseCosting, ReleaseWindow, ScenarioWindow, TwoCostings};
use crate::customers::operator::{CustomerSlice, SliceOperator};
use crate::error::Result;
use crate::memory::Scratch;
use std::cmp::Reverse;
use std::ops::{AddAssign, Range};

/// What is computed of every slice.
pub(super) struct WhatIfWalk<'r> {
    pub(super) release: ReleaseCosting<'r>,
    pub(super) scenarios: Vec<TwoCostings<'r>>,
    /// By scenario, what [`Lives::keep`] keeps.
    pub(super) kept: Vec<Scratch>,
    /// How many customers each list names.
    pub(super) top: usize,
    /// Customers, without the unidentified cost object.
    pub(super) known: usize,
}

/// What was found of the release, and of each scenario.
#[derive(Debug, Default)]
pub(super) struct WhatIfTotals {
    pub(super) margin: Margin,
    pub(super) acquisition: i128,
    pub(super) scenarios: Vec<Found>,
}

/// Sums over customers, the unidentified cost object among them.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Customer profit of the release and of the scenario.
    pub(super) profit: [i128; 2],
    /// The last line of the waterfall.
    pub(super) last: [i128; 2],
    /// Scenario − base.
    pub(super) margin_difference: Margin,
    /// Customers whose last line differs.
    pub(super) affected: usize,
    /// Of these, by [`TURNS`].
    pub(super) turns: [Turned; TURNS.len()],
}

/// Customers who turn alike: how many, and those whose profit differs most.
#[derive(Debug, Default)]
pub(super) struct Turned {
    pub(super) customers: usize,
    pub(super) top: Vec<Turning>,
}

/// A customer's last line in both costings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turning {
    pub(super) rank: usize,
    pub(super) base: i128,
    pub(super) scenario: i128,
    pub(super) avoidable_difference: i128,
}

type IsTurn = fn(i128, i128) -> bool;

/// Turn profitable, turn unprofitable, gain, lose.
const TURNS: [IsTurn; 4] = [
    |base, scenario| base <= 0 && scenario > 0,
    |base, scenario| base >= 0 && scenario < 0,
    |base, scenario| scenario > base,
    |base, scenario| scenario < base,
];

impl SliceOperator for WhatIfWalk<'_> {
    /// What the customers of several slices had, and by each scenario.
    type Window = (ReleaseWindow, Vec<ScenarioWindow>);
    type Part = WhatIfTotals;
    type Total = WhatIfTotals;

    fn begin(&self) -> Result<WhatIfTotals> {
        let scenarios = self.scenarios.iter().map(|_| Found::default()).collect();
        Ok(WhatIfTotals { scenarios, ..WhatIfTotals::default() })
    }

    fn read(&self, ranks: Range<usize>) -> Result<Self::Window> {
        let release = self.release.window(ranks)?;
        let of_scenarios = self.scenarios.iter().map(|scenario| scenario.window(&release));
        let of_scenarios = of_scenarios.collect::<Result<_>>()?;
        Ok((release, of_scenarios))
    }

    fn slice(
        &self,
        (window, of_scenarios): &Self::Window,
        customers: &CustomerSlice,
    ) -> Result<WhatIfTotals> {
        let release = self.release.slice(window, customers.ranks.clone())?;
        let mut scenarios = Vec::with_capacity(self.scenarios.len());
        for ((scenario, window), kept) in self.scenarios.iter().zip(of_scenarios).zip(&self.kept) {
            let lives = scenario.lives(window, &release)?;
            lives.keep(kept)?;
            scenarios.push(Found::of(&lives, self.known, self.top));
        }
        Ok(WhatIfTotals { margin: release.margin, acquisition: release.acquisition, scenarios })
    }

    fn take(&self, total: &mut WhatIfTotals, part: WhatIfTotals) -> Result<()> {
        total.margin += part.margin;
        total.acquisition += part.acquisition;
        for (found, more) in total.scenarios.iter_mut().zip(part.scenarios) {
            *found += more;
            found.turns.iter_mut().for_each(|turned| turned.keep(self.top));
        }
        Ok(())
    }
}

impl Found {
    /// Of the customers of a slice, those below rank `known`; sums are of all.
    fn of(lives: &Lives, known: usize, top: usize) -> Self {
        let (base, scenario) = (&lives.base, &lives.scenario);
        let mut found = Self { margin_difference: lives.margin_difference, ..Self::default() };
        for (place, rank) in lives.ranks.clone().enumerate() {
            let last = [base.last(place), scenario.last(place)];
            found.profit[0] += base.profit[place];
            found.profit[1] += scenario.profit[place];
            found.last[0] += last[0];
            found.last[1] += last[1];
            if rank >= known || last[0] == last[1] {
                continue;
            }
            found.affected += 1;
            for (turned, is_turn) in found.turns.iter_mut().zip(TURNS) {
                if is_turn(last[0], last[1]) {
                    let avoidable_difference = lives.avoidable_difference(place);
                    turned.customers += 1;
                    turned.top.push(Turning { rank, base: last[0], scenario: last[1], avoidable_difference });
                }
            }
        }
        found.turns.iter_mut().for_each(|turned| turned.keep(top));
        found
    }
}

impl Turned {
    /// Keeps the first by the size of their difference, ties by key.
    fn keep(&mut self, top: usize) {
        let order = |turning: &Turning| (Reverse((turning.scenario - turning.base).abs()), turning.rank);
        self.top.sort_unstable_by_key(order);
        self.top.truncate(top);
    }
}

impl AddAssign for Found {
    fn add_assign(&mut self, other: Self) {
        let sums = [&mut self.profit, &mut self.last].into_iter();
        for (sums, more) in sums.zip([other.profit, other.last]) {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        self.margin_difference += other.margin_difference;
        self.affected += other.affected;
        for (turned, more) in self.turns.iter_mut().zip(other.turns) {
            turned.customers += more.customers;
            turned.top.extend(more.top);
        }
    }
}
