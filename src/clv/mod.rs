//! Lifetime value: models of when customers buy and how long they stay, on what a purchase brings.
//! Knows nothing of how facts and costs were made.
//!
//! `models` holds the models, one file each, which know neither tables nor money scales. Around them, in the order
//! data flows: what single customers did (`past`), counted (`census`, `lives`), fitted (`fits`, `spend`), held
//! against holdouts (`backtest`), chosen from (`choice`), used to value everybody (`valuation`, `equity`) and told
//! (`account`, `tables`).

pub mod models;
pub mod schema;

mod segments;
mod dates;
mod slices;
mod money;
mod past;
mod lives;
mod census;
mod left_censoring;
mod outlook;
mod spend;
mod fits;
mod naive;
mod errors;
mod tracking;
mod backtest;
mod choice;
mod valuation;
mod equity;
mod alive;
mod formulas;
mod discrete;
mod account;
mod manifest;
mod tables;
mod stage;

pub use choice::Earlier;
pub use money::nearest;
pub use stage::{Summary, run};
