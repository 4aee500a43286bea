//! The walk of a what-if: every customer by both costings, of which sums, counts and the customers that gain or lose most
//! are kept, and a table is handed on slice by slice.

use super::lives::{Lives, Margin};
use super::two_costings::{LivesWindow, ReleaseLives, TwoCostings};
use super::whatif_table::WhatIfTable;
use crate::customers::operator::{CustomerSlice, SliceOperator};
use crate::error::Result;
use crate::publish::schema::Sheet;
use std::cmp::Reverse;
use std::ops::{AddAssign, Range};

/// What is computed of every slice.
pub(super) struct WhatIfWalk<'r> {
    pub(super) costings: TwoCostings<'r>,
    pub(super) release: &'r ReleaseLives,
    /// How many customers each list names.
    pub(super) top: usize,
    pub(super) table: WhatIfTable<'r>,
    /// Takes the rows of a slice.
    pub(super) take: &'r (dyn Fn(Sheet) -> Result<()> + Sync),
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
    type Window = LivesWindow;
    type Part = (Found, Sheet);
    type Total = Found;

    fn begin(&self) -> Result<Found> {
        Ok(Found::default())
    }

    fn read(&self, ranks: Range<usize>) -> Result<LivesWindow> {
        self.costings.window(TwoCostings::facts(&self.costings.base, &ranks)?, &ranks)
    }

    fn slice(&self, window: &LivesWindow, customers: &CustomerSlice) -> Result<Self::Part> {
        let base = self.release.side(&customers.ranks)?;
        let lives = self.costings.lives(window, customers.ranks.clone(), base)?;
        let known = self.costings.base.facts.customers.keys.len();
        Ok((Found::of(&lives, known, self.top), self.table.sheet(&lives)?))
    }

    fn take(&self, total: &mut Found, (found, sheet): Self::Part) -> Result<()> {
        *total += found;
        total.turns.iter_mut().for_each(|turned| turned.keep(self.top));
        (self.take)(sheet)
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
