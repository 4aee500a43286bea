//! Prices of product groups and of customers, with the quantity that they move.
//!
//! Quantity follows by point elasticity: it is multiplied by 1 + elasticity × (factor − 1). Net revenue, the cost of goods and what
//! activities of level `unit` count change in each cell of customer × product group, each amount rounded once; orders stay. A cell
//! follows the first price that is about it.

use super::super::recalled::Recalled;
use super::selection::Selection;
use super::tally::{ResponseKind, Tally};
use super::{OpenResponse, add, cell_revenue, part, too_many};
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::{PriceDef, ScenarioDef};
use crate::units::{Decimal, pow10};
use std::ops::Range;

/// The price changes of a scenario, in the order written.
pub(super) struct Prices {
    prices: Vec<Price>,
    /// Digits of quantities.
    pub(super) digits: u8,
}

struct Price {
    name: String,
    /// By code of the product group; none: all.
    groups: Option<Vec<bool>>,
    selection: Selection,
    /// What of net revenue is added.
    revenue: Decimal,
    /// What of quantity is added.
    quantity: Decimal,
}

impl Prices {
    /// Those of a scenario.
    ///
    /// # Errors
    /// A product group or a value that nothing has.
    pub(super) fn of(recalled: &Recalled<'_>, scenario: &ScenarioDef) -> Result<Self> {
        let prices = scenario.price_changes.iter().map(|price| Price::of(recalled, price));
        let prices = prices.collect::<Result<Vec<_>>>()?;
        let digits = prices.iter().map(|price| price.quantity.scale).max().unwrap_or(0);
        Ok(Self { prices, digits })
    }

    pub(super) fn tallies(&self) -> impl Iterator<Item = Tally> {
        self.prices.iter().map(|price| Tally::of(ResponseKind::Price, &price.name))
    }

    /// Changes the cells of a period.
    ///
    /// # Errors
    /// Kept state that cannot be read, a number beyond 18 digits.
    pub(super) fn change(
        &self,
        facts: &FactSet,
        period: usize,
        ranks: &Range<usize>,
        making: &mut OpenResponse<'_>,
    ) -> Result<()> {
        if self.prices.is_empty() {
            return Ok(());
        }
        let cells = facts.product_facts(period, ranks.clone())?;
        let mut row = 0;
        for cell in 0..cells.ranks.len() {
            let (rank, group) = (cells.ranks[cell], cells.groups[cell]);
            let mut prices = self.prices.iter().enumerate();
            let Some((number, price)) = prices.find(|(_, price)| price.is_about(rank, group)) else {
                continue;
            };
            row = making.row_of(rank, row);
            let (revenue, cost) = (cell_revenue(&cells, cell), i128::from(cells.product_cost[cell]));
            let changed = part(revenue, price.revenue)?;
            let by_quantity = part(revenue, price.quantity)?;
            let cost_changed = part(cost, price.quantity)?;
            let (tally, customers) = &mut making.found[number];
            customers.push(rank);
            tally.net_revenue += revenue;
            match price.quantity.mantissa < 0 {
                true => tally.net_revenue_lost += by_quantity,
                false => tally.net_revenue_raised += by_quantity,
            }
            tally.net_revenue_by_price += changed - by_quantity;
            tally.product_cost += cost_changed;
            add(&mut making.net_revenue[row], changed)?;
            add(&mut making.product_cost[row], cost_changed)?;
            let quantity = price.quantity.at_scale(making.digits).ok_or_else(too_many)?;
            for (column, of_cells) in facts.line_aggregates.iter().zip(&cells.aggregates) {
                add(&mut making.aggregates[*column][row], i128::from(of_cells[cell]) * quantity)?;
            }
        }
        Ok(())
    }
}

impl Price {
    fn of(recalled: &Recalled<'_>, price: &PriceDef) -> Result<Self> {
        let more = |number: Decimal| Decimal { mantissa: number.mantissa - pow10(number.scale), ..number };
        let quantity = price.quantity().ok_or_else(too_many)?;
        let revenue = quantity.mantissa.checked_mul(price.factor.mantissa).ok_or_else(too_many)?;
        let revenue = Decimal { mantissa: revenue, scale: quantity.scale + price.factor.scale };
        Ok(Self {
            name: price.name.clone(),
            groups: super::groups(recalled, &price.product_groups, price.at)?,
            selection: Selection::of(recalled, &price.only)?,
            revenue: more(revenue),
            quantity: more(quantity),
        })
    }

    fn is_about(&self, rank: u32, group: u32) -> bool {
        self.groups.as_ref().is_none_or(|groups| groups[group as usize]) && self.selection.has_customer(rank)
    }
}
