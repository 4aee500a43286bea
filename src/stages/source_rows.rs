//! Rows of sources that later stages look at one by one.

use crate::{contracts, counted_histories, effects, hierarchy, perception, programme};

/// Rows of sources beside the transactions and events, which later stages look at one by one.
pub(super) struct SourceRows {
    pub(super) asked: perception::Asked,
    pub(super) contacts: effects::Contacts,
    pub(super) contracts: contracts::Contracts,
    pub(super) points: programme::Points,
    pub(super) counted: counted_histories::CountedHistories,
    pub(super) shared: hierarchy::SharedCustomers,
}
