//! `bridge` and `bridge_part`: why contribution changed from one period to another, of all customers.
//!
//! The effects are those of [`super::effects`]; that of prices is told by its kinds.

use super::effects::{Effect, Pair, Served, Service, Sold, effects};
use super::product_groups::PeriodGroups;
use crate::costing::schema::{ActivityCosting, Costing};
use crate::error::Result;
use crate::pipeline::Line;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::{Period, PeriodKind};

/// Two periods that are compared, by place, and why.
struct Comparison {
    name: &'static str,
    before: usize,
    after: usize,
}

/// A step from the contribution of the one period to that of the other.
struct Step<'r> {
    comparison: &'r Comparison,
    number: i64,
    name: &'static str,
    is_level: bool,
    amount: i128,
}

/// A part of a step.
struct Part<'r> {
    comparison: &'r Comparison,
    step: &'static str,
    kind: &'static str,
    name: String,
    amount: i128,
}

/// Steps in their order, between the levels.
const STEPS: [&str; 9] = [
    "volume",
    "mix",
    "list price",
    "discount",
    "returns",
    "product cost",
    "price concession",
    "service intensity",
    "driver rate",
];

/// Both tables: every period with the one before it, and with the same one a year before.
///
/// # Errors
/// A product that leaves 128 bits.
pub(crate) fn sheets(
    format: TableFormat<'_>,
    kind: PeriodKind,
    costing: &Costing,
    groups: &PeriodGroups<'_>,
) -> Result<[Sheet; 2]> {
    let periods: Vec<Period> = costing.periods.iter().map(|costed| costed.period).collect();
    let comparisons = comparisons(kind, &periods);
    let (mut steps, mut parts) = (Vec::new(), Vec::new());
    for comparison in &comparisons {
        compare(comparison, costing, groups, &mut steps, &mut parts)?;
    }
    Ok([bridge(format, &periods, &steps), bridge_part(format, &periods, &parts)])
}

fn comparisons(kind: PeriodKind, periods: &[Period]) -> Vec<Comparison> {
    let mut found: Vec<Comparison> = (1..periods.len())
        .map(|after| Comparison { name: "period before", before: after - 1, after })
        .collect();
    if kind == PeriodKind::Year {
        // The period before is the same one a year before.
        return found;
    }
    let year = kind.in_a_year();
    found.extend((year..periods.len()).map(|after| Comparison {
        name: "year before",
        before: after - year,
        after,
    }));
    found
}

fn compare<'r>(
    comparison: &'r Comparison,
    costing: &Costing,
    groups: &PeriodGroups<'_>,
    steps: &mut Vec<Step<'r>>,
    parts: &mut Vec<Part<'r>>,
) -> Result<()> {
    let [before, after] = [comparison.before, comparison.after];
    let sold: Vec<Pair<Sold>> = groups.pairs(before, after).collect();
    let mut served = Vec::new();
    for (place, activity) in costing.activities.iter().enumerate() {
        if [Some(Line::CostToServe), Some(Line::PriceConcession)].contains(&activity.line) {
            let [before, after] =
                [before, after].map(|period| of_activity(&costing.periods[period].activities[place]));
            let is_concession = activity.line == Some(Line::PriceConcession);
            served.push(Service { pair: Pair { name: activity.name.clone(), before, after }, is_concession });
        }
    }
    let contribution = |of_sold: fn(&Pair<Sold>) -> i128, cost: fn(&Service) -> i128| {
        sold.iter().map(of_sold).sum::<i128>() - served.iter().map(cost).sum::<i128>()
    };
    let start = contribution(|pair| pair.before.margin(), |service| service.pair.before.cost);
    let end = contribution(|pair| pair.after.margin(), |service| service.pair.after.cost);
    let mut amounts = [0; STEPS.len()];
    for effect in effects(&sold, &served)? {
        for part in &effect.parts {
            let name = step_of(&effect, part.kind);
            let step = STEPS.iter().position(|known| *known == name).expect("a step of the list");
            amounts[step] += part.amount;
            let (kind, of) = (kind_of(part.kind), part.name.clone());
            parts.push(Part { comparison, step: name, kind, name: of, amount: part.amount });
        }
    }
    assert_eq!(
        start + amounts.iter().sum::<i128>(),
        end,
        "the steps lead from one contribution to the other"
    );
    let level = |number, name, amount| Step { comparison, number, name, is_level: true, amount };
    steps.push(level(0, "contribution before", start));
    for ((number, name), amount) in (1..).zip(STEPS).zip(amounts) {
        steps.push(Step { comparison, number, name, is_level: false, amount });
    }
    steps.push(level(STEPS.len() as i64 + 1, "contribution", end));
    Ok(())
}

