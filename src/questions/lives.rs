//! Customers' profit over life by two costings of the same facts.
//!
//! Cost of higher levels that is spread and unused capacity charged lie below customer profit; customers are compared
//! by the last line of the waterfall that the run has.

use super::recalled::Recalled;
use super::response::Response;
use crate::facts::schema::CustomerFacts;
use crate::pipeline::Line;
use crate::profitability::schema::posts;
use crate::units::{Decimal, pow10, round_ratio};
use std::ops::{AddAssign, Range};

/// The lives of the customers of a slice.
pub(super) struct Lives {
    pub(super) ranks: Range<usize>,
    /// By the release's own costing.
    pub(super) base: Side,
    /// By the scenario's.
    pub(super) scenario: Side,
    /// What winning these customers cost, by the customers source.
    pub(super) acquisition: i128,
    /// Whether the customer bought anything, by place in the slice.
    pub(super) has_bought: Vec<bool>,
    /// Fees in the scenario, by place in the slice.
    pub(super) fees: Vec<i128>,
    /// Scenario − base in avoidable cost and gross margin, in units of `avoidable_scale` more digits than money.
    pub(super) avoidable: Vec<i128>,
    avoidable_scale: u8,
}

/// Customers by one of the costings.
pub(super) struct Side {
    /// Customer profit by place in the slice.
    pub(super) profit: Vec<i128>,
    /// The last line of the waterfall, likewise; empty where customer profit is the last.
    loaded: Vec<i128>,
    /// Of all of them.
    pub(super) margin: Margin,
}

/// Gross margin: net revenue + fees − product cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Margin {
    pub(super) net_revenue: i128,
    pub(super) fees: i128,
    pub(super) product_cost: i128,
}

impl Margin {
    pub(super) fn gross(self) -> i128 {
        self.net_revenue + self.fees - self.product_cost
    }
}

impl AddAssign for Margin {
    fn add_assign(&mut self, other: Self) {
        self.net_revenue += other.net_revenue;
        self.fees += other.fees;
        self.product_cost += other.product_cost;
    }
}

impl Side {
    fn new(customers: usize, is_loaded: bool) -> Self {
        let loaded = vec![0; if is_loaded { customers } else { 0 }];
        Self { profit: vec![0; customers], loaded, margin: Margin::default() }
    }

    /// The last line of the waterfall.
    pub(super) fn last(&self, place: usize) -> i128 {
        self.loaded.get(place).copied().unwrap_or(self.profit[place])
    }

    pub(super) fn add(&mut self, place: usize, amount: i128) {
        self.profit[place] += amount;
        self.load(place, amount);
    }

    /// Adds below customer profit.
    pub(super) fn load(&mut self, place: usize, amount: i128) {
        if let Some(loaded) = self.loaded.get_mut(place) {
            *loaded += amount;
        }
    }
}

impl Lives {
    pub(super) fn new(ranks: Range<usize>, is_loaded: bool, avoidable_scale: u8) -> Self {
        let customers = ranks.len();
        Self {
            ranks,
            base: Side::new(customers, is_loaded),
            scenario: Side::new(customers, is_loaded),
            acquisition: 0,
            has_bought: vec![false; customers],
            fees: vec![0; customers],
            avoidable: vec![0; customers],
            avoidable_scale,
        }
    }

    /// Of no customers.
    pub(super) fn empty(is_loaded: bool) -> Self {
        Self::new(0..0, is_loaded, 0)
    }

    /// What the customer's profit differs by when only avoidable cost counts, rounded once.
    pub(super) fn avoidable_difference(&self, place: usize) -> i128 {
        round_ratio(self.avoidable[place], pow10(self.avoidable_scale))
    }

    /// Whether anything of the customer differs.
    pub(super) fn differs(&self, place: usize) -> bool {
        let (base, scenario) = (&self.base, &self.scenario);
        base.profit[place] != scenario.profit[place] || base.last(place) != scenario.last(place)
    }

    /// Adds the margins of a period.
    pub(super) fn add_margins(
        &mut self,
        facts: &CustomerFacts,
        response: Option<&Response>,
        rows: Range<usize>,
        prices: Decimal,
    ) {
        let priced = |amount: i64| round_ratio(i128::from(amount) * prices.mantissa, pow10(prices.scale));
        for row in rows {
            let place = facts.ranks[row] as usize - self.ranks.start;
            let (list, discount, returns) =
                (facts.list_revenue[row], facts.discount[row], facts.returns[row]);
            let product_cost = i128::from(facts.product_cost[row]);
            let net_revenue = i128::from(list) - i128::from(discount) - i128::from(returns);
            let base = Margin { net_revenue, fees: 0, product_cost };
            let net_revenue = priced(list) - priced(discount) - priced(returns);
            let mut scenario = Margin { net_revenue, fees: 0, product_cost };
            if let Some(response) = response {
                scenario.net_revenue += i128::from(response.net_revenue[row]);
                scenario.fees += i128::from(response.fees[row]);
                scenario.product_cost += i128::from(response.product_cost[row]);
            }
            for (side, margin) in [(&mut self.base, base), (&mut self.scenario, scenario)] {
                side.add(place, margin.gross());
                side.margin += margin;
            }
            self.has_bought[place] |= facts.lines[row] > 0;
            self.fees[place] += scenario.fees;
            self.avoidable[place] += (scenario.gross() - base.gross()) * pow10(self.avoidable_scale);
        }
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
