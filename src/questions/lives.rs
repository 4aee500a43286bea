//! Every customer's profit over life by two costings of the same facts.
//!
//! Cost of higher levels that is spread and unused capacity charged lie below customer profit; customers are compared
//! by the last line of the waterfall that the run has.

use super::posting::Posting;
use super::recalled::Recalled;
use crate::error::Result;
use crate::facts::schema::CustomerFacts;
use crate::pipeline::Line;
use crate::profitability::schema::Acquisition;
use crate::profitability::schema::Values;
use crate::profitability::schema::{CostLine, Lines, posts};
use crate::units::{Decimal, Period, pow10, round_ratio};
use rayon::prelude::*;

/// Profits by rank, and gross margins of all.
pub(super) struct Lives {
    /// By the release's own costing.
    pub(super) base: Side,
    /// By the scenario's.
    pub(super) scenario: Side,
    /// Whether the run has lines below customer profit.
    pub(super) is_loaded: bool,
    /// Scenario − base in avoidable cost and gross margin, in units of `avoidable_scale` more digits than money.
    avoidable: Vec<i128>,
    avoidable_scale: u8,
}

/// Customers by one of the costings.
pub(super) struct Side {
    /// Customer profit by rank.
    pub(super) profit: Vec<i128>,
    /// The last line by rank; empty where customer profit is the last.
    loaded: Vec<i128>,
    /// Gross margin of all.
    pub(super) margin: i128,
}

impl Side {
    fn new(customers: usize, is_loaded: bool) -> Self {
        Self { profit: vec![0; customers], loaded: vec![0; if is_loaded { customers } else { 0 }], margin: 0 }
    }

    /// The last line of the waterfall.
    pub(super) fn last(&self, rank: usize) -> i128 {
        self.loaded.get(rank).copied().unwrap_or(self.profit[rank])
    }

    /// The last line of all together.
    pub(super) fn last_total(&self) -> i128 {
        let last = if self.loaded.is_empty() { &self.profit } else { &self.loaded };
        last.iter().sum()
    }

    fn add(&mut self, rank: usize, amount: i128) {
        self.profit[rank] += amount;
        self.load(rank, amount);
    }

    /// Adds below customer profit.
    fn load(&mut self, rank: usize, amount: i128) {
        if let Some(loaded) = self.loaded.get_mut(rank) {
            *loaded += amount;
        }
    }
}

/// What every row bears of an activity: before, in the scenario where that differs, and of unused capacity in both.
struct Borne {
    activity: usize,
    before: Vec<i64>,
    after: Option<Vec<i64>>,
    unused: [Option<Vec<i64>>; 2],
}

impl Lives {
    /// Adds up both costings over all periods; prices are list revenue, discount and returns times `prices`.
    ///
    /// # Errors
    /// A volume or cost beyond 18 digits, unreadable state.
    pub(super) fn compare(base: &Recalled<'_>, scenario: &Recalled<'_>, prices: Decimal) -> Result<Self> {
        let customers = base.facts.customers.len();
        let lines = Lines::new(&base.costing.activities, base.is_unused_charged());
        let is_loaded = lines.has(CostLine::Spread) || lines.has(CostLine::UnusedCharged);
        let shares = base.costing.activities.iter().map(|activity| activity.avoidable.scale);
        let mut lives = Self {
            base: Side::new(customers, is_loaded),
            scenario: Side::new(customers, is_loaded),
            is_loaded,
            avoidable: vec![0; customers],
            avoidable_scale: shares.max().unwrap_or(0),
        };
        for period in 0..base.costing.periods.len() {
            let mut facts = base.facts.customer_facts(period, ..)?;
            let aggregates: Vec<Values> =
                std::mem::take(&mut facts.aggregates).into_iter().map(Values::from).collect();
            lives.add_margins(&facts, prices);
            lives.add_costs(base, scenario, period, &facts.ranks, &aggregates)?;
        }
        lives.add_acquisition(base);
        Ok(lives)
    }

    /// What the customer's profit differs by when only avoidable cost counts, rounded once.
    pub(super) fn avoidable_difference(&self, rank: usize) -> i128 {
        round_ratio(self.avoidable[rank], pow10(self.avoidable_scale))
    }

