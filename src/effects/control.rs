//! The control group: customers held out from every treatment, by a hash of their key.

use crate::customers::key_share::{KeyShare, key_hash};
use crate::facts::schema::Customers;
use crate::pipeline::ControlDef;
use crate::profitability::schema::key_text;

/// Who is held out.
#[derive(Debug, Clone, Copy)]
pub(super) struct ControlGroup {
    seed: u32,
    share: KeyShare,
}

impl ControlGroup {
    pub(super) fn new(def: &ControlDef) -> Self {
        Self { seed: def.seed, share: KeyShare::new(def.share) }
    }

    pub(super) fn holds(&self, customers: &Customers, rank: u32) -> bool {
        let [hash, _] = key_hash(&self.seed.to_string(), &key_text(customers, rank));
        self.share.has(hash)
    }
}
