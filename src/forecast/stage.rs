//! The stage: complete periods of the costing in, coming periods out.

use super::activities::{self, outlooks};
use super::resources;
use crate::costing::schema::{Costing, PeriodCosting};
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::{CostingDef, Definition};
use crate::plan::PlannedVolumes;
use crate::publish::{StageTables, TableFormat};
use crate::units::Period;

/// What the run says of the forecast.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    /// Periods that are forecast.
    pub periods: usize,
    /// First day of the first of them; none where no period is complete.
    pub from: Option<String>,
    /// Activities whose volumes are forecast.
    pub activities: usize,
    /// Of each resource whose practical capacity is not going to suffice, the name and the first day of the first period.
    pub short: Vec<(String, String)>,
}

/// Makes and stages `forecast_activity`, `forecast_accuracy` and `forecast_resource`.
///
/// # Errors
/// A number beyond 18 digits of a volume or 128 bits, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    costing: &Costing,
    planned: &PlannedVolumes,
    tables: StageTables<'_>,
) -> Result<Summary> {
    let def = definition.forecast.as_ref().expect("the stage runs where [forecast] is");
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let complete = complete(facts, costing);
    let season = definition.facts.period.in_a_year();
    let next = next_periods(complete, def.periods);
    let outlooks = outlooks(costing, complete, season, next.len())?;
    let none = CostingDef::default();
    let of_costing = definition.costing.as_ref().unwrap_or(&none);
    let resources = resources::rows(of_costing, costing, complete, &next, definition.facts.money_scale)?;
    let sheets = activities::sheets(format, &outlooks, planned, &next, season)?;
    for sheet in sheets.into_iter().chain([resources::sheet(format, &resources)]) {
        tables.put(&sheet.spec, None, sheet.arrays)?;
    }
    let mut short: Vec<(String, String)> = Vec::new();
    for row in resources.iter().filter(|row| row.is_short()) {
        if short.last().is_none_or(|(name, _)| name != row.resource) {
            short.push((row.resource.to_owned(), row.period.to_string()));
        }
    }
    Ok(Summary {
        periods: next.len(),
        from: next.first().map(Period::to_string),
        activities: outlooks.iter().filter(|of| of.method().is_some()).count(),
        short,
    })
}

/// The periods up to the last complete one. Periods before it are complete too, the first perhaps without its first days.
fn complete<'c>(facts: &FactSet, costing: &'c Costing) -> &'c [PeriodCosting] {
    let last = facts.periods.iter().rposition(|period| period.complete);
    &costing.periods[..last.map_or(0, |last| last + 1)]
}

/// The periods after the last complete one; none if there is none.
fn next_periods(complete: &[PeriodCosting], periods: u32) -> Vec<Period> {
    let Some(last) = complete.last() else { return Vec::new() };
    let first = last.period.next();
    std::iter::successors(Some(first), |period| Some(period.next())).take(periods as usize).collect()
}
