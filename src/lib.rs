//! abacus tells a company what each customer is worth, and why.

pub mod error;
pub mod facts;
pub mod pipeline;
pub mod publish;
pub mod synth;
pub mod units;
