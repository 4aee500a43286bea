//! Lifetime value: models of when customers buy and how long they stay, on what a purchase brings.
//! Knows nothing of how facts and costs were made.
//!
//! `models` holds the models, one file each, which know neither tables nor money scales. Around them, in the order
//! data flows: what single customers did (`past`), counted (`census`, `lives`; by `covariates` apart), timed by clocks of seasons and of `contextual_factors`
//! (`season`, `timing`), fitted (`fits`, `spend`, `pooling`), held against holdouts (`backtest`), chosen from (`timing_choice`,
//! `choice`), used to value everybody (`valuation`, `equity`) and published (`account`, `tables`).

pub mod models;
pub mod schema;

mod account;
mod advice;
mod alive;
mod backtest;
mod candidate;
mod census;
mod choice;
mod contextual_factors;
mod covariates;
mod dates;
mod discrete;
mod effects;
mod equity;
mod errors;
mod factor_advice;
mod fits;
mod formulas;
mod histories;
mod holdout;
mod left_censoring;
mod lives;
mod manifest;
mod money;
mod naive;
mod outlook;
mod past;
mod period_forecast;
mod pile;
mod pooling;
mod repeaters;
mod season;
mod segments;
mod spend;
mod stage;
mod tables;
mod timing;
mod timing_choice;
mod timing_kind;
mod tracking;
mod valuation;
mod whole_periods;

pub use alive::Alive;
pub use choice::Earlier;
pub use contextual_factors::check;
pub use money::nearest;
pub use stage::{Summary, run};
