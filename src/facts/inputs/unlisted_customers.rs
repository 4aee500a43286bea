//! Referential integrity of the customers source: customers with rows whom it does not list.

use super::raw_master::RawMaster;
use crate::error::{Error, Result};
use crate::facts::schema::{Customers, Keys};
use crate::pipeline::Definition;

/// How many keys of either side a message shows.
const SHOWN: usize = 3;

/// Customers of the transactions and events whom the customers source does not list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnlistedCustomers {
    customers: u64,
    /// All customers with a row.
    of: u64,
    /// The first of those not listed, and of those listed without a row, by key.
    first: [Vec<String>; 2],
    /// Rows of the customers source that were quarantined, and why the first was.
    refused: Option<(u64, String)>,
}

impl UnlistedCustomers {
    /// Compares both sides; `have_rows` tells by rank who has a row. None if all are listed.
    ///
    /// # Errors
    /// What `have_rows` returns.
    pub(crate) fn of(
        customers: &Customers,
        master: &RawMaster,
        have_rows: impl FnOnce() -> Result<Vec<bool>>,
    ) -> Result<Option<Self>> {
        if master.keys.are(&customers.keys) {
            return Ok(None);
        }
        let mut is_listed = vec![false; customers.keys.len()];
        master.keys.ranks(customers).into_iter().for_each(|rank| is_listed[rank as usize] = true);
        let mut unlisted =
            Self { customers: 0, of: 0, first: [Vec::new(), Vec::new()], refused: master.refused() };
        for (rank, (is_listed, has_rows)) in is_listed.into_iter().zip(have_rows()?).enumerate() {
            unlisted.of += u64::from(has_rows);
            unlisted.customers += u64::from(has_rows && !is_listed);
            let side = match (has_rows, is_listed) {
                (true, false) => 0,
                (false, true) => 1,
                _ => continue,
            };
            if unlisted.first[side].len() < SHOWN {
                unlisted.first[side].push(key_text(&customers.keys, rank));
            }
        }
        Ok((unlisted.customers > 0).then_some(unlisted))
    }

    /// Warns of customers who are not listed.
    ///
    /// # Errors
    /// If none is listed: the keys of both sides mean something else.
    pub(crate) fn warning(&self, definition: &Definition) -> Result<String> {
        let def = definition.facts.customers.as_ref().expect("a master has its section");
        let (pattern, place) = (&def.files.pattern, definition.place(def.customer.at));
        let [missing, idle] = self.first.each_ref().map(|keys| keys.join(", "));
        let Self { customers, of, .. } = self;
        let refused = self
            .refused
            .as_ref()
            .map(|(rows, reason)| format!("; {rows} of its rows are refused, the first for {reason}"));
        let refused = refused.unwrap_or_default();
        if customers == of {
            let none = format!(
                "{place}: none of the {of} customers of the transactions and events is listed in '{pattern}'"
            );
            return Err(Error::check(match (&self.refused, idle.as_str()) {
                (Some((rows, reason)), "") => format!(
                    "{none}: it has {rows} rows, and all of them are refused, the first for {reason}; mend them, or the \
                     expressions of [facts.customers]"
                ),
                (_, "") => format!("{none}: it has no rows; deliver them, or remove [facts.customers]"),
                (_, idle) => format!(
                    "{none}: they are {missing} and so on, it lists {idle}{refused}; write 'customer' so that both have the \
                     same keys"
                ),
            }));
        }
        let idle = if idle.is_empty() { idle } else { format!("; it lists, without a row, {idle}") };
        Ok(format!(
            "customers: {customers} of {of} customers of the transactions and events are not listed in '{pattern}', the \
             first {missing}{idle}{refused}; they have no attributes and no acquisition cost; list them, or write 'customer' in \
             [facts.customers] so that both have the same keys"
        ))
    }
}

fn key_text(keys: &Keys, rank: usize) -> String {
    match keys {
        Keys::Int(keys) => keys[rank].to_string(),
        Keys::Text(keys) => format!("'{}'", keys.value(rank)),
    }
}
