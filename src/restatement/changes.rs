//! What changed in the control totals of a release, by period and cause.

use super::counterfactual::Counterfactual;
use super::period_totals::{PeriodTotals, ROWS};
use super::restated::Restated;
use super::sides::Sides;
use crate::units::Decimal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Causes of rows, by what became of a period.
const NEW_ROWS: &str = "new rows";
const LATE_ROWS: &str = "late rows";
const REMOVED_ROWS: &str = "removed rows";
const CHANGED_ROWS: &str = "changed rows";
const LEDGER: &str = "changed ledger";

/// The parts of every control total's change from one release's manifest to another's; without `counterfactual`, causes
/// that meet in a period are one.
pub fn restated(
    before: &Value,
    after: &Value,
    sides: &Sides,
    counterfactual: Option<&Counterfactual>,
) -> Vec<Restated> {
    let (then, mut now) = (PeriodTotals::of_release(before), PeriodTotals::of_release(after));
    if then.is_empty() {
        // An earlier program kept no totals by period: only those of the whole run can be compared.
        now.clear();
    }
    let none = PeriodTotals::default();
    let mut parts = Vec::new();
    let periods: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    for period in periods {
        let (was, is) = (then.get(period).unwrap_or(&none), now.get(period).unwrap_or(&none));
        let steps = steps(period, was, is, then.contains_key(period), sides, counterfactual);
        for name in was.names().chain(is.names()).collect::<BTreeSet<_>>() {
            let mut at = was.get(name);
            for (cause, totals) in &steps {
                let to = totals.get(name);
                parts.extend(part(name, Some(period), cause, was.get(name), at, to));
                at = to;
            }
        }
    }
    parts.extend(outside_periods(before, after, &then, &now, sides));
    parts
}

fn part(
    name: &str,
    period: Option<&String>,
    cause: &str,
    before: Decimal,
    from: Decimal,
    to: Decimal,
) -> Option<Restated> {
    let change = difference(from, to);
    (change.mantissa != 0).then(|| Restated {
        control_total: name.to_owned(),
        period: period.cloned(),
        cause: cause.to_owned(),
        change,
        before,
    })
}

/// From one release to the other: each cause, and the totals of the period once it is substituted.
fn steps<'t>(
    period: &str,
    was: &'t PeriodTotals,
    is: &'t PeriodTotals,
    is_known: bool,
    sides: &Sides,
    counterfactual: Option<&'t Counterfactual>,
) -> Vec<(String, &'t PeriodTotals)> {
    let rows = rows_cause(was, is, is_known);
    if !is_known || !(sides.ledgers || sides.program || !sides.definition.is_empty()) {
        return vec![(rows.to_owned(), is)];
    }
    let costed = counterfactual.and_then(|of| Some((of.ledgers.get(period)?, of.definition.get(period)?)));
    if let Some((by_ledgers, by_definition)) = costed {
        let first = match (sides.program, sides.ledgers) {
            (false, _) => LEDGER.to_owned(),
            (true, false) => program(),
            (true, true) => format!("{LEDGER}, {}", program()),
        };
        return vec![(first, by_ledgers), (definition(sides), by_definition), (rows.to_owned(), is)];
    }
    let mut causes = Vec::new();
    causes.extend(sides.ledgers.then(|| LEDGER.to_owned()));
    causes.extend((!sides.definition.is_empty()).then(|| definition(sides)));
    causes.extend(sides.program.then(program));
    causes.extend((!sides.same_facts.contains(period)).then(|| rows.to_owned()));
    vec![(causes.join(", "), is)]
}

fn program() -> String {
    "another version of abacus".to_owned()
}

fn definition(sides: &Sides) -> String {
    let shown = sides.definition.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    match sides.definition.len() {
        0..=3 => format!("changed definition: {shown}"),
        keys => format!("changed definition: {shown} and {} more", keys - 3),
    }
}

fn rows_cause(was: &PeriodTotals, is: &PeriodTotals, is_known: bool) -> &'static str {
    match is.get(ROWS).mantissa.cmp(&was.get(ROWS).mantissa) {
        _ if !is_known => NEW_ROWS,
        std::cmp::Ordering::Greater => LATE_ROWS,
        std::cmp::Ordering::Less => REMOVED_ROWS,
        std::cmp::Ordering::Equal => CHANGED_ROWS,
    }
}

/// What the totals of the run hold beyond those of its periods, such as the cost of winning customers before the history;
/// and totals that no period has, such as customer equity.
fn outside_periods(
    before: &Value,
    after: &Value,
    then: &BTreeMap<String, PeriodTotals>,
    now: &BTreeMap<String, PeriodTotals>,
    sides: &Sides,
) -> Vec<Restated> {
    let names = [before, after].into_iter().filter_map(|run| run["control_totals"].as_object());
    let names: BTreeSet<&String> = names.flat_map(|totals| totals.keys()).collect();
    let mut parts = Vec::new();
    for name in names {
        let rest = |run: &Value, periods: &BTreeMap<String, PeriodTotals>| {
            let whole = total(&run["control_totals"][name.as_str()]);
            periods.values().fold(whole, |rest, totals| difference(totals.get(name), rest))
        };
        let (from, to) = (rest(before, then), rest(after, now));
        let cause =
            if name == "customer_equity" { equity_cause(before, after, sides) } else { whole_cause(sides) };
        parts.extend(part(name, None, &cause, from, from, to));
    }
    parts
}

