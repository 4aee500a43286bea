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
    /// Gross margin of all.
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
    /// `input`, `imputed`, `overdriven`, `assigned`, `retained`, `unused`, `unassigned` or `variance`.
    pub line: &'static str,
    /// Its amounts.
    #[serde(flatten)]
    pub amount: Difference,
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
