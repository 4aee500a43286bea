//! Customers' profit over life by two costings of the same facts.
//!
//! Cost of higher levels that is spread and unused capacity charged lie below customer profit; customers are compared
//! by the last line of the waterfall that the run has.

use super::recalled::Recalled;
use super::response::Response;
use crate::customers::slices::SLICE_CUSTOMERS;
use crate::error::Result;
use crate::facts::schema::CustomerFacts;
use crate::memory::Scratch;
use crate::pipeline::Line;
use crate::profitability::schema::posts;
use crate::units::{Decimal, Fixed18, pow10, round_ratio};
use std::ops::{AddAssign, Range};

/// The lives of the customers of a slice.
pub(super) struct Lives {
    pub(super) ranks: Range<usize>,
    /// By the release's own costing.
    pub(super) base: Side,
    /// By the scenario's: what it was, and the differences.
    pub(super) scenario: Side,
    /// Scenario − base, of all of them.
    pub(super) margin_difference: Margin,
    /// Fees in the scenario, by place in the slice.
    pub(super) fees: Vec<i128>,
    /// Scenario − base in avoidable cost and gross margin, in units of `avoidable_scale` more digits than money.
    pub(super) avoidable: Vec<i128>,
    avoidable_scale: u8,
}

/// Customers by one of the costings.
#[derive(Debug, Clone, Default)]
pub(super) struct Side {
    /// Customer profit by place in the slice.
    pub(super) profit: Vec<i128>,
    /// The last line of the waterfall, likewise; empty where customer profit is the last.
    pub(super) loaded: Vec<i128>,
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
    pub(super) fn new(customers: usize, is_loaded: bool) -> Self {
        let loaded = vec![0; if is_loaded { customers } else { 0 }];
        Self { profit: vec![0; customers], loaded }
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
    /// Nothing differs yet from what customers have by the release's own costing.
    pub(super) fn new(ranks: Range<usize>, base: Side, avoidable_scale: u8) -> Self {
        let customers = ranks.len();
        Self {
            ranks,
            scenario: base.clone(),
            base,
            margin_difference: Margin::default(),
            fees: vec![0; customers],
            avoidable: vec![0; customers],
            avoidable_scale,
        }
    }

    /// Keeps what a table says of these customers.
    ///
    /// # Errors
    /// Money beyond 18 digits, a full disk.
    pub(super) fn keep(&self, kept: &Scratch) -> Result<()> {
        let avoidable: Vec<i128> =
            (0..self.ranks.len()).map(|place| self.avoidable_difference(place)).collect();
        let (base, scenario) = (&self.base, &self.scenario);
        let columns = [
            checked("base_profit", &base.profit)?,
            checked("base_fully_loaded_profit", &base.loaded)?,
            checked("scenario_profit", &scenario.profit)?,
            checked("scenario_fully_loaded_profit", &scenario.loaded)?,
            checked("fees", &self.fees)?,
            checked("avoidable_difference", &avoidable)?,
        ];
        kept.keep(self.ranks.start / SLICE_CUSTOMERS, columns.iter().map(Vec::as_slice))
    }

    /// What was kept of the customers of a slice; of margins nothing was.
    ///
    /// # Errors
    /// A disk that fails.
    pub(super) fn kept(ranks: Range<usize>, kept: &Scratch) -> Result<Self> {
        let column = |column: usize| -> Result<Vec<i128>> {
            let values = kept.column(ranks.start / SLICE_CUSTOMERS, column)?;
            Ok(values.into_iter().map(i128::from).collect())
        };
        Ok(Self {
            base: Side { profit: column(0)?, loaded: column(1)? },
            scenario: Side { profit: column(2)?, loaded: column(3)? },
            fees: column(4)?,
            avoidable: column(5)?,
            avoidable_scale: 0,
            margin_difference: Margin::default(),
            ranks,
        })
    }

    /// Of no customers.
    pub(super) fn empty() -> Self {
        Self::new(0..0, Side::default(), 0)
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

    /// Adds by how much the margins of a period differ.
    pub(super) fn add_margin_differences(
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
            let net_revenue = i128::from(list) - i128::from(discount) - i128::from(returns);
            let by_price = priced(list) - priced(discount) - priced(returns) - net_revenue;
            let mut difference = Margin { net_revenue: by_price, ..Margin::default() };
            if let Some(response) = response {
                difference.net_revenue += i128::from(response.net_revenue[row]);
                difference.fees = i128::from(response.fees[row]);
                difference.product_cost = i128::from(response.product_cost[row]);
            }
            self.scenario.add(place, difference.gross());
            self.margin_difference += difference;
            self.fees[place] += difference.fees;
            self.avoidable[place] += difference.gross() * pow10(self.avoidable_scale);
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

/// Values of a column of the table of customers.
///
/// # Errors
/// More than 18 digits.
fn checked(name: &str, values: &[i128]) -> Result<Vec<i64>> {
    let checked =
        |value: &i128| Ok(Fixed18::checked(*value, format_args!("whatif: a value of '{name}'"))?.get());
    values.iter().map(checked).collect()
}
