//! The stage: what is planned, through the network, against what was.

use super::activities::{self, ActivityRow, Compared};
use super::columns::PlanColumns;
use super::of_scenario;
use super::planned::PlannedPeriod;
use super::resources::{self, ResourceRow};
use super::result::{self, Report, ResultRow};
use super::sales::{self, SalesRow, SoldGroups};
use super::variances::Variances;
use crate::costing::schema::{Costing, PeriodCosting};
use crate::costing::{self, Planned};
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::LedgerSums;
use crate::pipeline::{Definition, PlanDef, apply};
use crate::publish::{StageTables, TableFormat};
use crate::units::Decimal;
use std::collections::BTreeMap;

/// What the run says of the plan.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    /// Periods that are planned, and all of the run.
    pub periods: [usize; 2],
    /// Cost, or where no resources are planned that of activities: planned, flexible budget, actual.
    pub cost: [i128; 3],
    /// Of sales, down to gross margin: planned, flexible budget, actual; none where none are planned.
    pub sales: Option<[i128; 3]>,
    /// What a person should know of the plan.
    pub warnings: Vec<String>,
}

/// Makes and stages the tables of the plan.
///
/// # Errors
/// A name that the pipeline does not know, a file that cannot be read, a number beyond 128 bits, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    costing: &Costing,
    ledgers: &[LedgerSums],
    tables: StageTables<'_>,
) -> Result<Summary> {
    let def = definition.plan.as_ref().expect("the stage runs where [plan] is");
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let sold = sales::sold(tables)?;
    let mut summary = Summary::default();
    let (by, planned) = match &def.scenario {
        Some(scenario) => {
            let by = apply(definition, scenario);
            let costed = costing::run(&by, facts, ledgers)?;
            let planned = of_scenario::planned(scenario, facts, &costed, &sold)?;
            (by, planned)
        }
        None => {
            let columns = PlanColumns::read(definition, def)?;
            summary.warnings = columns.doubts();
            (definition.clone(), columns.by_period(definition, facts, ledgers)?)
        }
    };
    let plan = through_network(&by, facts, ledgers, &planned)?;
    let mut rows = Rows::default();
    for (number, (&place, planned)) in planned.iter().enumerate() {
        let plan = plan.as_ref().map(|plan| (plan, &plan.periods[number]));
        let compared = Period { definition, facts, costing, sold: &sold, planned, plan, place };
        compared.add_to(&mut rows)?;
    }
    let variances = rows.variances();
    for of_row in variances.iter().flatten() {
        assert_eq!(of_row.difference(), 0, "variances add up to actual − planned");
    }
    let of_sales = &variances[2];
    summary.periods = [planned.len(), facts.periods.len()];
    summary.cost = sums(&rows.costs);
    summary.sales = (!of_sales.is_empty()).then(|| sums(of_sales));
    rows.write(def, format, tables)?;
    Ok(summary)
}

/// Rows of every table.
#[derive(Default)]
struct Rows<'c> {
    resources: Vec<ResourceRow<'c>>,
    activities: Vec<ActivityRow<'c>>,
    sales: Vec<SalesRow<'c>>,
    results: Vec<ResultRow>,
    /// Costs in all, by period.
    costs: Vec<Variances>,
}

impl Rows<'_> {
    fn variances(&self) -> [Vec<Variances>; 4] {
        [
            self.resources.iter().map(|row| row.variances).collect(),
            self.activities.iter().map(|row| row.variances).collect(),
            self.sales.iter().map(|row| row.variances).collect(),
            self.results.iter().map(|row| row.variances).collect(),
        ]
    }

    /// Writes the tables of what the plan has sections for.
    fn write(&self, def: &PlanDef, format: TableFormat<'_>, tables: StageTables<'_>) -> Result<()> {
        let (is_scenario, has_resources) = (def.scenario.is_some(), def.resources.is_some());
        let mut sheets = Vec::new();
        if is_scenario || has_resources {
            sheets.push(resources::sheet(format, &self.resources));
        }
        if is_scenario || has_resources || def.activities.is_some() {
            sheets.push(activities::sheet(format, &self.activities));
        }
        if is_scenario || def.sales.is_some() {
            sheets.push(sales::sheet(format, &self.sales));
        }
        sheets.push(result::sheet(format, &self.results));
        sheets.into_iter().try_for_each(|sheet| tables.put(&sheet.spec, None, sheet.arrays))
    }
}

