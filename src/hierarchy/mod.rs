//! Hierarchies of customers: accounts, parents, households or payers as groups of customers, with the measures, ranks, classes,
//! whale curve, pyramid and lifetime value of each level. What a shared customer brings is divided by shares, so that every level
//! adds up to the customers. Reads published tables, and knows nothing of how their numbers were made.

mod customer_reader;
mod divided;
mod gathered;
mod group_period;
mod group_sums;
mod group_table;
mod level;
mod level_tables;
mod measures;
mod member_table;
mod nesting;
mod period_table;
pub(crate) mod schema;
mod shared;
mod stage;
mod tiers;

pub use shared::{SharedCustomers, check, read};
pub use stage::{Summary, run};