    fn add_margins(&mut self, facts: &CustomerFacts, prices: Decimal) {
        let priced = |amount: i64| round_ratio(i128::from(amount) * prices.mantissa, pow10(prices.scale));
        for (row, rank) in facts.ranks.iter().enumerate() {
            let rank = *rank as usize;
            let (list, discount, returns) =
                (facts.list_revenue[row], facts.discount[row], facts.returns[row]);
            let cost = i128::from(facts.product_cost[row]);
            let base = i128::from(list) - i128::from(discount) - i128::from(returns) - cost;
            let scenario = priced(list) - priced(discount) - priced(returns) - cost;
            for (side, margin) in [(&mut self.base, base), (&mut self.scenario, scenario)] {
                side.add(rank, margin);
                side.margin += margin;
            }
            self.avoidable[rank] += (scenario - base) * pow10(self.avoidable_scale);
        }
    }

    fn add_costs(
        &mut self,
        base: &Recalled<'_>,
        scenario: &Recalled<'_>,
        period: usize,
        ranks: &[u32],
        aggregates: &[Values],
    ) -> Result<()> {
        let posting = |recalled, activity| Posting::new(recalled, period, activity, aggregates, ranks.len());
        let both = |activity: usize| {
            let (before, after) = (posting(base, activity)?, posting(scenario, activity)?);
            let differs = !is_same(base, scenario, period, activity);
            Ok(Borne {
                activity,
                before: before.costs()?,
                after: differs.then(|| after.costs()).transpose()?,
                unused: [before.unused()?, after.unused()?],
            })
        };
        let bearing: Vec<usize> = bearing(base).collect();
        for found in bearing.into_par_iter().map(both).collect::<Vec<Result<_>>>() {
            let found = found?;
            match is_spread(base, found.activity) {
                true => self.spread(&found, ranks),
                false => self.bear(&found, ranks, base.costing.activities[found.activity].avoidable),
            }
            for (side, unused) in [&mut self.base, &mut self.scenario].into_iter().zip(&found.unused) {
                let parts = ranks.iter().zip(unused.iter().flatten());
                parts.for_each(|(rank, part)| side.load(*rank as usize, -i128::from(*part)));
            }
        }
        Ok(())
    }

    /// Takes cost from customer profit and from what can be avoided.
    fn bear(&mut self, found: &Borne, ranks: &[u32], share: Decimal) {
        let share = share.at_scale(self.avoidable_scale).expect("the largest scale holds every share");
        for (rank, before, after) in found.rows(ranks) {
            self.base.add(rank, -before);
            self.scenario.add(rank, -after);
            self.avoidable[rank] -= (after - before) * share;
        }
    }

    /// Takes cost of a higher level, which no customer can avoid, from the last line.
    fn spread(&mut self, found: &Borne, ranks: &[u32]) {
        for (rank, before, after) in found.rows(ranks) {
            self.base.load(rank, -before);
            self.scenario.load(rank, -after);
        }
    }

    /// What winning customers cost is spent in both.
    fn add_acquisition(&mut self, recalled: &Recalled<'_>) {
        let periods: Vec<Period> = recalled.facts.periods.iter().map(|period| period.period).collect();
        let placed = Acquisition::place(recalled.facts.master.as_ref(), &periods, recalled.facts.as_of);
        for (rank, cost) in placed.of_lives() {
            self.base.add(rank as usize, -i128::from(cost));
            self.scenario.add(rank as usize, -i128::from(cost));
        }
    }
}

impl Borne {
    /// Rank, cost before, and cost in the scenario.
    fn rows(&self, ranks: &[u32]) -> impl Iterator<Item = (usize, i128, i128)> {
        let after = self.after.as_ref().unwrap_or(&self.before);
        let rows = ranks.iter().zip(&self.before).zip(after);
        rows.map(|((rank, before), after)| (*rank as usize, i128::from(*before), i128::from(*after)))
    }
}

/// Activities that customers bear cost of, by index.
pub(super) fn bearing<'r>(recalled: &Recalled<'r>) -> impl Iterator<Item = usize> + use<'r> {
    let activities = recalled.costing.activities.iter().enumerate();
    activities.filter(|(_, activity)| posts(activity)).map(|(index, _)| index)
}

/// Whether the activity's cost lies below customer profit.
pub(super) fn is_spread(recalled: &Recalled<'_>, activity: usize) -> bool {
    recalled.costing.activities[activity].line == Some(Line::Spread)
}

/// Whether both costings charge all customers alike.
fn is_same(base: &Recalled<'_>, scenario: &Recalled<'_>, period: usize, activity: usize) -> bool {
    let side = |recalled: &Recalled<'_>| {
        let costed = &recalled.costing.periods[period].activities[activity];
        let driver = recalled.costing.activities[activity].driver_of(costed).cloned();
        (costed.rate, driver)
    };
    side(base) == side(scenario)
}
