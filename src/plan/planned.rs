//! What rows of planning files plan, by period of the run.

use crate::error::{Error, Faults, Result};
use crate::facts::schema::LedgerSums;
use crate::facts::{FactSet, SourceView, read_ledger};
use crate::pipeline::{
    Amount, CostingDef, Definition, PlanDef, PlanMeasure, PlanRows, ResourceDef, did_you_mean,
};
use crate::units::{Decimal, Period};
use std::collections::{BTreeMap, BTreeSet};

/// What is planned of one period.
#[derive(Debug, Clone, Default)]
pub(super) struct PlannedPeriod {
    /// By resource; empty where no resources are planned at all.
    pub(super) resources: Vec<PlannedResource>,
    /// By activity.
    pub(super) activities: Vec<PlannedActivity>,
    /// By product group; empty where no sales are planned in the period.
    pub(super) sales: BTreeMap<usize, PlannedSales>,
}

/// What is planned of a resource.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PlannedResource {
    pub(super) cost: Option<i64>,
    pub(super) minutes: Option<Decimal>,
}

/// What is planned of an activity.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PlannedActivity {
    pub(super) volume: Option<Decimal>,
    /// Where it does not follow from resources.
    pub(super) cost: Option<i64>,
    /// Of the cost, what does not follow the volume.
    pub(super) fixed_cost: i64,
}

/// What is planned of a product group.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlannedSales {
    pub(super) units: Decimal,
    /// List revenue, discount, returns, product cost; none: not planned.
    pub(super) money: [Option<i128>; 4],
}

impl Default for PlannedSales {
    fn default() -> Self {
        Self { units: Decimal::ZERO, money: [None; 4] }
    }
}

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

    /// By period of the run what is planned; periods without a row are left out.
    ///
    /// # Errors
    /// All names that the pipeline does not know, and planned minutes not above 0.
    pub(super) fn by_period(
        &self,
        definition: &Definition,
        facts: &FactSet,
    ) -> Result<BTreeMap<usize, PlannedPeriod>> {
        let none = CostingDef::default();
        let names = Names::of(definition.costing.as_ref().unwrap_or(&none));
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
                        let index = names.resource(name).expect("names were checked");
                        add_resource(&mut planned.resources[index], *measure, *amount, quantity);
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
            check_minutes(definition, &names, facts.periods[*place].period, &planned.resources)?;
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

fn check_minutes(
    definition: &Definition,
    names: &Names<'_>,
    period: Period,
    planned: &[PlannedResource],
) -> Result<()> {
    let mut faults = Faults::default();
    for (resource, planned) in names.resources.iter().zip(planned) {
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
    faults.none()
}

/// What rows of a plan may name.
struct Names<'d> {
    resources: &'d [ResourceDef],
    /// With whether it has a driver.
    activities: Vec<(&'d str, bool)>,
}

impl<'d> Names<'d> {
    fn of(costing: &'d CostingDef) -> Self {
        let activities = costing.activities.iter();
        let activities = activities.map(|activity| (activity.name.as_str(), activity.driver.is_some()));
        Self { resources: &costing.resources, activities: activities.collect() }
    }

    /// A resource by its name, or by an account that it alone claims.
    fn resource(&self, name: &str) -> Result<usize, String> {
        let of_name = self.resources.iter().position(|resource| resource.name == name);
        if let Some(index) = of_name {
            return Ok(index);
        }
        let claims = |resource: &ResourceDef| match &resource.amount {
            Amount::Ledger(ledger) => ledger.accounts.iter().any(|account| account == name),
            _ => false,
        };
        let claiming: Vec<usize> =
            (0..self.resources.len()).filter(|index| claims(&self.resources[*index])).collect();
        match claiming[..] {
            [only] => Ok(only),
            [] => {
                let known = self.resources.iter().map(|resource| resource.name.as_str());
                Err(unknown("resource, nor an account that one claims", name, known))
            }
            _ => Err(format!("account '{name}' is claimed by several resources; name the resource")),
        }
    }

    fn activity(&self, name: &str) -> Result<usize, String> {
        let found = self.activities.iter().position(|(known, _)| *known == name);
        match found {
            Some(index) => Ok(index),
            None => Err(unknown("activity", name, self.activities.iter().map(|(name, _)| *name))),
        }
    }
}

fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str> + Clone) -> String {
    let all = || {
        format!("known are {}", known.clone().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "))
    };
    format!("'{name}' is no {what}; {}", did_you_mean(name, known.clone(), all))
}

/// Reads the files of a plan and checks what they name, without facts.
///
/// # Errors
/// All names that the pipeline does not know; what is wrong with a file.
pub fn check(definition: &Definition) -> Result<Vec<SourceView>> {
    let Some(def) = &definition.plan else { return Ok(Vec::new()) };
    let columns = PlanColumns::read(definition, def)?;
    let none = CostingDef::default();
    let names = Names::of(definition.costing.as_ref().unwrap_or(&none));
    let mut faults = Faults::default();
    check_names(&columns, definition, &names, &mut faults);
    faults.none()?;
    Ok(columns.views())
}
