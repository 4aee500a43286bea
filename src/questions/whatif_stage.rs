//! The stage: scenarios that are published, as tables. `whatif` has a row for each, `whatif_line` the lines of profit and of the
//! company's cost, `whatif_response` what customers do, `whatif_customer` every customer by both costings.

use super::exact::Exact;
use super::placed::PlacedCustomers;
use super::recalled::Recalled;
use super::whatif::{CostedScenario, WhatIfCustomers, whatif_customers, whatifs};
use super::whatif_answer::{Difference, ResponseOf, WhatIf};
use crate::costing::{self, schema::Costing};
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::LedgerSums;
use crate::memory::Memory;
use crate::pipeline::{Definition, ScenarioDef, apply};
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::publish::{Draft, StageTables, TableFormat};
use crate::units::rescale;
use std::borrow::Cow;
use std::sync::Mutex;

/// The table that places customers.
const SEGMENTS: &str = "customer_segment";

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
    let published: Vec<&ScenarioDef> =
        definition.scenarios.iter().filter(|scenario| scenario.is_published).collect();
    let files = if tables.is_there(SEGMENTS) { tables.written(SEGMENTS) } else { Vec::new() };
    let lacking = "this run makes no customer_segment, for its stage is left out; run without --only";
    let placed = PlacedCustomers::read(published.iter().copied(), &facts.customers, &files, lacking)?;
    let base = Recalled { definition, facts, costing, placed: placed.as_ref() };
    let writer = Mutex::new(tables.table(&whatif_customers(&base, Some(""))?.spec, None)?);
    let take = |sheet: Sheet| writer.lock().expect("no thread panics while it writes").write(sheet.arrays);
    let changed: Vec<Definition> = published.iter().map(|scenario| apply(definition, scenario)).collect();
    let costed = changed.iter().map(|changed| costing::run(changed, facts, ledgers));
    let costed = costed.collect::<Result<Vec<Costing>>>()?;
    let asked = published.into_iter().zip(changed.iter().zip(&costed));
    let asked = asked.map(|(scenario, (definition, costing))| CostedScenario {
        scenario,
        changed: Recalled { definition, costing, ..base },
    });
    let customers = WhatIfCustomers { top: 0, is_published: true, take: &take };
    let answers = whatifs(&base, &asked.collect::<Vec<CostedScenario<'_>>>(), customers, memory)?;
    writer.into_inner().expect("no thread panicked").finish()?;
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let lines: Vec<LineRow<'_>> = answers.iter().flat_map(lines).collect();
    let responses: Vec<ResponseRow<'_>> = answers.iter().flat_map(responses).collect();
    let sheets =
        [scenarios(format, &answers), line_sheet(format, &lines), response_sheet(format, &responses)];
    for sheet in sheets {
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
    let meaning = "What the company's result changes by: gross margin less the money that feeds resources, of which only that ends which really does";
    draft.total("result_difference", meaning, |of| of.result_difference.mantissa());
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
        difference: Exact::new(0, of.acquisition_cost.0.scale),
    };
    let spread = crate::profitability::schema::CostLine::Spread.column();
    let activities = |is_spread: bool| {
        let of_line = of.activities.iter().filter(move |activity| (activity.line == spread) == is_spread);
        of_line.map(|activity| (activity.line, Some(activity.activity.as_str()), activity.cost))
    };
    let mut profit = vec![("net revenue", None, of.net_revenue)];
    profit.extend(of.fee_income.map(|fees| ("fee income", None, fees)));
    profit.push(("product cost", None, of.product_cost));
    profit.push(("gross margin", None, of.gross_margin));
    profit.extend(activities(false));
    profit.push(("acquisition cost of the customers source", None, same));
    profit.push(("customer profit", None, of.profit));
    profit.extend(activities(true));
    profit.extend(of.unused_charged.map(|amount| ("unused capacity charged", None, amount)));
    profit.extend(of.fully_loaded_profit.map(|amount| ("fully loaded profit", None, amount)));
    let section = |line: &str| match line {
        "net revenue" | "fee income" | "product cost" => "margin",
        _ => "profit",
    };
    let profit = profit.into_iter().map(|(line, activity, amount)| (section(line), line, activity, amount));
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
    let meaning = "margin: net revenue and fee income, if any, less product cost is gross margin; profit: gross margin less the lines after \
                   it is customer profit, and that less the lines after it fully loaded profit; company: input + imputed + overdriven \
                   = the sum of the others, of which idle is what customers do not take any more and what stays";
    draft.name("section", meaning, |row| row.section);
    let meaning = "What it is; of an activity, the line of the waterfall that its cost forms";
    draft.name("line", meaning, |row| row.line);
    draft.name("activity", "Activity, of a line of one", |row| row.activity);
    draft.total("base", "Over all periods, of the release", |row| row.amount.base.mantissa());
    draft.total("scenario_amount", "The same in the scenario", |row| row.amount.scenario.mantissa());
    draft.total("difference", "Scenario − base", |row| row.amount.difference.mantissa());
    draft.finish()
}

