//! Budget against actual: what was planned, the flexible budget, and why actual differs, as variances that add up.
//!
//! A plan goes through the cost network as actual money does, so that planned driver rates follow from planned money,
//! capacity and volumes. Variances are those of flexible budgets (Horngren, Datar & Rajan, *Cost Accounting*, chapters 7, 8
//! and 14) and of capacity (Cooper & Kaplan, "Activity-Based Systems: Measuring the Costs of Resource Usage", 1992; Kaplan &
//! Anderson, *Time-Driven Activity-Based Costing*, 2007). Of an item with planned rate r and volume q:
//!
//! - volume: (actual q − planned q) · r, which leads from the plan to the flexible budget;
//! - efficiency: (minutes worked − standard minutes of what was done) · r, where minutes worked are known;
//! - capacity: (actual − planned unused minutes) · r;
//! - rate, or spending: what is left, (actual r − planned r) · the actual quantity.
//!
//! Boundaries are rounded once, and variances are differences of them, so that they add up to actual − plan to the last digit.
//! It knows costing's results and published product groups, and no customer.

mod activities;
mod columns;
mod coming;
mod names;
mod of_scenario;
mod planned;
mod resources;
mod result;
mod sales;
mod stage;
mod variances;

pub use columns::check;
pub use coming::{PlannedVolumes, volumes};
pub use stage::{Summary, run};
