//! Scan, column contracts, quarantine, one-pass aggregation, state runs. Knows no later room.

pub mod expr;
pub mod schema;
