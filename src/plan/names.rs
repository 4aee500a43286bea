//! What rows of a plan may name.

use crate::facts::schema::LedgerSums;
use crate::pipeline::{Amount, CostingDef, ResourceDef, did_you_mean};
use std::collections::BTreeSet;

/// Resources and activities of a pipeline, and accounts of its ledgers.
pub(super) struct Names<'d> {
    pub(super) resources: &'d [ResourceDef],
    /// With whether it has a driver.
    pub(super) activities: Vec<(&'d str, bool)>,
    /// Accounts of ledgers that no resource claims.
    unclaimed: BTreeSet<&'d str>,
}

impl<'d> Names<'d> {
    pub(super) fn of(costing: &'d CostingDef, ledgers: &'d [LedgerSums]) -> Self {
        let accounts = ledgers.iter().filter(|ledger| !ledger.holds_quantities);
        let accounts = accounts.flat_map(|ledger| ledger.sums.keys()).map(|(account, _)| account.as_str());
        let is_claimed = |account: &&str| costing.resources.iter().any(|resource| claims(resource, account));
        let activities = costing.activities.iter();
        let activities = activities.map(|activity| (activity.name.as_str(), activity.driver.is_some()));
        Self {
            resources: &costing.resources,
            activities: activities.collect(),
            unclaimed: accounts.filter(|account| !is_claimed(account)).collect(),
        }
    }

    /// A resource by its name, or by an account that it alone claims; none: the account of a ledger that nobody claims.
    pub(super) fn resource(&self, name: &str) -> Result<Option<usize>, String> {
        let places = || 0..self.resources.len();
        if let Some(index) = places().find(|index| self.resources[*index].name == name) {
            return Ok(Some(index));
        }
        let claiming: Vec<usize> = places().filter(|index| claims(&self.resources[*index], name)).collect();
        match claiming[..] {
            [only] => Ok(Some(only)),
            [] if self.unclaimed.contains(name) => Ok(None),
            [] => {
                let known = self.resources.iter().map(|resource| resource.name.as_str());
                Err(unknown("resource, nor an account of a ledger", name, known))
            }
            _ => Err(format!("account '{name}' is claimed by several resources; name the resource")),
        }
    }

    /// # Errors
    /// An activity that the pipeline does not have, in words.
    pub(super) fn activity(&self, name: &str) -> Result<usize, String> {
        let found = self.activities.iter().position(|(known, _)| *known == name);
        match found {
            Some(index) => Ok(index),
            None => Err(unknown("activity", name, self.activities.iter().map(|(name, _)| *name))),
        }
    }
}

/// Whether a resource is fed by this account.
fn claims(resource: &ResourceDef, account: &str) -> bool {
    match &resource.amount {
        Amount::Ledger(ledger) => ledger.accounts.iter().any(|claimed| claimed == account),
        _ => false,
    }
}

/// A name that is nobody's, in words.
pub(super) fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str> + Clone) -> String {
    let all = || {
        format!("known are {}", known.clone().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "))
    };
    format!("'{name}' is no {what}; {}", did_you_mean(name, known.clone(), all))
}
