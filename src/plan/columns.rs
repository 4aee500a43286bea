//! What rows of planning files plan, by period of the run.

use super::names::{Names, unknown};
use super::planned::{PlannedActivity, PlannedPeriod, PlannedResource, PlannedSales};
use crate::error::{Error, Faults, Result};
use crate::facts::schema::LedgerSums;
use crate::facts::{FactSet, SourceView, read_ledger};
use crate::pipeline::{CostingDef, Definition, PlanDef, PlanMeasure, PlanRows};
use crate::units::{Decimal, Period};
use std::collections::{BTreeMap, BTreeSet};

/// Columns of planning files, summed by name and period.
pub(super) struct PlanColumns<'d> {
    columns: Vec<(&'d PlanRows, PlanMeasure, LedgerSums)>,
}

impl<'d> PlanColumns<'d> {
    /// Reads every column that the plan has.
    ///
    /// # Errors
    /// A missing or unreadable file, a missing column, a row without name or date.
    pub(super) fn read(definition: &Definition, def: &'d PlanDef) -> Result<Self> {
        let mut columns = Vec::new();
        for rows in def.rows() {
            for (measure, column) in &rows.measures {
                columns.push((rows, *measure, read_ledger(definition, column, measure.is_quantity())?));
            }
        }
        Ok(Self { columns })
    }

