//! Every customer's profit over life by two costings of the same facts.

use super::super::acquisition::Acquisition;
use super::super::columns::Values;
use super::posting::Posting;
use super::recalled::Recalled;
use crate::error::Result;
use crate::facts::schema::CustomerFacts;
use crate::pipeline::Line;
use crate::units::{Decimal, Period, pow10, round_ratio};
use rayon::prelude::*;

/// Profits by rank, and what activities cost together.
pub(super) struct Lives {
    /// By the release's own costing.
    pub(super) base: Vec<i128>,
    /// By the scenario's.
    pub(super) scenario: Vec<i128>,
    /// Scenario − base in avoidable cost and gross margin, in units of `avoidable_scale` more digits than money.
    avoidable: Vec<i128>,
    avoidable_scale: u8,
    /// Gross margin of all by the release.
    pub(super) base_margin: i128,
    /// Gross margin of all in the scenario.
    pub(super) scenario_margin: i128,
}

impl Lives {
    /// Adds up both costings over all periods; prices are list revenue, discount and returns times `prices`.
    ///
    /// # Errors
    /// A volume or cost beyond 18 digits, unreadable state.
    pub(super) fn compare(base: &Recalled<'_>, scenario: &Recalled<'_>, prices: Decimal) -> Result<Self> {
        let zeros = || vec![0; base.facts.customers.len()];
        let shares = base.costing.activities.iter().map(|activity| activity.avoidable.scale);
        let mut lives = Self {
            base: zeros(),
            scenario: zeros(),
            avoidable: zeros(),
            avoidable_scale: shares.max().unwrap_or(0),
            base_margin: 0,
            scenario_margin: 0,
        };
        for period in 0..base.costing.periods.len() {
            let mut facts = base.facts.customer_facts(period)?;
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
            self.base[rank] += base;
            self.scenario[rank] += scenario;
            self.avoidable[rank] += (scenario - base) * pow10(self.avoidable_scale);
            self.base_margin += base;
            self.scenario_margin += scenario;
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
        let costs = |recalled: &Recalled<'_>, activity: usize| {
            Posting::new(recalled, period, activity, aggregates, ranks.len())?.costs()
        };
        let both = |activity: usize| {
            let before = costs(base, activity)?;
            let after = match is_same(base, scenario, period, activity) {
                true => None,
                false => Some(costs(scenario, activity)?),
            };
            Ok((activity, before, after))
        };
        let bearing: Vec<usize> = bearing(base).collect();
        for found in bearing.into_par_iter().map(both).collect::<Vec<Result<_>>>() {
            let (activity, before, after) = found?;
            let share = base.costing.activities[activity].avoidable;
            let share = share.at_scale(self.avoidable_scale).expect("the largest scale holds every share");
            for (row, rank) in ranks.iter().enumerate() {
                let (rank, before) = (*rank as usize, i128::from(before[row]));
                let after = after.as_ref().map_or(before, |after| i128::from(after[row]));
                self.base[rank] -= before;
                self.scenario[rank] -= after;
                self.avoidable[rank] -= (after - before) * share;
            }
        }
        Ok(())
    }

    /// What winning customers cost is spent in both.
    fn add_acquisition(&mut self, recalled: &Recalled<'_>) {
        let periods: Vec<Period> = recalled.facts.periods.iter().map(|period| period.period).collect();
        let placed = Acquisition::place(recalled.facts.master.as_ref(), &periods, recalled.facts.as_of);
        for (rank, cost) in placed.by_period.iter().flatten().chain(&placed.opening) {
            self.base[*rank as usize] -= i128::from(*cost);
            self.scenario[*rank as usize] -= i128::from(*cost);
        }
    }
}

/// Activities above customer profit, by index.
pub(super) fn bearing<'r>(recalled: &Recalled<'r>) -> impl Iterator<Item = usize> + use<'r> {
    let activities = recalled.costing.activities.iter().enumerate();
    let above = activities.filter(|(_, activity)| activity.line.is_some_and(|line| line != Line::Spread));
    above.map(|(index, _)| index)
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
