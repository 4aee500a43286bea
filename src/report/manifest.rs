//! The run's own account in the release's manifest.

use super::total_rows;
use crate::costing::schema::CostTotals;
use crate::expect::Checked;
use crate::facts::FactSet;
use crate::facts::schema::Identity;
use crate::pipeline::Definition;
use crate::profitability::Summary;
use crate::run::Timing;
use crate::units::format_fixed;
use serde_json::{Value, json};

/// Identity, inputs with digests, definition digest, timings, rows, control totals, kept state.
pub fn manifest(
    definition: &Definition,
    facts: &FactSet,
    costs: &CostTotals,
    profit: &Summary,
    timings: &[Timing],
    checks: &[Checked],
    ledgers: &[Identity],
) -> Value {
    let money = |amount: i128| format_fixed(amount, facts.money_scale);
    let total = total_rows(facts);
    let sources: Vec<Value> = facts
        .accounts()
        .iter()
        .map(|(name, files, rows)| match facts.tables.get(name) {
            Some(table) => json!({ "source": name, "files": files, "rows": rows, "table": table }),
            None => json!({ "source": name, "files": files, "rows": rows }),
        })
        .collect();
    let state: Vec<String> =
        facts.record.state_files().map(|file| format!("facts/{}.arrow", file.digest)).collect();
    json!({
        "abacus": env!("CARGO_PKG_VERSION"),
        "pipeline": definition.name,
        "definition": { "path": definition.path.to_string_lossy(), "digest": definition.digest, "text": definition.text },
        "as_of": facts.as_of.to_string(),
        "currency": definition.facts.currency,
        "rows": total,
        "sources": sources,
        "control_totals": {
            "customers": profit.customers,
            "prospects": profit.prospects,
            "cost_input": money(costs.input),
            "cost_imputed": money(costs.imputed),
            "cost_assigned": money(costs.assigned),
            "cost_retained": money(costs.retained),
            "cost_unused": money(costs.unused),
            "cost_unassigned": money(costs.unassigned),
            "cost_variance": money(costs.variance),
            "cost_overdriven": money(costs.overdriven),
            "ledger_unclaimed": money(costs.unclaimed),
            "customer_profit": money(profit.profit),
        },
        "checks": checks,
        "timings": timings,
        "state": state,
        "ledgers": ledgers,
        "facts": facts.record,
    })
}
