//! The one-pass aggregation: row groups to records, records to rows sorted by customer.
//!
//! All of it works on memory: it opens no file by name, decides nothing about which rows are read, and keeps nothing.

pub(super) mod books;
pub(super) mod cells;
pub(super) mod column;
pub(super) mod context;
pub(super) mod days;
pub(super) mod deduplicate;
pub(super) mod evaluate;
pub(super) mod fates;
pub(super) mod group_set;
pub(super) mod key_ranges;
pub(crate) mod measures;
pub(super) mod mistakes;
pub(super) mod order_texts;
pub(super) mod orders;
pub(super) mod periods;
pub(super) mod plans;
pub(super) mod rated;
pub(super) mod record;
pub(super) mod reduce;
pub(super) mod reduced;
pub(super) mod row_match;
pub(super) mod scan;
pub(super) mod sink;
pub(super) mod sums;
pub(super) mod unlisted_products;
pub(super) mod visits;
