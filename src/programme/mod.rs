//! A loyalty programme: points as liability and cost, and members against customers who were alike and did not join.
//!
//! In the order data flows: rows of the source (`movement`), replayed customer by customer, first in, first out (`account`), counted
//! by period and by period of earning (`tally`), expected to be redeemed (`redemption`), deferred and released (`cohort`,
//! `ledger`), written customer by customer (`writing`). Members meet other customers in cells (`cell`, `occurrence`), in two
//! walks (`matching`), and are compared with them (`matched_effect`). Knows nothing of how costs were made.

mod account;
mod cell;
mod cohort;
mod ledger;
mod matched_effect;
mod matching;
mod movement;
mod occurrence;
mod redemption;
mod stage;
mod tables;
mod tally;
mod writing;

pub use movement::{Points, check, read};
pub use stage::{Summary, run};
