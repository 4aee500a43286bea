//! The published tables, one file each.

mod backtest;
pub(super) mod contract;
pub(super) mod customer_contract;
mod model;
mod movement;
mod renewal;
mod summary;

pub(super) use backtest::contract_backtest;
pub(super) use model::contract_model;
pub(super) use movement::contract_movement;
pub(super) use renewal::contract_renewal;
pub(super) use summary::contract_summary;

use super::choice::Group;
use super::earlier::name_of;
use super::rows::Contracts;
use crate::pipeline::Horizon;
use crate::publish::{ALL_CUSTOMERS, Draft, TableFormat};

/// What all tables share.
#[derive(Clone, Copy)]
pub(super) struct TableContext<'r> {
    pub(super) format: TableFormat<'r>,
    pub(super) contracts: &'r Contracts,
    /// Those of `[clv]`.
    pub(super) horizons: &'r [Horizon],
}

impl<'r> TableContext<'r> {
    /// Term and plan.
    fn add_group<R>(self, draft: &mut Draft<'r, R>, of: impl Fn(&'r R) -> &'r Group) {
        let meaning = "Months from one renewal to the next: contracts are counted, forecast and summed by it";
        draft.count("term_months", "months", meaning, |row| of(row).term_months);
        let meaning = "Plan that contracts began with; (none): without one, all: all contracts of the term";
        draft.name("plan", meaning, |row| of(row).plan.map_or(ALL_CUSTOMERS, |plan| self.plan(plan)));
    }

    /// The name of a plan.
    fn plan(self, plan: u32) -> &'r str {
        match &self.contracts.plans {
            None => ALL_CUSTOMERS,
            Some(_) => name_of(self.contracts, plan),
        }
    }
}
