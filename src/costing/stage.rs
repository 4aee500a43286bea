//! The stage: from facts and ledgers to the costing tables.

use super::network::Network;
use super::quantities::{Sources, check_files};
use super::schema::Costing;
use super::{CustomerColumns, Given, cost, pools, tables};
use crate::customers::slices;
use crate::error::{Faults, Result};
use crate::facts::FactSet;
use crate::facts::schema::LedgerSums;
use crate::pipeline::Definition;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::Period;
use arrow::buffer::ScalarBuffer;
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
    let customers = |period: usize, take: &mut dyn FnMut(&CustomerColumns)| {
        for window in slices::windows(facts.customers.len()) {
            let facts = facts.customer_facts(period, window)?;
            let rows = facts.ranks.len();
            take(&(facts.aggregates.into_iter().map(ScalarBuffer::from).collect(), rows));
        }
        Ok(())
    };
    let given = Given {
        definition,
        columns: &facts.aggregates,
        periods: &periods,
        files: ledgers,
        totals: &totals,
        planned: None,
        customers: &customers,
    };
    cost(&given, pools)
}

/// Checks what resources claim of the ledgers and driver files, and how nodes hang together, without facts.
///
/// # Errors
/// An account claimed twice or without any row, be it of a ledger or a driver file; nodes that take of each other in
/// a circle.
pub fn check(definition: &Definition, ledgers: &[LedgerSums]) -> Result<()> {
    let Some(costing) = &definition.costing else { return Ok(()) };
    let mut faults = Faults::default();
    faults.keep(pools(definition, costing, ledgers, &[]));
    if let Some(network) = faults.keep(Network::new(costing)) {
        faults.keep(check_files(&network, Sources { definition, columns: &[], files: ledgers }));
    }
    faults.none()
}

/// The tables costing publishes.
pub fn sheets(costing: &Costing, format: TableFormat<'_>) -> Vec<Sheet> {
    vec![
        tables::activity_period(costing, format),
        tables::cost_flow(costing, format),
        tables::balance(costing, format),
        tables::variance(costing, format),
    ]
}
