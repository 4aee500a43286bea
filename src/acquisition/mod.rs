//! Acquisition: what winning customers cost and brought, by channel and period in which they came, when that is paid back,
//! and what newcomers are worth by what is known of them when they come. Knows nothing of how costs and residual values
//! were made.

mod cell_sums;
mod cohort;
mod credibility;
mod door_model;
mod entry;
mod expected_payback;
mod forecast;
mod gathering;
mod newcomer_tables;
mod observation;
mod payback;
mod residual;
mod stage;
mod tables;

pub use stage::{Summary, run};
