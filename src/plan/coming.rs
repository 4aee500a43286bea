//! Driver volumes that are planned, of any period: what forecasts are held against.

use super::columns::PlanColumns;
use super::of_scenario::planned_volume;
use crate::costing::{self, schema::Costing};
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::LedgerSums;
use crate::pipeline::{Definition, ScenarioDef, apply};
use crate::units::{Decimal, Period};
use std::collections::BTreeMap;

/// Planned driver volumes by activity, as the pipeline file lists them, and period.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlannedVolumes(BTreeMap<(usize, Period), Decimal>);

impl PlannedVolumes {
    /// Of an activity in a period; none where none is planned.
    pub fn get(&self, activity: usize, period: Period) -> Option<Decimal> {
        self.0.get(&(activity, period)).copied()
    }

    /// The most digits after the point.
    pub fn digits(&self) -> u8 {
        self.0.values().map(|volume| volume.scale).max().unwrap_or(0)
    }
}

/// Reads what is planned; nothing without `[plan]`. Of a plan by scenario, every period has the volumes of a year before.
///
/// # Errors
/// A name that the pipeline does not know, a file that cannot be read, a number beyond 128 bits.
pub fn volumes(definition: &Definition, facts: &FactSet, ledgers: &[LedgerSums]) -> Result<PlannedVolumes> {
    let Some(def) = &definition.plan else { return Ok(PlannedVolumes::default()) };
    match &def.scenario {
        Some(scenario) => {
            let costing = costing::run(&apply(definition, scenario), facts, ledgers)?;
            of_scenario(scenario, &costing)
        }
        None => PlanColumns::read(definition, def)?.volumes(definition, ledgers).map(PlannedVolumes),
    }
}

fn of_scenario(scenario: &ScenarioDef, costing: &Costing) -> Result<PlannedVolumes> {
    let mut volumes = BTreeMap::new();
    for before in &costing.periods {
        let a_year_on = (0..before.period.kind.in_a_year()).fold(before.period, |period, _| period.next());
        for (index, (activity, costed)) in costing.activities.iter().zip(&before.activities).enumerate() {
            if let Some(volume) = planned_volume(scenario, index, activity, costed)? {
                volumes.insert((index, a_year_on), volume);
            }
        }
    }
    Ok(PlannedVolumes(volumes))
}
