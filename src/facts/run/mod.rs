//! One run of the facts: which periods are kept, which row groups are read by whom, and when a period has all its rows.

pub(super) mod gather;
pub(super) mod probe;
pub(super) mod rules;
pub(super) mod schedule;
pub(super) mod stray;
pub(super) mod worker;
