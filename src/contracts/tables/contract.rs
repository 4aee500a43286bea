//! `contract`: every contract, how it stands and what it is still going to bring.

use super::super::contract::Fate;
use super::super::valuation::Valued;
use super::super::writing::Writing;
use crate::publish::schema::Sheet;
use crate::units::{Day, Fixed18};

/// Contracts of consecutive customers.
pub(in super::super) fn sheet(writing: &Writing<'_>, rows: &[Valued<'_>]) -> Sheet {
    let context = writing.context;
    let mut draft = context.format.draft("contract", "contract, by customer, key and start", None, rows);
    let whose = rows.iter().map(|row| row.contract.first().who);
    draft.customer("Customer", writing.customers.ids(whose), false);
    let meaning = "The contract's own key; one that ended and began again, or changed its term, is a new contract with the same key";
    draft.text("contract", meaning, |row| {
        writing.contracts.keys[row.contract.first().contract as usize].as_str()
    });
    draft.day("started_on", "First day covered", |row| Day(row.contract.first().started));
    draft.day("ended_on", "The day it ended; null while it runs", |row| row.contract.ended().map(Day));
    let meaning = "Months from one renewal to the next";
    draft.count("term_months", "months", meaning, |row| row.contract.first().term_months);
    let meaning = "Plan it began with, by which it is counted and forecast: only contracts that last come to another; (none): without one, all: no plans are declared";
    draft.name("plan", meaning, |row| context.plan(row.contract.first().plan));
    draft
        .name("last_plan", "Plan it has, or had when it ended", |row| context.plan(row.contract.last().plan));
    let meaning = "running, or ended before the as-of date";
    draft.name("status", meaning, |row| if row.seen.fate == Fate::Running { "running" } else { "ended" });
    draft.money("price", "What the customer pays per term, or paid last", |row| {
        Fixed18::of_column(row.contract.last().price)
    });
    draft.money("cost", "Cost per term that ends with the contract", |row| {
        Fixed18::of_column(row.contract.last().cost)
    });
    draft.count("renewals", "renewals", "Renewals that it lived through", |row| row.seen.renewals);
    draft.day("next_renewal_on", "The next renewal; null of one that ended", |row| row.next_renewal);
    let meaning = "Probability that it is renewed then; null of one that ended";
    draft.float("renewal_probability", "1", meaning, |row| row.renewal_probability);
    let meaning = "Expected renewals to come, discounted to the as-of date: the discounted expected residual lifetime, paid in advance";
    draft.float("discounted_terms", "terms", meaning, |row| row.discounted_terms);
    let meaning = "discounted_terms × (price − cost); null where no model has a fit";
    draft.money("residual_value", meaning, |row| row.residual);
    for (number, horizon) in context.horizons.iter().enumerate() {
        let meaning = format!("The part of it from renewals within {}", horizon.length);
        draft.money(format!("value_within_{}", horizon.column), meaning, move |row| row.within[number]);
    }
    draft.finish()
}
