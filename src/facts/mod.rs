//! Scan, column contracts, quarantine, one-pass aggregation, state runs. Knows no later room.

pub mod expr;
mod fact_set;
mod ledger;
pub mod schema;

pub use fact_set::FactSet;
pub use ledger::read_ledgers;
