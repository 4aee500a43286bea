//! abacus tells a company what each customer is worth, and why.

pub mod costing;
pub mod error;
pub mod facts;
pub mod pipeline;
pub mod profitability;
pub mod publish;
pub mod units;
