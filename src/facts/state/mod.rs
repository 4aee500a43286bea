//! Kept state: runs of a period as immutable files named by their content, and the facts read back from them.

mod evaluated_rows;
pub(super) mod fact_set;
mod gathered_rows;
pub(super) mod grains;
pub(super) mod instants;
pub(super) mod join;
pub(super) mod journal;
pub(super) mod lifetime_orders;
pub(super) mod lines;
pub(super) mod mistake_table;
mod numbering;
pub(super) mod one_customer;
pub(super) mod packed;
pub(super) mod period_run;
pub(super) mod period_writer;
pub(super) mod quarantine;
mod rank_search;
mod ranks;
pub(super) mod read_rows;
pub(super) mod record;
mod row_contract;
pub(super) mod row_trial;
pub(super) mod scan;
pub(super) mod state_file;
pub(super) mod text_order;
