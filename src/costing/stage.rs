//! The stage: from facts and ledgers to the costing tables.

use super::schema::{Costing, activity_period, balance, cost_flow};
use super::{cost, pools};
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::LedgerSums;
use crate::pipeline::Definition;
use crate::publish::schema::Sheet;
use crate::units::Period;
use rayon::prelude::*;

/// Costs every period of the facts.
///
/// # Errors
/// A wrong ledger account or amount, a number beyond 18 digits, a node that does not close.
pub fn run(definition: &Definition, facts: &FactSet, ledgers: &[LedgerSums]) -> Result<Costing> {
    let periods: Vec<Period> = facts.periods.iter().map(|period| period.period).collect();
    let pools = match &definition.costing {
        Some(costing) => pools(definition, costing, ledgers, &periods)?,
        None => super::Pools::default(),
    };
    let totals = (0..periods.len()).into_par_iter().map(|period| facts.aggregate_totals(period));
    let totals = totals.collect::<Result<Vec<_>>>()?;
    cost(definition, &facts.aggregates, &periods, pools, &totals)
}

/// Checks what resources claim of the ledgers, without facts.
///
/// # Errors
/// An account claimed twice or without any row.
pub fn check(definition: &Definition, ledgers: &[LedgerSums]) -> Result<()> {
    definition.costing.iter().try_for_each(|costing| pools(definition, costing, ledgers, &[]).map(drop))
}

/// The tables costing publishes.
pub fn sheets(costing: &Costing, currency: &str) -> Vec<Sheet> {
    vec![activity_period(costing, currency), cost_flow(costing, currency), balance(costing, currency)]
}
