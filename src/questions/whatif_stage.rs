//! The stage: scenarios that are published, as tables. `whatif` has a row for each, `whatif_line` the lines of profit and of the
//! company's cost, `whatif_customer` every customer by both costings.

use super::recalled::Recalled;
use super::whatif::{WhatIfCustomers, whatif, whatif_customers};
use super::whatif_answer::{Difference, WhatIf};
use crate::costing::{self, schema::Costing};
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::LedgerSums;
use crate::memory::Memory;
use crate::pipeline::{Definition, apply};
use crate::publish::schema::Sheet;
use crate::publish::{Draft, StageTables, TableFormat};
use std::borrow::Cow;
use std::sync::Mutex;

/// What the run says of scenarios.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WhatIfSummary {
    /// Name, and by how much customer profit differs.
    pub scenarios: Vec<(String, i128)>,
    /// Customers who turn profitable or unprofitable in one of them, each counted in each.
    pub turns: usize,
}

/// Makes and stages the tables of the scenarios to be published.
///
/// # Errors
/// What costing and the walk return, a failed write.
pub fn publish_whatifs(
    definition: &Definition,
    facts: &FactSet,
    costing: &Costing,
    ledgers: &[LedgerSums],
    memory: &Memory,
    tables: StageTables<'_>,
) -> Result<WhatIfSummary> {
    let base = Recalled { definition, facts, costing };
    let writer = Mutex::new(tables.table(&whatif_customers(&base, Some(""))?.spec, None)?);
    let take = |sheet: Sheet| writer.lock().expect("no thread panics while it writes").write(sheet.arrays);
    let mut answers = Vec::new();
    for scenario in definition.scenarios.iter().filter(|scenario| scenario.is_published) {
        let changed = apply(definition, scenario);
        let costed = costing::run(&changed, facts, ledgers)?;
        let asked = Recalled { definition: &changed, facts, costing: &costed };
        let customers = WhatIfCustomers { top: 0, of_scenario: Some(&scenario.name), take: &take };
        answers.push(whatif(&base, &asked, scenario, customers, memory)?);
    }
    writer.into_inner().expect("no thread panicked").finish()?;
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let lines: Vec<LineRow<'_>> = answers.iter().flat_map(lines).collect();
    for sheet in [scenarios(format, &answers), line_sheet(format, &lines)] {
        tables.put(&sheet.spec, None, sheet.arrays)?;
    }
    Ok(WhatIfSummary {
        scenarios: answers.iter().map(|of| (of.scenario.clone(), of.profit.difference.mantissa())).collect(),
        turns: answers.iter().map(|of| of.turn_profitable.customers + of.turn_unprofitable.customers).sum(),
    })
}

/// `whatif`.
fn scenarios(format: TableFormat<'_>, answers: &[WhatIf]) -> Sheet {
    let mut draft = format.draft("whatif", "scenario", None, answers);
    draft.as_of();
    draft.name("scenario", "Name of the scenario", |of| of.scenario.as_str());
    draft.text("about", "What it asks", |of| of.about.as_deref().map(str::trim));
    let meaning = "Customer profit over life of all customers, of the release";
    draft.total("base_profit", meaning, |of| of.profit.base.mantissa());
    draft.total("scenario_profit", "The same in the scenario", |of| of.profit.scenario.mantissa());
    draft.total("profit_difference", "Scenario − base", |of| of.profit.difference.mantissa());
    let meaning = "The difference when only avoidable cost counts";
    draft.total("avoidable_difference", meaning, |of| of.avoidable_difference.mantissa());
    let meaning = "The difference of the last line of the waterfall: fully loaded profit where the run has it, else customer profit";
    draft.total("last_line_difference", meaning, |of| {
        of.fully_loaded_profit.unwrap_or(of.profit).difference.mantissa()
    });
    let meaning =
        "Customers whose last line differs, without the unidentified cost object; so with the counts below";
    draft.count("customers_affected", "customers", meaning, |of| of.customers_affected);
    let meaning = "Without profit before, with one in the scenario";
    draft.count("customers_turning_profitable", "customers", meaning, |of| of.turn_profitable.customers);
    let meaning = "Without loss before, with one in the scenario";
    draft.count("customers_turning_unprofitable", "customers", meaning, |of| of.turn_unprofitable.customers);
    draft.count("customers_gaining", "customers", "Who gain", |of| of.gains.customers);
    draft.count("customers_losing", "customers", "Who lose", |of| of.losses.customers);
    draft.text("notes", "What the comparison leaves out, if anything", |of| {
        (!of.notes.is_empty()).then(|| Cow::Owned(of.notes.join("; ")))
    });
    draft.finish()
}

/// A row of `whatif_line`.
struct LineRow<'a> {
    scenario: &'a str,
    number: i64,
    section: &'static str,
    line: &'static str,
    activity: Option<&'a str>,
    amount: Difference,
}

/// From gross margin to the last line of the waterfall, and where the company's cost went.
fn lines(of: &WhatIf) -> Vec<LineRow<'_>> {
    let same = Difference {
        base: of.acquisition_cost,
        scenario: of.acquisition_cost,
        difference: super::exact::Exact::new(0, of.acquisition_cost.0.scale),
    };
    let spread = crate::profitability::schema::CostLine::Spread.column();
    let activities = |is_spread: bool| {
        let of_line = of.activities.iter().filter(move |activity| (activity.line == spread) == is_spread);
        of_line.map(|activity| (activity.line, Some(activity.activity.as_str()), activity.cost))
    };
    let mut profit = vec![("gross margin", None, of.gross_margin)];
    profit.extend(activities(false));
    profit.push(("acquisition cost of the customers source", None, same));
    profit.push(("customer profit", None, of.profit));
    profit.extend(activities(true));
    profit.extend(of.unused_charged.map(|amount| ("unused capacity charged", None, amount)));
    profit.extend(of.fully_loaded_profit.map(|amount| ("fully loaded profit", None, amount)));
    let profit = profit.into_iter().map(|(line, activity, amount)| ("profit", line, activity, amount));
    let company = of.company.iter().map(|line| ("company", line.line, None, line.amount));
    let numbered = (1..).zip(profit.chain(company));
    let row = |(number, (section, line, activity, amount))| LineRow {
        scenario: &of.scenario,
        number,
        section,
        line,
        activity,
        amount,
    };
    numbered.map(row).collect()
}

fn line_sheet(format: TableFormat<'_>, rows: &[LineRow<'_>]) -> Sheet {
    let mut draft: Draft<'_, LineRow<'_>> = format.draft("whatif_line", "scenario and line", None, rows);
    draft.name("scenario", "Name of the scenario", |row| row.scenario);
    draft.count("line_number", "", "Order of the lines", |row| row.number);
    let meaning = "profit: gross margin less the lines after it is customer profit, and that less the lines after it fully loaded profit; \
                   company: input + imputed + overdriven = the sum of the others";
    draft.name("section", meaning, |row| row.section);
    let meaning = "What it is; of an activity, the line of the waterfall that its cost forms";
    draft.name("line", meaning, |row| row.line);
    draft.name("activity", "Activity, of a line of one", |row| row.activity);
    draft.total("base", "Over all periods, of the release", |row| row.amount.base.mantissa());
    draft.total("scenario_amount", "The same in the scenario", |row| row.amount.scenario.mantissa());
    draft.total("difference", "Scenario − base", |row| row.amount.difference.mantissa());
    draft.finish()
}
