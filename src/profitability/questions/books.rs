//! One customer's margin waterfall, in 128 bits: the same steps as the published columns, for any span of periods.

use crate::costing::schema::{Activity, Costing};
use crate::facts::schema::CustomerFacts;
use crate::pipeline::{CostingDef, Line, UnusedCapacity};

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

    fn line(&self, activities: &[Activity], line: Line) -> i128 {
        let costs = activities.iter().zip(&self.costs).filter(|(activity, _)| activity.line == Some(line));
        costs.map(|(_, cost)| cost).sum()
    }

    pub(super) fn contribution(&self, activities: &[Activity]) -> i128 {
        let above = [Line::PriceConcession, Line::CostToServe];
        self.gross_margin() - above.iter().map(|line| self.line(activities, *line)).sum::<i128>()
    }

    /// The steps by name, each a published column; optional ones where the pipeline declares them.
    pub(super) fn steps(&self, activities: &[Activity], declared: Declared) -> Vec<(String, i128)> {
        let line = |line| self.line(activities, line);
        let contribution = self.contribution(activities);
        let acquisition = line(Line::Acquisition) + self.acquisition;
        let profit = contribution - line(Line::CustomerLevel) - line(Line::Financing) - acquisition;
        let bearing = activities.iter().zip(&self.costs).filter(|(activity, _)| activity.line.is_some());
        let costs = bearing.map(|(activity, cost)| (format!("cost_{}", activity.column), true, *cost));
        let fixed = |steps: &[(&str, bool, i128)]| {
            let named = steps.iter().map(|(name, is_shown, amount)| (name.to_string(), *is_shown, *amount));
            named.collect::<Vec<_>>()
        };
        let margin = fixed(&[
            ("list_revenue", true, self.list_revenue),
            ("discount", true, self.discount),
            ("returns", true, self.returns),
            ("net_revenue", true, self.net_revenue()),
            ("product_cost", true, self.product_cost),
            ("gross_margin", true, self.gross_margin()),
        ]);
        let lines = fixed(&[
            ("price_concessions", declared.concessions, line(Line::PriceConcession)),
            ("cost_to_serve", true, line(Line::CostToServe)),
            ("contribution", true, contribution),
            ("customer_level_cost", true, line(Line::CustomerLevel)),
            ("financing_cost", declared.financing, line(Line::Financing)),
            ("acquisition_cost", true, acquisition),
            ("customer_profit", true, profit),
            ("spread_cost", declared.spread, line(Line::Spread)),
            ("unused_charged", declared.unused, self.unused_charged),
            (
                "fully_loaded_profit",
                declared.spread || declared.unused,
                profit - line(Line::Spread) - self.unused_charged,
            ),
        ]);
        let steps = margin.into_iter().chain(costs).chain(lines).filter(|(_, is_shown, _)| *is_shown);
        steps.map(|(name, _, amount)| (name, amount)).collect()
    }
}

/// Which optional lines of the waterfall a pipeline has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared {
    concessions: bool,
    financing: bool,
    spread: bool,
    unused: bool,
}

impl Declared {
    pub(super) fn new(definition: Option<&CostingDef>, costing: &Costing) -> Self {
        let has = |line| costing.activities.iter().any(|activity| activity.line == Some(line));
        let resources = definition.map_or(&[][..], |costing| &costing.resources);
        let mut capacities = resources.iter().filter_map(|resource| resource.capacity.as_ref());
        Self {
            concessions: has(Line::PriceConcession),
            financing: has(Line::Financing),
            spread: has(Line::Spread),
            unused: capacities.any(|capacity| capacity.unused == UnusedCapacity::Proportional),
        }
    }
}
