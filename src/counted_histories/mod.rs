//! Histories of purchases at discrete opportunities that come counted, as donors' files do: the model BG/BB fitted to them, and what
//! customers with each history are expected to do. Such rows name no customer of the facts.
//!
//! In the order data flows: rows of the source (`rows`), fitted and looked ahead (`forecast`), published (`tables`).

mod forecast;
mod rows;
mod stage;
mod tables;

pub use rows::{CountedHistories, check, read};
pub use stage::{Summary, run};
