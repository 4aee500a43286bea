//! `[plan]`: what was planned, as rows of files or as a scenario on the year before.

use super::table::Table;
use super::text_format::text_format;
use super::wording::{did_you_mean, quoted};
use crate::pipeline::keys::{PLAN_ACTIVITIES, PLAN_RESOURCES, PLAN_SALES, Section};
use crate::pipeline::{LedgerDef, PlanDef, PlanMeasure, PlanRows, ScenarioDef};

/// The columns of a section: who, and the measures.
type Columns = (&'static str, &'static [(PlanMeasure, &'static str)]);

const OF_RESOURCES: Columns = (
    "resource_column",
    &[(PlanMeasure::Cost, "cost_column"), (PlanMeasure::PracticalMinutes, "practical_minutes_column")],
);

const OF_ACTIVITIES: Columns = (
    "activity_column",
    &[
        (PlanMeasure::Volume, "volume_column"),
        (PlanMeasure::Cost, "cost_column"),
        (PlanMeasure::FixedCost, "fixed_cost_column"),
    ],
);

const OF_SALES: Columns = (
    "product_group_column",
    &[
        (PlanMeasure::Units, "units_column"),
        (PlanMeasure::ListRevenue, "list_revenue_column"),
        (PlanMeasure::Discount, "discount_column"),
        (PlanMeasure::Returns, "returns_column"),
        (PlanMeasure::ProductCost, "product_cost_column"),
    ],
);

/// Reads `[plan]`; `None` if an entry is faulty. Scenarios are none if one of them is.
pub(super) fn plan(table: Table<'_>, root: Table<'_>, scenarios: Option<&[ScenarioDef]>) -> Option<PlanDef> {
    let sections = [
        ("resources", &PLAN_RESOURCES, OF_RESOURCES),
        ("activities", &PLAN_ACTIVITIES, OF_ACTIVITIES),
        ("sales", &PLAN_SALES, OF_SALES),
    ];
    let read = sections.map(|(section, keys, columns)| {
        table.table(section).map(|of_section| rows(of_section, section, keys, columns))
    });
    check(table, root)?;
    let scenario = match table.entry("scenario") {
        Some(entry) => {
            let name = entry.text()?;
            let known = scenarios?;
            let found = known.iter().find(|scenario| scenario.name == name);
            if found.is_none() {
                let names = || known.iter().map(|scenario| scenario.name.as_str());
                let way_out = did_you_mean(name, names(), || "add [scenario.NAME]".to_owned());
                entry.fault(format!("there is no scenario {}; {way_out}", quoted(name)));
            }
            if found.is_some_and(ScenarioDef::has_responses) {
                entry.fault(format!(
                    "scenario {} has fees, prices or something dropped, which a plan does not know: it plans money, capacity, volumes and all prices; name another scenario",
                    quoted(name)
                ));
            }
            Some(Box::new(found?.clone()))
        }
        None => None,
    };
    let [resources, activities, sales] = read;
    Some(PlanDef {
        about: table.text("about").map(str::to_owned),
        resources: collapse(resources)?,
        activities: collapse(activities)?,
        sales: collapse(sales)?,
        scenario,
        at: table.at(),
    })
}

/// None where an entry is faulty.
fn collapse<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(None) => None,
        Some(found) => Some(found),
        None => Some(None),
    }
}

fn rows(
    table: Table<'_>,
    section: &'static str,
    keys: &'static Section,
    (who, measures): Columns,
) -> Option<PlanRows> {
    let column = |key: &str| {
        let given = table.text(key).map(str::to_owned);
        let has_default = keys.key(key).is_some_and(|key| !key.default.is_empty());
        given.or_else(|| has_default.then(|| keys.default_word(key).to_owned()))
    };
    let files = table.files("files")?;
    let of_measure = |(measure, key): &(PlanMeasure, &'static str)| {
        let ledger = LedgerDef {
            files: files.clone(),
            accounts: Vec::new(),
            account_column: column(who)?,
            period_column: column("period_column")?,
            amount_column: column(key)?,
            column_keys: [who, "period_column", key],
            may_be_empty: true,
            format: text_format(table),
        };
        Some((*measure, ledger))
    };
    Some(PlanRows { section, measures: measures.iter().filter_map(of_measure).collect() })
}

/// What the parts of a plan ask of each other.
fn check(table: Table<'_>, root: Table<'_>) -> Option<()> {
    let is_there = |section: &str| table.has(section);
    let files = ["resources", "activities", "sales"];
    let given = files.iter().find(|section| is_there(section));
    if let (Some(entry), Some(given)) = (table.entry("scenario"), given) {
        entry
            .fault(format!("a plan is a 'scenario' or rows of files, and [plan.{given}] has some; keep one"));
        return None;
    }
    if given.is_none() && !is_there("scenario") {
        table.fault(
            "nothing is planned; add [plan.resources], [plan.activities], [plan.sales] or a 'scenario'",
        );
        return None;
    }
    if !root.has("costing") && ["resources", "activities", "scenario"].into_iter().any(is_there) {
        table.fault("without [costing] there are no resources and activities to plan; add it, or keep only [plan.sales]");
        return None;
    }
    let activities = table.table("activities");
    let cost = activities.and_then(|activities| activities.entry("cost_column"));
    match (activities, cost) {
        (Some(_), Some(cost)) if is_there("resources") => {
            cost.fault(
                "the planned cost of activities follows from that of resources, which [plan.resources] has; keep one of them",
            );
            None
        }
        (Some(activities), None) if !is_there("resources") => {
            activities.fault(
                "planned volumes have no planned cost; add 'cost_column', or [plan.resources], from which it follows",
            );
            None
        }
        _ => Some(()),
    }
}
