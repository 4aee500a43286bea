//! What customers perceive: surveys, complaints, referrals, what the offer gives and costs them, and how that meets what
//! they are worth. Reads its own sources through the facts, and what customers are worth from tables of the same run;
//! never knows how those were made.
//!
//! Rows of surveys, complaints, referrals and episodes are held, packed and sorted by customer (`rows.rs`). Customers are
//! walked over slice by slice, and nothing is held for all of them: see `stage.rs`.

mod answers;
mod attribute_value;
mod baseline;
mod both_sides;
mod cell;
mod comparison;
mod competitor_value;
mod complaint_outcome;
mod complaints;
mod customer_perception;
mod cuts;
mod delivered;
mod delivered_table;
mod driver_weight;
mod exchange;
mod gather;
mod history;
mod importance;
mod interviews;
mod lag;
mod measures;
mod penalty_reward;
mod ratings;
mod recommendation;
mod referral;
mod rows;
mod satisfaction;
mod satisfaction_factor;
pub mod schema;
mod sequels;
mod sources;
mod stage;
mod streak;
mod sums;
mod survey_rows;
mod value_exchange;
mod voice;
mod voice_table;
mod weighting;
#[cfg(test)]
mod worked_figures;
mod worth;

pub use sources::{Asked, check, read};
pub use stage::{Summary, run};
pub use voice_table::write_voice;
