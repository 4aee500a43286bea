//! Which respondents are clustered and held out: drawn by a hash of their keys.

use crate::customers::key_share::{KeyShare, key_hash};
use crate::facts::schema::Customers;
use crate::pipeline::NeedsDef;
use crate::profitability::schema::key_text;

/// The draws of a definition.
pub(super) struct Draws {
    salt: String,
    held_out: KeyShare,
}

impl Draws {
    pub(super) fn new(def: &NeedsDef) -> Self {
        // Another salt than that of control groups, so that both are independent.
        Self { salt: format!("needs {}", def.seed), held_out: KeyShare::new(def.holdout) }
    }

    /// The hash by which the sample is drawn.
    pub(super) fn of_sample(&self, customers: &Customers, rank: u32) -> u64 {
        key_hash(&self.salt, &key_text(customers, rank))[0]
    }

    pub(super) fn is_held_out(&self, customers: &Customers, rank: u32) -> bool {
        self.held_out.has(key_hash(&self.salt, &key_text(customers, rank))[1])
    }
}