/// A row of `whatif_response`.
struct ResponseRow<'a> {
    scenario: &'a str,
    number: i64,
    of: &'a ResponseOf,
}

fn responses(of: &WhatIf) -> impl Iterator<Item = ResponseRow<'_>> {
    let row = |(number, response)| ResponseRow { scenario: &of.scenario, number, of: response };
    (1..).zip(&of.responses).map(row)
}

/// Name, meaning and value of a column of orders.
type OrderColumn = (&'static str, &'static str, fn(&ResponseOf) -> Option<Exact>);

fn response_sheet(format: TableFormat<'_>, rows: &[ResponseRow<'_>]) -> Sheet {
    let mut draft: Draft<'_, ResponseRow<'_>> =
        format.draft("whatif_response", "scenario and change that customers respond to", None, rows);
    draft.name("scenario", "Name of the scenario", |row| row.scenario);
    draft.count("response_number", "", "Order of the changes in the scenario", |row| row.number);
    draft.name("kind", "What the change is: fee, price or drop", |row| row.of.kind);
    draft.name("name", "What it is called", |row| row.of.name.as_str());
    let meaning = "Customers it is about, without the unidentified cost object";
    draft.count("customers", "customers", meaning, |row| row.of.customers);
    let orders: [OrderColumn; 5] = [
        (
            "orders",
            "Orders it is about: dropped ones, or those that a fee is due of: below its limit, with a sale line and net revenue \
             above 0; null where it is about product groups",
            |of| of.orders,
        ),
        ("orders_paying", "Orders that pay the fee: expected values here and in the columns below", |of| {
            of.orders_paying
        }),
        (
            "orders_lost",
            "Orders that are not placed any more; of several fees an order reacts to the one with the lowest limit",
            |of| of.orders_lost,
        ),
        ("orders_merged", "Orders that are put together with others", |of| of.orders_merged),
        ("orders_raised", "Orders that are raised to the limit of the fee", |of| of.orders_raised),
    ];
    for (name, meaning, of) in orders {
        let column = Column::new(name, ColumnKind::Total(ORDER_DIGITS), "orders", meaning).nullable();
        draft.wide(column, move |row: &ResponseRow<'_>| {
            let scaled = |number: Exact| rescale(number.0.mantissa, number.0.scale, ORDER_DIGITS);
            of(row.of).map(|number| scaled(number).expect("digits of shares are few"))
        });
    }
    let meaning = "Net revenue of what it is about, in the release";
    draft.total("base_net_revenue", meaning, |row| row.of.base_net_revenue.mantissa());
    draft.total("fee_income", "What is paid", |row| row.of.fee_income.mantissa());
    let meaning = "Net revenue of what is not bought any more, below 0";
    draft.total("net_revenue_lost", meaning, |row| row.of.net_revenue_lost.mantissa());
    let meaning = "Net revenue of what is bought more";
    draft.total("net_revenue_raised", meaning, |row| row.of.net_revenue_raised.mantissa());
    let meaning = "What other prices bring of what is bought";
    draft.total("net_revenue_by_price", meaning, |row| row.of.net_revenue_by_price.mantissa());
    let meaning = "What else the customers buy over life: its net revenue in the release; null but of drops";
    draft.total("other_net_revenue", meaning, |row| row.of.other_net_revenue.map(Exact::mantissa));
    let meaning = "The gross margin of that";
    draft.total("other_gross_margin", meaning, |row| row.of.other_gross_margin.map(Exact::mantissa));
    let meaning = "What of that net revenue is lost, below 0";
    draft.total("other_net_revenue_lost", meaning, |row| row.of.other_net_revenue_lost.map(Exact::mantissa));
    let meaning = "By how much the cost of the goods differs";
    draft.total("product_cost_difference", meaning, |row| row.of.product_cost_difference.mantissa());
    let meaning = "Fee income + net revenue lost, raised, by price and of others lost − product cost difference; all rows of a scenario are \
                   the difference of its gross margin";
    draft.total("gross_margin_difference", meaning, |row| row.of.gross_margin_difference.mantissa());
    draft.finish()
}

/// Digits after the point of expected numbers of orders: those that shares may have.
const ORDER_DIGITS: u8 = 6;
