//! The published table `run`: one row about the run, for a dashboard's footer.

use super::total_rows;
use crate::costing::schema::CostTotals;
use crate::facts::FactSet;
use crate::pipeline::Definition;
use crate::profitability::Summary;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::run::Timing;

/// One row: identity, rows, money, time.
pub fn run_table(
    definition: &Definition,
    facts: &FactSet,
    costs: &CostTotals,
    profit: &Summary,
    timings: &[Timing],
) -> Sheet {
    let rows = [total_rows(facts)];
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let mut draft = format.draft("run", "one row, about the run that made the release", None, &rows);
    draft.text("pipeline", "name of the pipeline", |_| &definition.name);
    draft.text("abacus_version", "version of the program", |_| env!("CARGO_PKG_VERSION"));
    draft.text("definition_digest", "BLAKE3 of the pipeline file", |_| &definition.digest);
    draft.text("currency", "currency of all money", |_| format.currency);
    draft.day("as_of_date", "first day left out", |_| facts.as_of);
    draft.count("rows_read", "rows", "rows of all sources", |rows| rows.read);
    draft.count("rows_used", "rows", "rows in the facts", |rows| rows.used);
    draft.count("rows_quarantined", "rows", "rows that broke the row contract", |rows| rows.quarantined);
    let meaning = "rows excluded by where, and identical duplicates";
    draft.count("rows_excluded", "rows", meaning, |rows| rows.excluded);
    draft.count("rows_after_as_of", "rows", "rows on the as-of date or later", |rows| rows.after_as_of);
    if definition.facts.transactions.intercompany.is_some() {
        let meaning = "lines between companies of the group, which no customer has";
        draft.count("rows_eliminated", "rows", meaning, |rows| rows.eliminated);
    }
    let meaning = "customers with a sale line or a return line";
    draft.count("customers", "rows", meaning, |_| profit.customers);
    draft.count("prospects", "rows", "customers without either", |_| profit.prospects);
    draft.total("cost_input", "cost of all resource pools", |_| costs.input);
    draft.total("cost_imputed", "assigned to customers without a pool behind it", |_| costs.imputed);
    draft.total("cost_assigned", "assigned to customers", |_| costs.assigned);
    draft.total("cost_retained", "kept at its level of the cost hierarchy", |_| costs.retained);
    draft.total("cost_unused", "unused capacity that is charged to no customer", |_| costs.unused);
    draft.total("cost_unassigned", "without share or driver volume", |_| costs.unassigned);
    let meaning = "left over (or under, if negative) by standard rates";
    draft.total("cost_variance", meaning, |_| costs.variance);
    draft.total("cost_overdriven", "assigned beyond the pools' cost", |_| costs.overdriven);
    draft.total("customer_profit", "customer profit of all customers", |_| profit.profit);
    draft.float("seconds", "seconds", "wall time before the commit", |_| {
        timings.iter().map(|timing| timing.seconds).sum::<f64>()
    });
    draft.finish()
}
