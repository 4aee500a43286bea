//! A rolling forecast of driver volumes and of the capacity that they need: after each run, the periods that come after the
//! last complete one.
//!
//! Activity-based budgeting runs costing backwards, from volumes to minutes to steps of capacity (Kaplan and Cooper, *Cost &
//! Effect*, 1998, chapter 15); a rolling forecast says which volumes. Four methods of time-series forecasting compete for each
//! volume, and the one that was nearest in the last periods, forecast from what was known before them, is taken. It knows
//! costing's results, and no customer.

mod activities;
mod backtest;
mod method;
mod outlook;
mod resources;
mod stage;
mod theta;

pub use stage::{Summary, run};
