//! abacus tells a company what each customer is worth, and why.
//!
//! The flow is in [`stages`]; the modules stand in the order data passes through them.

pub mod error;
mod terminal;
pub mod units;

pub mod math;

pub mod memory;

pub mod storage;

mod lake;

pub mod pipeline;

pub mod facts;

pub mod draft;

mod customers;

pub mod costing;

pub mod profitability;

pub mod clv;

pub mod contracts;

pub mod counted_histories;

pub mod lifecycle;

pub mod effects;

pub mod programme;

pub mod acquisition;

pub mod hierarchy;

pub mod plan;

pub mod forecast;

pub mod segments;

pub mod perception;

pub mod needs;

pub mod star;

pub mod publish;

pub mod published;

pub mod expect;

pub mod report;

pub mod synth;

pub mod run;

pub mod recall;

pub mod questions;

pub mod restatement;

pub mod figures;

pub mod stages;

pub mod lineage;

pub mod cli;
