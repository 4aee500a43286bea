//! `treatment`: rules and what they did, and what the run says of them.

use super::groups::Totals;
use super::layout::{Layout, count, name, whole};
use super::rules::RuleCounts;
use crate::pipeline::{Definition, TreatmentDef};
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// `treatment`: a row per rule, and one for customers whom none holds for.
pub(crate) fn sheet(
    layout: &Layout<'_>,
    treatments: &[TreatmentDef],
    matched: &RuleCounts,
    totals: &[Totals],
    budgets: &[Option<i64>],
) -> Sheet {
    let rules: Vec<Option<&TreatmentDef>> = treatments.iter().map(Some).chain([None]).collect();
    let mut sheet = Sheet::new("treatment", "rule, and customers without", None);
    layout.add_as_of(&mut sheet, rules.len());
    let places = (0..rules.len()).map(|at| rules[at].map(|_| whole(at + 1))).collect();
    sheet.fixed_or_null(
        count("place", "", "The order in which rules are tried; null for customers without"),
        places,
    );
    let mut text = |column: Column, of: fn(&TreatmentDef) -> Option<&str>| {
        sheet.texts(column.nullable(), rules.iter().map(|rule| rule.and_then(of)));
    };
    text(name("treatment", "The treatment; null for customers whom no rule holds for"), |t| Some(&t.name));
    text(Column::new("rule", ColumnKind::Text, "", "As declared"), |t| Some(&t.when.text));
    text(name("attitude", "delight, care, adapt or let go"), |t| t.attitude.as_deref());
    text(name("next_action", "What to do next"), |t| t.action.as_deref());
    let unmatched = totals.last().map_or(0, |totals| totals.customers);
    let by_rule =
        |of: &dyn Fn(usize) -> usize| (0..treatments.len()).map(|rule| whole(of(rule))).collect::<Vec<_>>();
    let with_rest = |mut values: Vec<i64>, rest: usize| {
        values.push(whole(rest));
        values
    };
    let hits = with_rest(by_rule(&|rule| matched.hits[rule]), unmatched);
    sheet.fixed(count("hits", "customers", "Customers the rule holds for"), hits);
    let first = with_rest(by_rule(&|rule| totals[rule].customers), unmatched);
    sheet.fixed(count("customers", "customers", "Customers whom it is the first to hold for"), first);
    let overlap = with_rest(by_rule(&|rule| matched.taken[rule].iter().sum()), 0);
    sheet.fixed(count("overlap", "customers", "Customers it holds for that an earlier rule has"), overlap);
    let never = (0..rules.len()).map(|rule| matched.hits.get(rule) == Some(&0));
    sheet.flags(Column::new("never_matches", ColumnKind::Bool, "", "Whether it holds for nobody"), never);
    let zeros = with_rest(by_rule(&|rule| matched.zeros[rule].iter().sum()), 0);
    sheet
        .fixed(count("divisions_by_zero", "divisions", "Quotients that are null as the divisor is 0"), zeros);
    let budget = layout.total("budget", "Money for these customers; null where none is declared").nullable();
    let budgets = (0..rules.len()).map(|rule| budgets.get(rule).copied().flatten().map(i128::from));
    sheet.totals(budget, budgets.collect());
    let profit = layout.total("customer_profit", "Their customer profit");
    sheet.totals(profit, totals.iter().map(|totals| Some(totals.profit)).collect());
    sheet
}

/// What a person should know of the rules, with the place of each.
pub(crate) fn warnings(
    definition: &Definition,
    treatments: &[TreatmentDef],
    matched: &RuleCounts,
    unmatched: usize,
) -> Vec<String> {
    let mut told: Vec<String> =
        (0..treatments.len()).flat_map(|rule| of_rule(definition, treatments, matched, rule)).collect();
    if let Some(last) = treatments.last().filter(|_| unmatched > 0) {
        let place = definition.place(last.at);
        told.push(format!(
            "{place}: {unmatched} customers match no treatment; the table 'customer_segment' has them"
        ));
    }
    told
}

fn of_rule(
    definition: &Definition,
    treatments: &[TreatmentDef],
    matched: &RuleCounts,
    rule: usize,
) -> Vec<String> {
    let treatment = &treatments[rule];
    let mut told = Vec::new();
    let mut tell = |at, message: String| {
        told.push(format!("{}: treatment '{}' {message}", definition.place(at), treatment.name));
    };
    let taken: usize = matched.taken[rule].iter().sum();
    let at = treatment.when.at;
    if matched.hits[rule] == 0 {
        tell(at, "never matches".to_owned());
    } else if taken == matched.hits[rule] {
        tell(
            at,
            format!(
                "never comes first: earlier ones have all {taken} customers it holds for ({})",
                takers(treatments, matched, rule)
            ),
        );
    } else if taken > 0 {
        tell(
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
        tell(
            *at,
            format!(
                "divides by '{divisor}', which is 0 for {zeros} customers; the quotient is null for them"
            ),
        );
    }
    told
}

fn takers(treatments: &[TreatmentDef], matched: &RuleCounts, rule: usize) -> String {
    let takers = matched.taken[rule].iter().enumerate().filter(|(_, taken)| **taken > 0);
    let named = takers.map(|(earlier, taken)| format!("'{}' {taken}", treatments[earlier].name));
    named.collect::<Vec<_>>().join(", ")
}
