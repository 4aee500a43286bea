//! Sums of what is published of customers.

use super::columns::total;
use super::lines::CostLine;
use super::waterfall::Measures;
use std::ops::AddAssign;

/// Sums over the customers of one period, or over all lives.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CustomerTotals {
    pub(crate) list_revenue: i128,
    pub(crate) discount: i128,
    pub(crate) returns: i128,
    pub(crate) net_revenue: i128,
    pub(crate) product_cost: i128,
    lines: [i128; CostLine::ALL.len()],
    /// Of the acquisition cost, what the customers source says; no pool holds it.
    pub(crate) imputed_acquisition: i128,
    pub(crate) customer_profit: i128,
    /// Present where the waterfall goes on below customer profit.
    pub(crate) fully_loaded_profit: Option<i128>,
}

impl AddAssign for CustomerTotals {
    fn add_assign(&mut self, other: Self) {
        self.list_revenue += other.list_revenue;
        self.discount += other.discount;
        self.returns += other.returns;
        self.net_revenue += other.net_revenue;
        self.product_cost += other.product_cost;
        self.lines.iter_mut().zip(other.lines).for_each(|(sum, line)| *sum += line);
        self.imputed_acquisition += other.imputed_acquisition;
        self.customer_profit += other.customer_profit;
        self.fully_loaded_profit = match (self.fully_loaded_profit, other.fully_loaded_profit) {
            (Some(sum), Some(profit)) => Some(sum + profit),
            (sum, profit) => sum.or(profit),
        };
    }
}

impl CustomerTotals {
    pub(crate) fn of(measures: &Measures, imputed_acquisition: i128) -> Self {
        let (worth, behaviour) = (&measures.worth, &measures.behaviour);
        Self {
            list_revenue: total(&behaviour.list_revenue),
            discount: total(&behaviour.discount),
            returns: total(&behaviour.returns),
            net_revenue: total(&worth.net_revenue),
            product_cost: total(&measures.behaviour.product_cost),
            lines: CostLine::ALL.map(|line| worth.lines.get(line).map_or(0, |costs| total(costs))),
            imputed_acquisition,
            customer_profit: total(&worth.customer_profit),
            fully_loaded_profit: worth.fully_loaded_profit.as_ref().map(|profit| total(profit)),
        }
    }

    /// Gross margin − price concessions − cost to serve.
    pub(crate) fn contribution(&self) -> i128 {
        let costs = [CostLine::PriceConcession, CostLine::CostToServe].map(|line| self.assigned(line));
        self.net_revenue - self.product_cost - costs.iter().sum::<i128>()
    }

    /// What activities charged on a line.
    pub(crate) fn assigned(&self, line: CostLine) -> i128 {
        match line {
            CostLine::Acquisition => self.lines[line as usize] - self.imputed_acquisition,
            _ => self.lines[line as usize],
        }
    }

    /// What activities charged in all.
    pub(crate) fn assigned_total(&self) -> i128 {
        CostLine::ALL.into_iter().map(|line| self.assigned(line)).sum()
    }

    /// What is left of customers after all that is charged to them.
    pub(crate) fn last_step(&self) -> i128 {
        self.fully_loaded_profit.unwrap_or(self.customer_profit)
    }
}