/// One planned period, and what it is compared with.
struct Period<'r, 'c> {
    definition: &'c Definition,
    facts: &'c FactSet,
    costing: &'c Costing,
    sold: &'r SoldGroups,
    planned: &'r PlannedPeriod,
    /// The plan through the network, and of it this period; none where no resources are planned.
    plan: Option<(&'c Costing, &'c PeriodCosting)>,
    place: usize,
}

impl<'c> Period<'_, 'c> {
    fn add_to(&self, rows: &mut Rows<'c>) -> Result<()> {
        let (costing, planned) = (self.costing, self.planned);
        let actual = &costing.periods[self.place];
        let is_complete = self.facts.periods[self.place].complete;
        let plan = self.plan.map(|(_, period)| period);
        let resources = match plan {
            Some(plan) => resources::rows(costing, &planned.resources, [plan, actual], is_complete)?,
            None => Vec::new(),
        };
        let activities = match &self.definition.costing {
            Some(definition) if self.has_activities() => {
                let compared = Compared {
                    costing,
                    definition,
                    planned: &planned.activities,
                    plan,
                    plan_activities: &self.plan.map_or(costing, |(plan, _)| plan).activities,
                    actual,
                    resources: &resources,
                    is_complete,
                };
                compared.rows()?
            }
            _ => Vec::new(),
        };
        let of_sales =
            |planned| sales::rows(&self.facts.groups, planned, self.sold, actual.period, is_complete);
        let sales = Some(&planned.sales).filter(|sales| !sales.is_empty()).map(of_sales).transpose()?;
        let report = Report {
            costing,
            plan,
            planned_unclaimed: planned.unclaimed,
            actual,
            resources: &resources,
            activities: &activities,
            sales: sales.as_deref(),
            is_complete,
        };
        let (results, cost) = report.rows();
        rows.results.extend(results);
        rows.costs.push(cost);
        rows.resources.extend(resources);
        rows.activities.extend(activities);
        rows.sales.extend(sales.into_iter().flatten());
        Ok(())
    }

    fn has_activities(&self) -> bool {
        let planned = &self.planned.activities;
        self.plan.is_some() || planned.iter().any(|of| of.cost.is_some() || of.volume.is_some())
    }
}

/// Planned money of resources, at planned capacity and volumes; none where no resources are planned.
fn through_network(
    definition: &Definition,
    facts: &FactSet,
    ledgers: &[LedgerSums],
    planned: &BTreeMap<usize, PlannedPeriod>,
) -> Result<Option<Costing>> {
    if planned.values().all(|planned| planned.resources.is_empty()) {
        return Ok(None);
    }
    let of_period = |(&place, planned): (&usize, &PlannedPeriod)| Planned {
        place,
        costs: planned.resources.iter().map(|resource| resource.cost.unwrap_or(0)).collect(),
        minutes: planned.resources.iter().map(|resource| resource.minutes).collect(),
        volumes: planned.activities.iter().map(|of| of.volume.unwrap_or(Decimal::ZERO)).collect(),
    };
    let planned: Vec<Planned> = planned.iter().map(of_period).collect();
    costing::cost_planned(definition, facts, ledgers, &planned).map(Some)
}

fn sums(variances: &[Variances]) -> [i128; 3] {
    let mut sum = Variances::default();
    variances.iter().for_each(|of| sum += *of);
    [sum.planned, sum.flexible_budget(), sum.actual]
}
