//! Fees on orders: who pays them, and what becomes of the orders of those who rather do something else.
//!
//! A fee is due of orders with a sale line in the period and net revenue above 0 and below its limit. An order reacts as
//! the fee with the lowest limit above it says: a share of it is lost, merged with others, or raised to that limit, and the
//! rest stays. What stays or is raised pays every fee whose limit still lies above it. Each amount is rounded once per order
//! and fee, each volume of a raised order once per order.

use super::super::recalled::Recalled;
use super::selection::{InPeriod, Selection};
use super::tally::{ResponseKind, Tally};
use super::{OpenResponse, add, too_many};
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::OrderFacts;
use crate::pipeline::{FeeDef, Function, ScenarioDef};
use crate::units::{pow10, round_ratio};
use std::ops::Range;

/// The fees of a scenario.
pub(super) struct Tariff {
    /// By limit, ascending; those without one are last.
    fees: Vec<Fee>,
    /// Digits of shares of orders.
    pub(super) digits: u8,
    /// (Column among all aggregates, what of it changes with an order), by aggregate of orders.
    aggregates: Vec<(usize, OfOrder)>,
}

/// How an aggregate follows an order that is not lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OfOrder {
    /// Counts orders: goes when the order is merged.
    Orders,
    /// Counts lines: stays.
    Lines,
    /// Adds up values of lines: grows with the revenue of a raised order.
    Sum,
}

/// A fee at the run's digits.
struct Fee {
    /// Its place in the scenario.
    number: usize,
    name: String,
    limit: Option<i64>,
    /// Money, times 10^`share_digits`.
    amount: i128,
    share: i128,
    share_digits: u8,
    /// Of 10^digits.
    lost: i128,
    merged: i128,
    raised: i128,
    selection: Selection,
}

impl Tariff {
    /// The fees of a scenario.
    ///
    /// # Errors
    /// A value that no order or customer has.
    pub(super) fn of(recalled: &Recalled<'_>, scenario: &ScenarioDef) -> Result<Self> {
        let shares = scenario.fees.iter().flat_map(|fee| [fee.lost, fee.merged, fee.raised]);
        let digits = shares.map(|share| share.normalised().scale).max().unwrap_or(0);
        let fees = scenario.fees.iter().enumerate();
        let mut fees =
            fees.map(|(number, fee)| Fee::of(recalled, number, fee, digits)).collect::<Result<Vec<_>>>()?;
        fees.sort_by_key(|fee| (fee.limit.is_none(), fee.limit, fee.number));
        let facts = recalled.facts;
        let of_order = |index: &usize| match &facts.aggregates[*index].aggregate.function {
            Function::CountDistinct(_) => (*index, OfOrder::Orders),
            Function::CountRows | Function::Count(_) => (*index, OfOrder::Lines),
            Function::Sum(_) | Function::Money(_) => (*index, OfOrder::Sum),
        };
        Ok(Self { fees, digits, aggregates: facts.order_aggregates.iter().map(of_order).collect() })
    }

    /// By fee in the order written, without orders.
    pub(super) fn tallies(&self) -> Vec<Tally> {
        let mut fees: Vec<&Fee> = self.fees.iter().collect();
        fees.sort_by_key(|fee| fee.number);
        fees.into_iter().map(|fee| Tally::of(ResponseKind::Fee, &fee.name)).collect()
    }

    /// Charges the orders of a period.
    ///
    /// # Errors
    /// Kept state that cannot be read, a number beyond 18 digits.
    pub(super) fn charge(
        &self,
        facts: &FactSet,
        period: usize,
        ranks: &Range<usize>,
        making: &mut OpenResponse<'_>,
    ) -> Result<()> {
        if self.fees.is_empty() {
            return Ok(());
        }
        let orders = facts.order_facts(period, ranks.clone(), false)?;
        let selected = self.fees.iter().map(|fee| fee.selection.in_period(facts, period));
        let selected = selected.collect::<Result<Vec<_>>>()?;
        let mut row = 0;
        for order in 0..orders.ranks.len() {
            row = making.row_of(orders.ranks[order], row);
            if orders.lines[order] > 0 && orders.net_revenue[order] > 0 {
                self.charge_order(&orders, order, &selected, row, making)?;
            }
        }
        Ok(())
    }

