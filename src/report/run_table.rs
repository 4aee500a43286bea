//! The published table `run`: one row about the run, for a dashboard's footer.

use super::total_rows;
use crate::costing::schema::CostTotals;
use crate::facts::FactSet;
use crate::pipeline::Definition;
use crate::profitability::Summary;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::run::Timing;

/// One row: identity, rows, money, time.
pub fn run_table(
    definition: &Definition,
    facts: &FactSet,
    costs: &CostTotals,
    profit: &Summary,
    timings: &[Timing],
) -> Sheet {
    let mut sheet = Sheet::new("run", "one row, about the run that made the release", None);
    let text = |name: &'static str, meaning: &'static str| Column::new(name, ColumnKind::Text, "", meaning);
    let currency = &definition.facts.currency;
    sheet.texts(text("pipeline", "name of the pipeline"), [Some(definition.name.as_str())]);
    sheet.texts(text("abacus_version", "version of the program"), [Some(env!("CARGO_PKG_VERSION"))]);
    sheet.texts(text("definition_digest", "BLAKE3 of the pipeline file"), [Some(definition.digest.as_str())]);
    sheet.texts(text("currency", "currency of all money"), [Some(currency.as_str())]);
    sheet.days(Column::new("as_of_date", ColumnKind::Date, "", "first day left out"), [Some(facts.as_of.0)]);
    let rows = total_rows(facts);
    for (name, count, meaning) in [
        ("rows_read", rows.read, "rows of all sources"),
        ("rows_used", rows.used, "rows in the facts"),
        ("rows_quarantined", rows.quarantined, "rows that broke the row contract"),
        ("rows_excluded", rows.excluded, "rows excluded by where, and identical duplicates"),
        ("rows_after_as_of", rows.after_as_of, "rows on the as-of date or later"),
        ("customers", profit.customers as u64, "customers with a sale line or a return line"),
        ("prospects", profit.prospects as u64, "customers without either"),
    ] {
        let count = i64::try_from(count).expect("row counts fit 63 bits");
        sheet.fixed(Column::new(name, ColumnKind::Integer, "rows", meaning), vec![count]);
    }
    for (name, amount, meaning) in [
        ("cost_input", costs.input, "cost of all resource pools"),
        ("cost_imputed", costs.imputed, "borne by customers without a pool behind it"),
        ("cost_assigned", costs.assigned, "borne by customers"),
        ("cost_retained", costs.retained, "kept at its level of the cost hierarchy"),
        ("cost_unused", costs.unused, "unused capacity that nobody bears"),
        ("cost_unassigned", costs.unassigned, "without share or driver volume"),
        ("cost_variance", costs.variance, "left over (or under, if negative) by standard rates"),
        ("cost_overdriven", costs.overdriven, "assigned beyond the pools' cost"),
        ("customer_profit", profit.profit, "customer profit of all customers"),
    ] {
        let column = Column::new(name, ColumnKind::Total(facts.money_scale), currency.clone(), meaning);
        sheet.totals(column, vec![Some(amount)]);
    }
    let seconds = timings.iter().map(|timing| timing.seconds).sum();
    let column = Column::new("seconds", ColumnKind::Float, "seconds", "wall time before the commit");
    sheet.floats(column, [Some(seconds)]);
    sheet
}
