//! The sources of a run: their files found, opened, described and bound to the pipeline file's expressions.
//!
//! It knows files, columns and roles; what order lines add up to is for the kernel.

pub(super) mod absent;
pub(super) mod aggregates;
pub(super) mod binder;
pub(super) mod constant;
pub(super) mod contain;
pub(super) mod file_kind;
pub(super) mod file_outcome;
pub(super) mod find;
pub(super) mod footer;
pub(super) mod hive;
pub(super) mod input;
pub(super) mod intern;
pub(super) mod ledger;
pub(super) mod master;
pub(super) mod pages;
pub(super) mod products;
pub(super) mod raw_master;
pub(super) mod reading;
pub(super) mod rows;
pub(super) mod source;
pub(super) mod source_view;
pub(super) mod statistics;
pub(super) mod unify;
pub(super) mod unlisted_customers;
