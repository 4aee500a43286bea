//! Scan, column contracts, quarantine, one-pass aggregation, state runs. Knows no later room.
//!
//! The way of a row: `scan` evaluates the pipeline file's expressions over a row group and writes records into key
//! ranges; `reduce` turns a range of one period into rows sorted by customer; `period_run` keeps them; `fact_set`
//! reads them back, period by period.

mod absent;
mod aggregates;
mod binder;
mod cells;
mod column;
mod constant;
mod contain;
mod days;
mod deduplicate;
mod evaluate;
mod fact_set;
mod fates;
mod file_kind;
mod file_outcome;
mod find;
mod footer;
mod gather;
mod hive;
mod input;
mod instants;
mod intern;
mod join;
mod key_ranges;
mod ledger;
mod lifetime_orders;
mod lines;
mod master;
mod mistake_table;
mod mistakes;
mod one_customer;
mod orders;
mod packed;
mod pages;
mod period_run;
mod periods;
mod plans;
mod probe;
mod products;
mod quarantine;
mod raw_master;
mod reading;
mod record;
mod reduce;
mod reduced;
mod rows;
mod rules;
mod scan;
mod schedule;
mod sink;
mod source;
mod source_view;
mod state;
mod state_file;
mod statistics;
mod stray;
mod sums;
mod unify;
mod unlisted_customers;
mod unlisted_products;
mod visits;
mod worker;

pub mod expr;
pub(crate) mod measures;
pub mod schema;

pub use fact_set::FactSet;
pub use gather::{Checked, GatherOptions, ScanPlan, check, gather, plan};
pub use ledger::read_ledgers;
pub use mistake_table::{RowPlace, SourceMistake, refuse_mistakes, sheet as mistake_table};
pub use mistakes::Found;
pub use one_customer::{Acquired, acquisition_of};
pub use quarantine::table as quarantine_table;
pub use rows::{Holds, RowColumn, RowSource, Values, check_rows, evaluate_measures};
pub use source_view::SourceView;
pub use state::{FileAccount, PeriodRuns, Record, RowMatch, StateFile};
