//! One customer's margin waterfall, in 128 bits: the same steps as the published columns, for any span of periods.

use crate::costing::schema::Activity;
use crate::facts::schema::CustomerFacts;
use crate::profitability::schema::{CostLine, Lines, posts};

/// What a customer brought and bears, added up over periods.
#[derive(Debug, Clone, Default)]
pub(super) struct Books {
    pub(super) list_revenue: i128,
    pub(super) discount: i128,
    pub(super) returns: i128,
    pub(super) product_cost: i128,
    /// By activity.
    pub(super) costs: Vec<i128>,
    /// Of master data, beside activities of that line.
    pub(super) acquisition: i128,
    pub(super) unused_charged: i128,
}

impl Books {
    pub(super) fn new(activities: usize) -> Self {
        Self { costs: vec![0; activities], ..Self::default() }
    }

    /// What the facts say of one row; costs stay 0.
    pub(super) fn of(facts: &CustomerFacts, row: Option<usize>, activities: usize) -> Self {
        let value = |column: &[i64]| row.map_or(0, |row| i128::from(column[row]));
        Self {
            list_revenue: value(&facts.list_revenue),
            discount: value(&facts.discount),
            returns: value(&facts.returns),
            product_cost: value(&facts.product_cost),
            ..Self::new(activities)
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.list_revenue += other.list_revenue;
        self.discount += other.discount;
        self.returns += other.returns;
        self.product_cost += other.product_cost;
        self.costs.iter_mut().zip(&other.costs).for_each(|(sum, cost)| *sum += cost);
        self.acquisition += other.acquisition;
        self.unused_charged += other.unused_charged;
    }

    pub(super) fn net_revenue(&self) -> i128 {
        self.list_revenue - self.discount - self.returns
    }

    pub(super) fn gross_margin(&self) -> i128 {
        self.net_revenue() - self.product_cost
    }

    /// What the activities of a line cost, acquisition cost of master data and unused capacity with theirs.
    fn line(&self, activities: &[Activity], line: CostLine) -> i128 {
        let of = |activity: &Activity| activity.line.map(CostLine::of) == Some(line);
        let costs = activities.iter().zip(&self.costs).filter(|(activity, _)| of(activity));
        let beside = match line {
            CostLine::Acquisition => self.acquisition,
            CostLine::UnusedCharged => self.unused_charged,
            _ => 0,
        };
        costs.map(|(_, cost)| cost).sum::<i128>() + beside
    }

    fn less(&self, from: i128, activities: &[Activity], lines: &[CostLine]) -> i128 {
        from - lines.iter().map(|line| self.line(activities, *line)).sum::<i128>()
    }

    pub(super) fn contribution(&self, activities: &[Activity]) -> i128 {
        self.less(self.gross_margin(), activities, &[CostLine::PriceConcession, CostLine::CostToServe])
    }

    pub(super) fn profit(&self, activities: &[Activity]) -> i128 {
        let lines = [
            CostLine::CustomerLevel,
            CostLine::Financing,
            CostLine::ExchangeDifference,
            CostLine::Acquisition,
        ];
        self.less(self.contribution(activities), activities, &lines)
    }

    /// The steps by name, each a published column; optional lines where the run has them.
    pub(super) fn steps(&self, activities: &[Activity], lines: Lines) -> Vec<(String, i128)> {
        let bearing = activities.iter().zip(&self.costs).filter(|(activity, _)| posts(activity));
        let costs = bearing.map(|(activity, cost)| (format!("cost_{}", activity.column), *cost));
        let line = |line: CostLine| lines.has(line).then(|| (line.column(), self.line(activities, line)));
        let profit = self.profit(activities);
        let below = [CostLine::Spread, CostLine::UnusedCharged];
        let loaded = below.iter().any(|line| lines.has(*line));
        let margin = [
            ("list_revenue", self.list_revenue),
            ("discount", self.discount),
            ("returns", self.returns),
            ("net_revenue", self.net_revenue()),
            ("product_cost", self.product_cost),
            ("gross_margin", self.gross_margin()),
        ];
        let after = [
            line(CostLine::PriceConcession),
            line(CostLine::CostToServe),
            Some(("contribution", self.contribution(activities))),
            line(CostLine::CustomerLevel),
            line(CostLine::Financing),
            line(CostLine::ExchangeDifference),
            line(CostLine::Acquisition),
            Some(("customer_profit", profit)),
            line(CostLine::Spread),
            line(CostLine::UnusedCharged),
            loaded.then(|| ("fully_loaded_profit", self.less(profit, activities, &below))),
        ];
        let named = |(name, amount): (&str, i128)| (name.to_string(), amount);
        margin.into_iter().map(named).chain(costs).chain(after.into_iter().flatten().map(named)).collect()
    }
}
