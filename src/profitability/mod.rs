//! Margin waterfall, customer × product, whale curve. Knows neither lifecycle nor lifetime value.
//!
//! Identities of every customer row, exact: net_revenue = list_revenue − discount − returns;
//! gross_margin = net_revenue − product_cost; contribution = gross_margin − cost_to_serve;
//! customer_profit = contribution − customer_level_cost − acquisition_cost.

mod acquisition;
mod classes;
mod columns;
mod lifetime;
mod product;
mod product_tables;
pub mod questions;
mod reconciliation;
mod stage;
mod tables;
#[cfg(test)]
mod tests;
mod waterfall;
mod whale;

pub use stage::{Summary, run};
