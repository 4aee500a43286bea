//! Contracts and subscriptions: how many are renewed, how long they last, and what they are still going to bring. Their ends are
//! seen, so nothing here follows from purchases. Knows nothing of how costs were made.
//!
//! In the order data flows: rows of the source (`rows`), contracts made of them (`contract`), counted by term and plan (`tally`,
//! `movement`), fitted (`law`, `fit`), chosen from on a holdout and kept from release to release (`backtest`, `choice`, `earlier`), valued one by one (`valuation`, `writing`).

mod backtest;
mod choice;
mod contract;
mod earlier;
mod fit;
mod law;
mod movement;
mod rows;
mod stage;
mod tables;
mod tally;
mod valuation;
mod writing;

pub use earlier::{Chosen, Earlier};
pub use rows::{Contracts, check, read};
pub use stage::{Summary, run};
