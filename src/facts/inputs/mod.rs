//! The sources of a run: their files found, opened, described and bound to the pipeline file's expressions.
//!
//! It knows files, columns and roles; what order lines add up to is for the kernel.

pub(super) mod absent;
pub(super) mod aggregates;
pub(super) mod attribute_column;
pub(super) mod bind_master;
pub(super) mod bind_sources;
pub(super) mod binder;
pub(super) mod constant;
pub(super) mod contain;
pub(super) mod declared_measures;
pub(super) mod digests;
pub(super) mod exchange_rates;
pub(super) mod file_kind;
pub(super) mod file_outcome;
pub(super) mod find;
pub(super) mod findings;
pub(super) mod footer;
pub(super) mod hive;
pub(super) mod identity;
pub(super) mod input;
pub(super) mod input_file;
pub(super) mod intern;
pub(super) mod key_text;
pub(super) mod ledger;
pub(super) mod master;
pub(super) mod numbers;
pub(super) mod pages;
pub(super) mod products;
pub(super) mod quarantined_row;
pub(super) mod raw_master;
pub(super) mod reading;
pub(super) mod row_in_group;
pub(super) mod row_source;
pub(super) mod source;
pub(super) mod source_columns;
pub(super) mod source_files;
pub(super) mod source_view;
pub(super) mod statistics;
pub(super) mod task;
mod thrift;
pub(super) mod trial_files;
pub(super) mod unify;
pub(super) mod unlisted_customers;
