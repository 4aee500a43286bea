//! Margin waterfall, customer × product, whale curve. Knows neither lifecycle nor lifetime value.
//!
//! Identities of every customer row, exact: net_revenue = list_revenue − discount − returns;
//! gross_margin = net_revenue − product_cost; contribution = gross_margin − price_concessions − cost_to_serve;
//! customer_profit = contribution − customer_level_cost − financing_cost − acquisition_cost;
//! fully_loaded_profit = customer_profit − spread_cost − unused_charged.

mod acquired_rows;
mod acquisition;
mod activity_table;
mod behaviour;
mod bought_before;
mod bridge;
mod bridge_sums;
mod bridge_walk;
mod bridges;
mod channels;
mod classes;
mod columns;
mod comparing;
mod comparison;
mod cost_columns;
mod customer_bridge;
mod customer_change;
mod customer_order;
mod customer_price;
mod customer_span;
mod customer_totals;
mod effects;
mod group_books;
mod hierarchy;
mod history;
mod lifetime;
mod lines;
mod lives;
mod matrix_walk;
mod members;
mod order_bands;
mod order_costs;
mod order_profile;
mod period_rows;
mod periods;
mod posted;
mod price_band;
mod price_lines;
mod price_waterfall;
mod product;
mod product_cost;
mod product_groups;
mod product_tables;
mod published_change;
mod recipe;
mod reconciliation;
pub mod schema;
mod sold;
mod stage;
mod starts;
mod statement;
#[cfg(test)]
mod statement_tests;
mod stay;
mod step;
mod table_context;
mod tables;
#[cfg(test)]
mod tests;
mod unbought;
mod waterfall;
mod whale;

pub(crate) use channels::Channels;
pub use lines::charged_to_profit;
pub use members::check_channels;
pub use stage::{Summary, run};
pub(crate) use tables::attribute_column;
pub use unbought::Unbought;