fn of_activity(costed: &ActivityCosting) -> Served {
    Served { volume: i128::from(costed.volume), cost: i128::from(costed.posted), rate: costed.rate }
}

/// The step of a part: that of prices by what it is of.
fn step_of(effect: &Effect, part: &'static str) -> &'static str {
    match effect.effect {
        "price" => part,
        "intensity" => "service intensity",
        "rate" => "driver rate",
        other => other,
    }
}

fn kind_of(part: &str) -> &'static str {
    match part {
        "activity" | "price concession" => "activity",
        _ => "product group",
    }
}

fn bridge(format: TableFormat<'_>, periods: &[Period], steps: &[Step<'_>]) -> Sheet {
    let mut draft = format.draft("bridge", "comparison of two periods, and step", None, steps);
    draft.name("comparison", COMPARISON, |step| step.comparison.name);
    draft.day("period_start", PERIOD, |step| periods[step.comparison.after].start);
    draft.day("compared_period_start", COMPARED, |step| periods[step.comparison.before].start);
    draft.count("step_number", "", "Order of the steps", |step| step.number);
    let meaning = "Contribution before and after; between them, in the order of substitution: volume at the old mix, product mix, list \
                   value, discount, returns and product cost per unit, price concessions, driver volume per unit sold, what a \
                   unit of it costs";
    draft.name("step", meaning, |step| step.name);
    let meaning = "Whether it is a contribution; the others lead from one to the other";
    draft.flag("is_level", meaning, |step| step.is_level);
    draft.total("amount", "Contribution, or effect on it", |step| step.amount);
    draft.finish()
}

fn bridge_part(format: TableFormat<'_>, periods: &[Period], parts: &[Part<'_>]) -> Sheet {
    let grain = "comparison of two periods, step, and product group or activity";
    let mut draft = format.draft("bridge_part", grain, None, parts);
    draft.name("comparison", COMPARISON, |part| part.comparison.name);
    draft.day("period_start", PERIOD, |part| periods[part.comparison.after].start);
    draft.day("compared_period_start", COMPARED, |part| periods[part.comparison.before].start);
    draft.name("step", "Step of bridge that it is part of", |part| part.step);
    draft.name("kind", "product group or activity", |part| part.kind);
    draft.name("name", "Which of them", |part| part.name.as_str());
    draft.total("amount", "Effect on contribution; the parts of a step add up to it", |part| part.amount);
    draft.finish()
}

const COMPARISON: &str =
    "period before, or year before: the same period of the year before, 52 weeks of weeks";
const PERIOD: &str = "First day of the period";
const COMPARED: &str = "First day of the period that it is compared with";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Day;

    #[test]
    fn periods_are_compared_with_the_one_before_and_a_year_before() {
        let months = |count: i32| -> Vec<Period> {
            (0..count).map(|month| Period::containing(PeriodKind::Month, Day(19_723 + 31 * month))).collect()
        };
        let places = |kind, count| -> Vec<(usize, usize)> {
            comparisons(kind, &months(count)).iter().map(|of| (of.before, of.after)).collect()
        };
        assert_eq!(places(PeriodKind::Month, 14)[12..], [(12, 13), (0, 12), (1, 13)]);
        assert_eq!(places(PeriodKind::Year, 3), [(0, 1), (1, 2)]);
        assert_eq!(places(PeriodKind::Quarter, 5), [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]);
        assert!(places(PeriodKind::Week, 1).is_empty());
    }
}
