//! Resources → activities → cost objects, exactly. Knows no later room and no disk.
//!
//! Costing sees driver totals only; posting an activity's cost to customers is a pure function of one slice of
//! customers and the tables in [`schema`], which later rooms call with the slice they hold.

mod cost;
mod driver;
mod pools;
mod posting;
mod resources;
pub mod schema;
mod stage;
mod tables;
#[cfg(test)]
mod tests;

pub use cost::{cost, verify};
pub use pools::{Pools, pools};
pub use stage::{check, run, sheets};