    fn charge_order(
        &self,
        orders: &OrderFacts,
        order: usize,
        selected: &[InPeriod<'_>],
        row: usize,
        making: &mut OpenResponse<'_>,
    ) -> Result<()> {
        let (net_revenue, rank) = (orders.net_revenue[order], orders.ranks[order]);
        let fees =
            || self.fees.iter().zip(selected).filter(|(_, selected)| selected.has_order(orders, order));
        let Some((first, _)) = fees().find(|(fee, _)| fee.is_due(net_revenue)) else { return Ok(()) };
        let unit = pow10(self.digits);
        let stays = unit - first.lost - first.merged - first.raised;
        for (fee, _) in fees().filter(|(fee, _)| fee.is_due(net_revenue)) {
            let (tally, customers) = &mut making.found[fee.number];
            tally.orders += 1;
            tally.net_revenue += i128::from(net_revenue);
            if customers.last() != Some(&rank) {
                customers.push(rank);
            }
            let raised = first.limit.filter(|limit| fee.is_due(*limit)).map(|limit| (first.raised, limit));
            let paying = [Some((stays, net_revenue)), raised].into_iter().flatten();
            let (mut orders, mut paid) = (0, 0);
            for (weight, revenue) in paying.filter(|_| fee.asks()) {
                orders += weight;
                paid += weight * (fee.amount + fee.share * i128::from(revenue));
            }
            let income = round_ratio(paid, unit * pow10(fee.share_digits));
            tally.paying += orders;
            tally.fee_income += income;
            add(&mut making.fees[row], income)?;
        }
        self.react(first, orders, order, row, making)
    }

    /// What becomes of an order by the fee that it reacts to.
    fn react(
        &self,
        fee: &Fee,
        orders: &OrderFacts,
        order: usize,
        row: usize,
        making: &mut OpenResponse<'_>,
    ) -> Result<()> {
        let unit = pow10(self.digits);
        let (revenue, cost) = (i128::from(orders.net_revenue[order]), i128::from(orders.product_cost[order]));
        // An order without limit to raise it to has no share that is raised.
        let gap = fee.limit.map_or(0, |limit| i128::from(limit) - revenue);
        let raised = |amount: i128, whole: i128| {
            let product = fee.raised.checked_mul(amount)?.checked_mul(gap)?;
            Some(round_ratio(product, whole.checked_mul(revenue)?))
        };
        let revenue_lost = -round_ratio(fee.lost * revenue, unit);
        let revenue_raised = round_ratio(fee.raised * gap, unit);
        let cost_raised = raised(cost, unit).ok_or_else(too_many)?;
        let cost_changed = cost_raised - round_ratio(fee.lost * cost, unit);
        let (tally, _) = &mut making.found[fee.number];
        tally.lost += fee.lost;
        tally.merged += fee.merged;
        tally.raised += fee.raised;
        tally.net_revenue_lost += revenue_lost;
        tally.net_revenue_raised += revenue_raised;
        tally.product_cost += cost_changed;
        add(&mut making.net_revenue[row], revenue_lost + revenue_raised)?;
        add(&mut making.product_cost[row], cost_changed)?;
        for ((column, kind), of_orders) in self.aggregates.iter().zip(&orders.aggregates) {
            let volume = i128::from(of_orders[order]);
            let change = match kind {
                OfOrder::Lines => 0,
                OfOrder::Orders => -fee.merged * volume,
                OfOrder::Sum => raised(volume, 1).ok_or_else(too_many)?,
            };
            add(&mut making.aggregates[*column][row], change - fee.lost * volume)?;
        }
        Ok(())
    }
}

impl Fee {
    fn of(recalled: &Recalled<'_>, number: usize, fee: &FeeDef, digits: u8) -> Result<Self> {
        let scale = recalled.facts.money_scale;
        let share = fee.share.normalised();
        let part = |of: crate::units::Decimal| of.at_scale(digits).ok_or_else(too_many);
        let money = |of: crate::units::Decimal| of.at_scale(scale).ok_or_else(too_many);
        let limit = fee
            .below
            .map(|below| money(below).and_then(|limit| i64::try_from(limit).map_err(|_| too_many())));
        Ok(Self {
            number,
            name: fee.name.clone(),
            limit: limit.transpose()?,
            amount: money(fee.amount)?.checked_mul(pow10(share.scale)).ok_or_else(too_many)?,
            share: share.mantissa,
            share_digits: share.scale,
            lost: part(fee.lost)?,
            merged: part(fee.merged)?,
            raised: part(fee.raised)?,
            selection: Selection::of(recalled, &fee.only)?,
        })
    }

    /// Whether an order of this net revenue is below its limit.
    fn is_due(&self, net_revenue: i64) -> bool {
        self.limit.is_none_or(|limit| net_revenue < limit)
    }

    /// Whether it asks money: a minimum order value does not.
    fn asks(&self) -> bool {
        self.amount != 0 || self.share != 0
    }
}
