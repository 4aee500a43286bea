//! `contract_summary`: contracts of each term and plan, and what they are still going to bring.

use super::super::choice::Choice;
use super::super::fit::life_table;
use super::super::valuation::Valuer;
use super::super::writing::Worth;
use super::TableContext;
use crate::publish::schema::Sheet;

/// A group, and what its contracts are worth.
pub(in super::super) type SummaryRow<'r> = (&'r Valuer<'r>, Worth);

pub(in super::super) fn contract_summary<'r>(context: TableContext<'r>, rows: &'r [SummaryRow<'r>]) -> Sheet {
    let mut draft = context.format.draft("contract_summary", "term and plan", None, rows);
    draft.as_of();
    context.add_group(&mut draft, |row| row.0.group);
    let tally = |row: &'r SummaryRow<'r>| &row.0.group.tally;
    draft.count("contracts", "contracts", "Contracts that began before the as-of date", move |row| {
        tally(row).contracts
    });
    draft.count("running", "contracts", "Of these, those that run", move |row| tally(row).running);
    let due = move |row| life_table(&tally(row).counts).iter().map(|renewal| renewal.due).sum::<u64>();
    draft.count("renewals_due", "renewals", "Renewals that came due before the as-of date", due);
    let meaning = "Of these, renewals at which the contract was lost";
    draft.count("lost", "renewals", meaning, move |row| tally(row).counts.total_lost());
    draft.total("price", "What customers of running contracts pay per term", move |row| tally(row).price);
    draft.total("cost", "What they cost per term", move |row| tally(row).cost);
    let choice = |row: &'r SummaryRow<'r>| row.0.group.choice.as_ref();
    let meaning = "Model by which contracts are valued; null where none has a fit, see contract_model";
    draft.name("model", meaning, move |row| choice(row).map(|choice| choice.model.word()));
    let meaning = "declared: contracts.model; holdout: the best in contract_backtest, when it was chosen: it is kept until --reselect; first with a fit: there is no holdout";
    draft.name("chosen_by", meaning, move |row| choice(row).map(|choice| choice.why.word()));
    let meaning = "own: its parameters are those of the row's contracts; term: those of all contracts of the term, as fewer than 30 of the plan were lost";
    draft.name("fitted_to", meaning, move |row| choice(row).map(Choice::fitted_to));
    let meaning = "Expected terms of a new contract, discounted, the first one counted in full: the discounted expected lifetime";
    draft.float("new_discounted_terms", "terms", meaning, |row| row.0.new_terms());
    let meaning = "What running contracts are still going to bring: the sum of contract.residual_value; null where no model has a fit";
    draft.total("residual_value", meaning, |row| row.1.residual);
    for (number, horizon) in context.horizons.iter().enumerate() {
        let meaning = format!("The part of it from renewals within {}", horizon.length);
        draft.total(format!("value_within_{}", horizon.column), meaning, move |row| row.1.within[number]);
    }
    draft.finish()
}

impl Choice {
    fn fitted_to(&self) -> &'static str {
        if self.is_pooled { "term" } else { "own" }
    }
}