/// Lifetime values follow from the history of purchases, from what it brought, and from the models.
fn equity_cause(before: &Value, after: &Value, sides: &Sides) -> String {
    let models = |run: &Value| run["clv"]["segments"].clone();
    if models(before) == models(after) {
        whole_cause(sides)
    } else {
        "changed models and what they follow from".to_owned()
    }
}

fn whole_cause(sides: &Sides) -> String {
    let mut causes = Vec::new();
    causes.extend(sides.rows.then(|| "rows of all periods".to_owned()));
    causes.extend(sides.ledgers.then(|| LEDGER.to_owned()));
    causes.extend((!sides.definition.is_empty()).then(|| definition(sides)));
    causes.extend(sides.program.then(program));
    causes.join(", ")
}

/// Counts are numbers in the manifest, and money is text.
fn total(value: &Value) -> Decimal {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.parse().unwrap_or(Decimal::ZERO)
}

/// `to` − `from`, at the finer scale of both.
pub(super) fn difference(from: Decimal, to: Decimal) -> Decimal {
    let scale = from.scale.max(to.scale);
    let at = |number: Decimal| number.at_scale(scale).expect("control totals have room for some more digits");
    Decimal { mantissa: at(to) - at(from), scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(periods: &Value, profit: &str) -> Value {
        json!({ "period_totals": periods, "control_totals": { "customers": 7, "customer_profit": profit } })
    }

    fn shown(parts: &[Restated]) -> Vec<String> {
        let line = |part: &Restated| {
            let period = part.period.as_deref().unwrap_or("-");
            format!("{} {period} {}: {}", part.control_total, part.cause, part.change)
        };
        parts.iter().map(line).collect()
    }

    #[test]
    fn rows_of_a_period_are_new_late_removed_or_changed() {
        let before = run(
            &json!({ "2024-01-01": { "rows": "10", "customer_profit": "5.00" },
                     "2024-02-01": { "rows": "10", "customer_profit": "5.00" },
                     "2024-03-01": { "rows": "10", "customer_profit": "5.00" } }),
            "14.00",
        );
        let after = run(
            &json!({ "2024-01-01": { "rows": "11", "customer_profit": "7.00" },
                     "2024-02-01": { "rows": "8", "customer_profit": "4.50" },
                     "2024-03-01": { "rows": "10", "customer_profit": "5.25" },
                     "2024-04-01": { "rows": "3", "customer_profit": "1.00" } }),
            "17.00",
        );
        let parts = restated(&before, &after, &Sides { rows: true, ..Sides::default() }, None);
        let expected = [
            "customer_profit 2024-01-01 late rows: 2.00",
            "rows 2024-01-01 late rows: 1",
            "customer_profit 2024-02-01 removed rows: -0.50",
            "rows 2024-02-01 removed rows: -2",
            "customer_profit 2024-03-01 changed rows: 0.25",
            "customer_profit 2024-04-01 new rows: 1.00",
            "rows 2024-04-01 new rows: 3",
            "customer_profit - rows of all periods: 0.25",
        ];
        assert_eq!(shown(&parts), expected);
    }

    #[test]
    fn of_a_release_without_totals_by_period_only_the_whole_is_compared() {
        let before = json!({ "control_totals": { "customer_profit": "5.00" } });
        let after = run(&json!({ "2024-01-01": { "rows": "1", "customer_profit": "6.00" } }), "6.00");
        let parts = restated(&before, &after, &Sides { program: true, ..Sides::default() }, None);
        let expected =
            ["customer_profit - another version of abacus: 1.00", "customers - another version of abacus: 7"];
        assert_eq!(shown(&parts), expected);
    }

    #[test]
    fn causes_are_substituted_one_after_another() {
        let period = |profit: &str| json!({ "2024-01-01": { "rows": "10", "customer_profit": profit } });
        let (before, after) = (run(&period("5.00"), "5.00"), run(&period("9.00"), "9.00"));
        let sides =
            Sides { definition: vec!["costing.activity".to_owned()], ledgers: true, ..Sides::default() };
        let of = |profit: &str| PeriodTotals::of_release(&run(&period(profit), profit));
        let costed = Counterfactual { ledgers: of("4.00"), definition: of("6.00") };
        let parts = restated(&before, &after, &sides, Some(&costed));
        let expected = [
            "customer_profit 2024-01-01 changed ledger: -1.00",
            "customer_profit 2024-01-01 changed definition: costing.activity: 2.00",
            "customer_profit 2024-01-01 changed rows: 3.00",
        ];
        assert_eq!(shown(&parts), expected);
        let parts = restated(&before, &after, &sides, None);
        let all = "customer_profit 2024-01-01 changed ledger, changed definition: costing.activity, changed rows: 4.00";
        assert_eq!(shown(&parts), [all]);
    }
}
