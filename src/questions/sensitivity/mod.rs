//! Sensitivity of customer profit to the estimates of the costing: what moves if one share, quantity, time equation or capacity is
//! off by a declared part of itself, one way or both, and which of them matter most. One at a time (OAT), each a costing of the same
//! facts.

mod estimates;
mod movement;
mod standing;
mod walk;

use super::recalled::Recalled;
use crate::costing::{self, schema::Costing};
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::LedgerSums;
use crate::memory::Memory;
use crate::pipeline::{Definition, apply};
use crate::publish::{StageTables, TableFormat};
use estimates::{Estimate, estimates};
use movement::{Movement, sheet};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use walk::SensitivityWalk;

/// Estimates that share a walk: the open runs of their rankings take 4 MiB each, and what is read is read once for all.
fn estimates_per_walk(memory: &Memory) -> usize {
    usize::try_from(memory.budget.limit() >> 26).unwrap_or(usize::MAX).clamp(8, 32)
}

/// What the run says of the estimates.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SensitivitySummary {
    /// How many were tried.
    pub estimates: usize,
    /// The one that moves most profit, in words, and how much; none if nothing moves.
    pub first: Option<(String, i128)>,
}

/// Makes and stages `sensitivity`.
///
/// # Errors
/// What costing and the walks return, a failed write.
pub fn publish_sensitivity(
    definition: &Definition,
    facts: &FactSet,
    costing: &Costing,
    ledgers: &[LedgerSums],
    memory: &Memory,
    tables: StageTables<'_>,
) -> Result<SensitivitySummary> {
    let base = Recalled { definition, facts, costing, placed: None };
    let ways = definition.sensitivity.expect("the stage is on").ways();
    let mut movements = Vec::new();
    let mut estimates = ways.into_iter().flat_map(|off_by| estimates(definition, off_by)).peekable();
    while estimates.peek().is_some() {
        let some: Vec<Estimate> = estimates.by_ref().take(estimates_per_walk(memory)).collect();
        let changed: Vec<Definition> =
            some.iter().map(|estimate| apply(definition, &estimate.scenario)).collect();
        let costed = changed.iter().map(|changed| costing::run(changed, facts, ledgers));
        let costed = costed.collect::<Result<Vec<Costing>>>()?;
        let scenarios = changed.iter().zip(&costed);
        let scenarios =
            scenarios.map(|(definition, costing)| Recalled { definition, facts, costing, placed: None });
        let scenarios: Vec<Recalled<'_>> = scenarios.collect();
        let moved = SensitivityWalk::of(&base, &scenarios, memory)?;
        let movement = |(estimate, (sums, moved))| Movement { estimate, sums, moved };
        movements.extend(some.into_iter().zip(moved).map(movement));
    }
    // An estimate matters as much as it moves the way in which it moves more.
    let mut most: BTreeMap<usize, i128> = BTreeMap::new();
    for movement in &movements {
        let most = most.entry(movement.estimate.number).or_default();
        *most = movement.sums.moved.max(*most);
    }
    // What moves as much keeps the order of the file, and the way that is declared comes first.
    movements.sort_by_key(|Movement { estimate, .. }| (Reverse(most[&estimate.number]), estimate.number));
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let sheet = sheet(format, &movements);
    tables.put(&sheet.spec, None, sheet.arrays)?;
    let first =
        movements.first().map(|movement| (movement.estimate.in_words(), most[&movement.estimate.number]));
    Ok(SensitivitySummary { estimates: most.len(), first: first.filter(|(_, moved)| *moved != 0) })
}
