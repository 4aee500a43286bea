//! One run of the facts: which periods are kept, which row groups are read by whom, and when a period has all its rows.

pub(super) mod check;
pub(super) mod gather;
pub(super) mod handover;
pub(super) mod inbox;
pub(super) mod options;
pub(super) mod period_in_making;
pub(super) mod probe;
pub(super) mod reach;
pub(super) mod read;
pub(super) mod rules;
pub(super) mod schedule;
pub(super) mod spilled;
pub(super) mod stray;
pub(super) mod worker;
