//! The customer base: what every stage after the facts needs of customers in general, whatever it computes about them.
//!
//! A customer is its *rank*, the place of its key among all keys in ascending order. Stages walk through the ranks
//! slice by slice, so that what they hold is as long as a slice and not as the base; `tests/house.rs` holds them to it.
//!
//! This room knows facts and published tables, and no stage.

pub(crate) mod bins;
pub(crate) mod calendar;
pub(crate) mod combinations;
pub(crate) mod days;
pub(crate) mod group_keys;
pub(crate) mod grouped_rows;
pub(crate) mod grouping;
pub(crate) mod history;
pub(crate) mod key_share;
mod keyed_cursor;
pub(crate) mod keyed_rows;
pub(crate) mod membership;
pub(crate) mod operator;
pub(crate) mod order_statistics;
pub(crate) mod outcome;
pub(crate) mod outer_rows;
pub(crate) mod part;
pub(crate) mod ranking;
pub(crate) mod selection;
pub(crate) mod slice_rows;
pub(crate) mod slices;
