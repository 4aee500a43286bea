//! The facts of a run, read one period at a time.

use super::schema::{AggregateColumn, CustomerFacts, CustomerMaster, Customers, FactPeriod, ProductFacts};
use crate::error::Result;
use crate::units::Day;

/// The facts of a run.
#[derive(Debug, Clone)]
pub struct FactSet {
    /// All customers.
    pub customers: Customers,
    /// Product groups by name.
    pub groups: Vec<String>,
    /// Periods, ascending.
    pub periods: Vec<FactPeriod>,
    /// Aggregate columns of the customer facts.
    pub aggregates: Vec<AggregateColumn>,
    /// Exclusive end of the history.
    pub as_of: Day,
    /// Master data.
    pub master: Option<CustomerMaster>,
    /// Digits of money.
    pub money_scale: u8,
    /// Digits of units.
    pub volume_scale: u8,
    /// Per period.
    pub(crate) memory: Vec<(CustomerFacts, ProductFacts)>,
    /// By rank.
    pub(crate) orders: Vec<i64>,
}

impl FactSet {
    /// One period's customers.
    #[allow(clippy::missing_errors_doc, reason = "stands in for the facts room")]
    pub fn customer_facts(&self, period: usize) -> Result<CustomerFacts> {
        Ok(self.memory[period].0.clone())
    }

    /// One period's customers × product groups.
    #[allow(clippy::missing_errors_doc, reason = "stands in for the facts room")]
    pub fn product_facts(&self, period: usize) -> Result<ProductFacts> {
        Ok(self.memory[period].1.clone())
    }

    /// Distinct orders over life.
    #[allow(clippy::missing_errors_doc, reason = "stands in for the facts room")]
    pub fn lifetime_orders(&self) -> Result<Vec<i64>> {
        Ok(self.orders.clone())
    }

    /// Sum of each aggregate column over one period's customers.
    #[allow(clippy::missing_errors_doc, reason = "stands in for the facts room")]
    pub fn aggregate_totals(&self, period: usize) -> Result<Vec<i128>> {
        let facts = self.customer_facts(period)?;
        Ok(facts.aggregates.iter().map(|column| column.iter().map(|&value| i128::from(value)).sum()).collect())
    }

    /// Content address of one period's customer facts, keys included.
    pub fn digest(&self, period: usize) -> String {
        format!("{:?}", self.memory[period].0)
    }
}