    /// How the text of files was taken to be written.
    pub(super) fn doubts(&self) -> Vec<String> {
        let guesses =
            self.columns.iter().flat_map(|(_, _, sums)| sums.guesses.iter().chain(&sums.view.warnings));
        guesses.cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What `check` shows: a source for each section.
    fn views(self) -> Vec<SourceView> {
        let mut views: Vec<SourceView> = Vec::new();
        let mut last = "";
        for (rows, _, sums) in self.columns {
            if rows.section != last {
                views.push(SourceView { warnings: sums.guesses.into_iter().collect(), ..sums.view });
                last = rows.section;
            }
        }
        views
    }

    /// The names of a section that `known` does not have, as faults.
    fn check_names(
        &self,
        definition: &Definition,
        section: &str,
        known: impl Fn(&str, PlanMeasure) -> Result<(), String>,
        faults: &mut Faults,
    ) {
        let mut messages = BTreeSet::new();
        for (rows, measure, sums) in self.columns.iter().filter(|(rows, ..)| rows.section == section) {
            for (name, _) in sums.sums.keys() {
                if let Err(message) = known(name, *measure) {
                    let place = definition.place(rows.files().at);
                    messages.insert(format!("{place}: {}: {message}", sums.files));
                }
            }
        }
        for message in messages {
            faults.keep::<()>(Err(Error::definition(message)));
        }
    }

    /// Driver volumes by activity and period, of any period.
    ///
    /// # Errors
    /// All names of activities that the pipeline does not know.
    pub(super) fn volumes(
        &self,
        definition: &Definition,
        ledgers: &[LedgerSums],
    ) -> Result<BTreeMap<(usize, Period), Decimal>> {
        let none = CostingDef::default();
        let names = Names::of(definition.costing.as_ref().unwrap_or(&none), ledgers);
        let mut faults = Faults::default();
        check_names(self, definition, &names, &mut faults);
        faults.none()?;
        let mut volumes = BTreeMap::new();
        for (_, _, sums) in self.columns.iter().filter(|(_, measure, _)| *measure == PlanMeasure::Volume) {
            for ((name, period), amount) in &sums.sums {
                let index = names.activity(name).expect("names were checked");
                let volume = Decimal { mantissa: i128::from(*amount), scale: sums.scale };
                volumes.insert((index, *period), volume);
            }
        }
        Ok(volumes)
    }

    /// By period of the run what is planned; periods without a row are left out.
    ///
    /// # Errors
    /// All names that the pipeline does not know, and quantities that no plan can mean.
    pub(super) fn by_period(
        &self,
        definition: &Definition,
        facts: &FactSet,
        ledgers: &[LedgerSums],
    ) -> Result<BTreeMap<usize, PlannedPeriod>> {
        let none = CostingDef::default();
        let costing = definition.costing.as_ref().unwrap_or(&none);
        let names = Names::of(costing, ledgers);
        let mut faults = Faults::default();
        check_names(self, definition, &names, &mut faults);
        let group = |name: &str| facts.groups.iter().position(|known| known == name);
        let known_group = |name: &str, _| match group(name) {
            Some(_) => Ok(()),
            None => Err(unknown("product group", name, facts.groups.iter().map(String::as_str))),
        };
        self.check_names(definition, "sales", known_group, &mut faults);
        faults.none()?;
        let mut periods: BTreeMap<usize, PlannedPeriod> = BTreeMap::new();
        for (rows, measure, sums) in &self.columns {
            for ((name, period), amount) in &sums.sums {
                let place = facts.periods.iter().position(|known| known.period == *period);
                let Some(place) = place else { continue };
                let planned = periods.entry(place).or_default();
                let quantity = Decimal { mantissa: i128::from(*amount), scale: sums.scale };
                match rows.section {
                    "resources" => {
                        planned.resources.resize(names.resources.len(), PlannedResource::default());
                        match names.resource(name).expect("names were checked") {
                            Some(index) => {
                                add_resource(&mut planned.resources[index], *measure, *amount, quantity);
                            }
                            None if *measure == PlanMeasure::Cost => planned.unclaimed += i128::from(*amount),
                            None => {}
                        }
                    }
                    "activities" => {
                        planned.activities.resize(names.activities.len(), PlannedActivity::default());
                        let index = names.activity(name).expect("names were checked");
                        add_activity(&mut planned.activities[index], *measure, *amount, quantity);
                    }
                    _ => {
                        let group = group(name).expect("names were checked");
                        add_sales(planned.sales.entry(group).or_default(), *measure, *amount, quantity);
                    }
                }
            }
        }
        let has_resources = self.columns.iter().any(|(rows, ..)| rows.section == "resources");
        for (place, planned) in &mut periods {
            // A period with some rows is planned: what it has none of is planned to be nothing.
            planned.activities.resize(names.activities.len(), PlannedActivity::default());
            if has_resources {
                planned.resources.resize(names.resources.len(), PlannedResource::default());
            }
            check_quantities(definition, costing, facts.periods[*place].period, planned)?;
        }
        Ok(periods)
    }
}

fn check_names(columns: &PlanColumns<'_>, definition: &Definition, names: &Names<'_>, faults: &mut Faults) {
    columns.check_names(definition, "resources", |name, _| names.resource(name).map(drop), faults);
    let known_activity = |name: &str, measure| match names.activities[names.activity(name)?].1 {
        false if measure == PlanMeasure::Volume => Err(format!(
            "activity '{name}' has no driver, so it has no volume to plan; leave its volume empty"
        )),
        _ => Ok(()),
    };
    columns.check_names(definition, "activities", known_activity, faults);
}

fn add_resource(planned: &mut PlannedResource, measure: PlanMeasure, amount: i64, quantity: Decimal) {
    match measure {
        PlanMeasure::Cost => planned.cost = Some(planned.cost.unwrap_or(0) + amount),
        _ => planned.minutes = Some(plus(planned.minutes, quantity)),
    }
}

fn add_activity(planned: &mut PlannedActivity, measure: PlanMeasure, amount: i64, quantity: Decimal) {
    match measure {
        PlanMeasure::Cost => planned.cost = Some(amount),
        PlanMeasure::FixedCost => planned.fixed_cost = amount,
        _ => planned.volume = Some(quantity),
    }
}

fn add_sales(planned: &mut PlannedSales, measure: PlanMeasure, amount: i64, quantity: Decimal) {
    let line = match measure {
        PlanMeasure::ListRevenue => 0,
        PlanMeasure::Discount => 1,
        PlanMeasure::Returns => 2,
        PlanMeasure::ProductCost => 3,
        _ => return planned.units = quantity,
    };
    planned.money[line] = Some(i128::from(amount));
}

/// Several accounts may be of one resource. All of them are of one column, and so of one scale.
fn plus(sum: Option<Decimal>, more: Decimal) -> Decimal {
    let before = sum.map_or(0, |sum| sum.mantissa);
    Decimal { mantissa: before + more.mantissa, ..more }
}

/// Quantities that no plan can mean.
fn check_quantities(
    definition: &Definition,
    costing: &CostingDef,
    period: Period,
    planned: &PlannedPeriod,
) -> Result<()> {
    let mut faults = Faults::default();
    for (resource, planned) in costing.resources.iter().zip(&planned.resources) {
        let Some(minutes) = planned.minutes else { continue };
        let why = match (&resource.capacity, minutes.mantissa > 0) {
            (None, _) => "it has no capacity; give it one in the pipeline file, or leave the minutes empty",
            (_, false) => {
                "practical minutes are above 0; leave them empty where they are as in the pipeline file"
            }
            _ => continue,
        };
        faults.keep::<()>(Err(Error::definition(format!(
            "{}: {} minutes are planned of resource '{}' in {period}, and {why}",
            definition.place(resource.at),
            minutes.normalised(),
            resource.name
        ))));
    }
    for (activity, planned) in costing.activities.iter().zip(&planned.activities) {
        let Some(volume) = planned.volume.filter(|volume| volume.mantissa < 0) else { continue };
        faults.keep::<()>(Err(Error::definition(format!(
            "{}: a volume of {} is planned of activity '{}' in {period}, expected a number from 0",
            definition.place(activity.at),
            volume.normalised(),
            activity.name
        ))));
    }
    faults.none()
}

/// Reads the files of a plan and checks what they name, without facts.
///
/// # Errors
/// All names that the pipeline does not know; what is wrong with a file.
pub fn check(definition: &Definition, ledgers: &[LedgerSums]) -> Result<Vec<SourceView>> {
    let Some(def) = &definition.plan else { return Ok(Vec::new()) };
    let columns = PlanColumns::read(definition, def)?;
    let none = CostingDef::default();
    let names = Names::of(definition.costing.as_ref().unwrap_or(&none), ledgers);
    let mut faults = Faults::default();
    check_names(&columns, definition, &names, &mut faults);
    faults.none()?;
    Ok(columns.views())
}
