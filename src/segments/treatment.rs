//! `treatment`: rules and what they did, and what the run says of them.

use super::groups::Totals;
use super::rules::RuleCounts;
use crate::pipeline::{Definition, TreatmentDef};
use crate::publish::schema::Sheet;
use crate::publish::{NO_SEGMENT, TableFormat};

/// `treatment`: a row per rule, and one for customers whom none holds for.
pub(crate) fn sheet(
    format: TableFormat<'_>,
    treatments: &[TreatmentDef],
    matched: &RuleCounts,
    totals: &[Totals],
    budgets: &[Option<i64>],
) -> Sheet {
    let unmatched = totals.last().map_or(0, |totals| totals.customers);
    let rules = treatments.iter().map(Some).chain([None]);
    let rows: Vec<(usize, Option<&TreatmentDef>, &Totals)> =
        rules.zip(totals).enumerate().map(|(at, (rule, totals))| (at, rule, totals)).collect();
    let mut draft = format.draft("treatment", "rule, and customers without", None, &rows);
    draft.as_of();
    let meaning = "The order in which rules are tried; null for customers without";
    draft.count("place", "", meaning, |row| row.1.map(|_| row.0 + 1));
    let meaning = "The treatment; (none): customers whom no rule holds for";
    draft.name("treatment", meaning, |row| row.1.map_or(NO_SEGMENT, |treatment| &treatment.name));
    draft.text("rule", "As declared", |row| Some(&row.1?.when.text));
    draft.name("attitude", "delight, care, adapt or let go", |row| row.1?.attitude.as_deref());
    draft.name("next_action", "What to do next", |row| row.1?.action.as_deref());
    draft.count("hits", "customers", "Customers the rule holds for", |row| {
        row.1.map_or(unmatched, |_| matched.hits[row.0])
    });
    let meaning = "Customers whom it is the first to hold for";
    draft.count("customers", "customers", meaning, |row| row.2.customers);
    draft.count("overlap", "customers", "Customers it holds for that an earlier rule has", |row| {
        row.1.map_or(0, |_| matched.taken[row.0].iter().sum())
    });
    draft.flag("never_matches", "Whether it holds for nobody", |row| {
        row.1.is_some() && matched.hits[row.0] == 0
    });
    let meaning = "Quotients that are null as the divisor is 0";
    draft.count("divisions_by_zero", "divisions", meaning, |row| {
        row.1.map_or(0, |_| matched.zeros[row.0].iter().sum())
    });
    let meaning = "Money for these customers; null where none is declared";
    draft.total("budget", meaning, |row| budgets.get(row.0).copied().flatten());
    draft.total("customer_profit", "Their customer profit", |row| row.2.profit);
    draft.finish()
}

/// What a person should know of the rules, with the place of each.
pub(crate) fn warnings(
    definition: &Definition,
    treatments: &[TreatmentDef],
    matched: &RuleCounts,
    unmatched: usize,
) -> Vec<String> {
    let mut messages: Vec<String> =
        (0..treatments.len()).flat_map(|rule| of_rule(definition, treatments, matched, rule)).collect();
    if let Some(last) = treatments.last().filter(|_| unmatched > 0) {
        let place = definition.place(last.at);
        messages.push(format!(
            "{place}: {unmatched} customers match no treatment; the table 'customer_segment' has them"
        ));
    }
    messages
}

fn of_rule(
    definition: &Definition,
    treatments: &[TreatmentDef],
    matched: &RuleCounts,
    rule: usize,
) -> Vec<String> {
    let treatment = &treatments[rule];
    let mut messages = Vec::new();
    let mut warn = |at, message: String| {
        messages.push(format!("{}: treatment '{}' {message}", definition.place(at), treatment.name));
    };
    let taken: usize = matched.taken[rule].iter().sum();
    let at = treatment.when.at;
    if matched.hits[rule] == 0 {
        warn(at, "never matches".to_owned());
    } else if taken == matched.hits[rule] {
        warn(
            at,
            format!(
                "never comes first: earlier ones have all {taken} customers it holds for ({})",
                takers(treatments, matched, rule)
            ),
        );
    } else if taken > 0 {
        warn(
            at,
            format!(
                "overlaps: of {} customers it holds for, earlier ones have {taken} ({})",
                matched.hits[rule],
                takers(treatments, matched, rule)
            ),
        );
    }
    for ((divisor, at), zeros) in
        treatment.when.divisors.iter().zip(&matched.zeros[rule]).filter(|(_, zeros)| **zeros > 0)
    {
        warn(
            *at,
            format!(
                "divides by '{divisor}', which is 0 for {zeros} customers; the quotient is null for them"
            ),
        );
    }
    messages
}

fn takers(treatments: &[TreatmentDef], matched: &RuleCounts, rule: usize) -> String {
    let takers = matched.taken[rule].iter().enumerate().filter(|(_, taken)| **taken > 0);
    let named = takers.map(|(earlier, taken)| format!("'{}' {taken}", treatments[earlier].name));
    named.collect::<Vec<_>>().join(", ")
}
