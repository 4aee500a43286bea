//! What a what-if answers: a scenario beside the release it asks about.

use super::exact::Exact;
use serde::Serialize;

/// A scenario beside the release it asks about. Amounts are over all periods of the release.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhatIf {
    /// Name of the scenario.
    pub scenario: String,
    /// What it asks.
    pub about: Option<String>,
    /// What the comparison leaves out, if anything.
    pub notes: Vec<String>,
    /// Of every amount.
    pub currency: String,
    /// Customer profit of all, the unidentified cost object among them.
    pub profit: Difference,
    /// Of the profit's difference, what is left when only avoidable cost counts.
    pub avoidable_difference: Exact,
    /// What the company's result changes by: gross margin less the money that feeds resources, of which only that ends
    /// which really does.
    pub result_difference: Exact,
    /// Net revenue of all, without fees of the scenario.
    pub net_revenue: Difference,
    /// Fees of the scenario; none if it has no fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_income: Option<Difference>,
    /// Cost of the goods of all.
    pub product_cost: Difference,
    /// Gross margin of all: net revenue and fees less product cost.
    pub gross_margin: Difference,
    /// What winning customers cost by the customers source, in both; part of the profit.
    pub acquisition_cost: Exact,
    /// Cost of higher levels spread over customers, below customer profit; none if no activity spreads any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread_cost: Option<Difference>,
    /// Unused capacity charged to customers, below customer profit; none if no resource charges any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_charged: Option<Difference>,
    /// Customer profit − spread cost − unused capacity charged; none without either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fully_loaded_profit: Option<Difference>,
    /// What customers bear of each activity, without unused capacity.
    pub activities: Vec<ActivityDifference>,
    /// Where the company's cost went: it closes on both sides.
    pub company: Vec<Line>,
    /// What customers do about each fee, price or drop of the scenario.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub responses: Vec<ResponseOf>,
    /// Customers whose profit, by the last line of the waterfall, differs. So with the lists below.
    pub customers_affected: usize,
    /// Customers without profit before and with one in the scenario.
    pub turn_profitable: Turn,
    /// Customers without loss before and with one in the scenario.
    pub turn_unprofitable: Turn,
    /// Customers who gain, the largest first.
    pub gains: Turn,
    /// Customers who lose, the largest first.
    pub losses: Turn,
}

/// A number before, in the scenario, and by how much they differ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// Of the release.
    pub base: Exact,
    /// Of the scenario.
    pub scenario: Exact,
    /// Scenario − base.
    pub difference: Exact,
}

/// A line of the company's cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// `input`, `imputed`, `overdriven`, `assigned`, `retained`, `unused`, `unassigned`, `variance` or `idle`: what customers
    /// do not take any more, and what stays.
    pub line: &'static str,
    /// Its amounts.
    #[serde(flatten)]
    pub amount: Difference,
}

/// What customers do about one fee, price or drop of a scenario. Numbers of orders are expected values; none where facts do not
/// tell them: prices and product groups are of lines, not of orders.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResponseOf {
    /// `fee`, `price` or `drop`.
    pub kind: &'static str,
    /// What it is called.
    pub name: String,
    /// Customers it is about, without the unidentified cost object.
    pub customers: usize,
    /// Orders it is about: those that a fee is due of, or that are dropped.
    pub orders: Option<Exact>,
    /// Net revenue in the release of what it is about.
    pub base_net_revenue: Exact,
    /// Orders that pay the fee.
    pub orders_paying: Option<Exact>,
    /// Orders lost: of those that fees are due of, each reacts to the one with the lowest limit.
    pub orders_lost: Option<Exact>,
    /// Orders merged with others.
    pub orders_merged: Option<Exact>,
    /// Orders raised to the limit of the fee.
    pub orders_raised: Option<Exact>,
    /// What is paid.
    pub fee_income: Exact,
    /// Net revenue of what is not bought any more, below 0.
    pub net_revenue_lost: Exact,
    /// Net revenue of what is bought more.
    pub net_revenue_raised: Exact,
    /// What other prices bring of what is bought.
    pub net_revenue_by_price: Exact,
    /// Net revenue in the release of what else the customers buy; none but of drops.
    pub other_net_revenue: Option<Exact>,
    /// Its gross margin.
    pub other_gross_margin: Option<Exact>,
    /// What of that net revenue is lost, below 0.
    pub other_net_revenue_lost: Option<Exact>,
    /// By how much the cost of the goods differs.
    pub product_cost_difference: Exact,
    /// Fees, and net revenue less the cost of the goods, as they differ.
    pub gross_margin_difference: Exact,
}

/// What customers bear of one activity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActivityDifference {
    /// Its name.
    pub activity: String,
    /// Line of the waterfall that its cost forms.
    pub line: &'static str,
    /// Cost.
    pub cost: Difference,
    /// Of the difference, the avoidable share.
    pub avoidable_difference: Exact,
    /// Volumes of all customers.
    pub volume: Difference,
    /// A given rate as it is, else cost over volume of all periods; rounded. None without volume.
    pub base_rate: Option<f64>,
    /// The same in the scenario.
    pub scenario_rate: Option<f64>,
}

/// Some customers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Turn {
    /// How many.
    pub customers: usize,
    /// Those with the largest difference.
    pub top: Vec<CustomerDifference>,
}

/// One customer's profit over life, by the last line of the waterfall.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CustomerDifference {
    /// Its key.
    pub customer: String,
    /// Profits.
    #[serde(flatten)]
    pub profit: Difference,
    /// Of the difference, what is left when only avoidable cost counts.
    pub avoidable_difference: Exact,
}
