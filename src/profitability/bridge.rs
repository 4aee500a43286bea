//! `bridge` and `bridge_part`: why contribution and customer profit changed from one span to another, of all customers.

use super::bridge_sums::BridgeSums;
use super::comparing::Service;
use super::comparison::Comparison;
use super::customer_change::BELOW_CONTRIBUTION;
use super::lines::CostLine;
use super::step::{Effects, Step};
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::Period;

/// What the tables of all comparisons share.
#[derive(Clone, Copy)]
pub(crate) struct BridgeTables<'r> {
    pub(crate) format: TableFormat<'r>,
    pub(crate) periods: &'r [Period],
    /// Names of product groups.
    pub(crate) groups: &'r [String],
    pub(crate) services: &'r [Service<'r>],
}

/// A row of `bridge`: a level, or a step from one to the other.
struct StepRow<'r> {
    comparison: &'r Comparison,
    measure: &'static str,
    number: i64,
    name: &'static str,
    is_level: bool,
    amount: i128,
}

/// A row of `bridge_part`.
struct PartRow<'r> {
    comparison: &'r Comparison,
    step: Step,
    kind: &'static str,
    name: &'r str,
    amount: i128,
}

/// The measures that have a bridge.
pub(crate) const CONTRIBUTION: &str = "contribution";
pub(crate) const CUSTOMER_PROFIT: &str = "customer profit";

impl<'r> BridgeTables<'r> {
    /// `bridge`, of these comparisons.
    pub(crate) fn bridge(self, sums: &[(&Comparison, &BridgeSums)]) -> Sheet {
        let rows: Vec<StepRow<'_>> =
            sums.iter().flat_map(|(comparison, sums)| step_rows(comparison, sums)).collect();
        let grain = "comparison of two spans, measure and step";
        let mut draft = self.format.draft("bridge", grain, Some("period"), &rows);
        self.add_comparison(&mut draft, |row| row.comparison);
        let meaning = "contribution, or customer profit, of which the change of contribution is one step";
        draft.name("measure", meaning, |row| row.measure);
        draft.count("step_number", "", "Order of the steps", |row| row.number);
        draft.name("step", STEP, |row| row.name);
        let meaning = "Whether it is the measure before or after; the others lead from one to the other";
        draft.flag("is_level", meaning, |row| row.is_level);
        draft.total("amount", "The measure, or effect on it", |row| row.amount);
        draft.finish()
    }

    /// `bridge_part`, of these comparisons.
    pub(crate) fn bridge_part(self, sums: &[(&Comparison, &BridgeSums)]) -> Sheet {
        let mut rows = Vec::new();
        for (comparison, sums) in sums {
            for step in Step::ALL {
                let groups = self.groups.iter().map(String::as_str).zip(&sums.groups);
                add_parts(&mut rows, comparison, step, "product group", groups);
                let services = self.services.iter().map(|service| service.activity.name.as_str());
                add_parts(&mut rows, comparison, step, "activity", services.zip(&sums.services));
            }
        }
        let grain = "comparison of two spans, step, and product group or activity";
        let mut draft = self.format.draft("bridge_part", grain, Some("period"), &rows);
        self.add_comparison(&mut draft, |row| row.comparison);
        draft.name("step", "Step of bridge, measure contribution, that it is part of", |row| row.step.name());
        draft.name("kind", "product group or activity", |row| row.kind);
        draft.name("name", "Which of them", |row| row.name);
        draft.total("amount", "Effect on contribution; the parts of a step add up to it", |row| row.amount);
        draft.finish()
    }

    fn add_comparison<'t, R>(self, draft: &mut Draft<'t, R>, of: impl Fn(&'t R) -> &'t Comparison + Copy) {
        draft.name("comparison", COMPARISON, move |row| of(row).name);
        draft.name("span", SPAN, move |row| of(row).span);
        let periods = self.periods;
        draft.day("period_start", PERIOD, move |row| periods[of(row).after.start].start);
        draft.day("period_until", PERIOD_UNTIL, move |row| periods[of(row).after.end - 1].end());
        draft.day("compared_period_start", COMPARED, move |row| periods[of(row).before.start].start);
        draft.day("compared_period_until", COMPARED_UNTIL, move |row| periods[of(row).before.end - 1].end());
    }
}

/// Both bridges of a comparison.
fn step_rows<'r>(comparison: &'r Comparison, sums: &BridgeSums) -> Vec<StepRow<'r>> {
    let effects = sums.effects();
    let steps = Step::ALL.into_iter().zip(effects).map(|(step, amount)| (step.name(), amount)).collect();
    let ends = [("contribution before", sums.before), ("contribution", sums.after)];
    let mut rows = chain(comparison, CONTRIBUTION, ends, steps);
    let mut steps = vec![("change of contribution", effects.iter().sum())];
    let below = BELOW_CONTRIBUTION.into_iter().zip(sums.below);
    // Most companies have no other currency.
    let is_shown = |(line, amount): &(CostLine, i128)| *line != CostLine::ExchangeDifference || *amount != 0;
    steps.extend(below.filter(is_shown).map(|(line, amount)| (line_name(line), amount)));
    let ends = [("customer profit before", sums.profit.0), ("customer profit", sums.profit.1)];
    rows.extend(chain(comparison, CUSTOMER_PROFIT, ends, steps));
    rows
}

/// From one level over the steps to the other.
fn chain<'r>(
    comparison: &'r Comparison,
    measure: &'static str,
    [first, last]: [(&'static str, i128); 2],
    steps: Vec<(&'static str, i128)>,
) -> Vec<StepRow<'r>> {
    let ends = steps.len() + 1;
    let amounts = [first].into_iter().chain(steps).chain([last]);
    let row = |(number, (name, amount))| StepRow {
        comparison,
        measure,
        number,
        name,
        is_level: number == 0 || usize::try_from(number) == Ok(ends),
        amount,
    };
    (0_i64..).zip(amounts).map(row).collect()
}

fn line_name(line: CostLine) -> &'static str {
    match line {
        CostLine::CustomerLevel => "customer-level cost",
        CostLine::Financing => "financing cost",
        CostLine::ExchangeDifference => "exchange difference",
        _ => "acquisition cost",
    }
}

fn add_parts<'r>(
    rows: &mut Vec<PartRow<'r>>,
    comparison: &'r Comparison,
    step: Step,
    kind: &'static str,
    parts: impl Iterator<Item = (&'r str, &'r Effects)>,
) {
    let amounts = parts.map(|(name, effects)| (name, effects[step as usize]));
    let some = amounts.filter(|(_, amount)| *amount != 0);
    rows.extend(some.map(|(name, amount)| PartRow { comparison, step, kind, name, amount }));
}

/// Meanings of the columns that all bridges have.
pub(crate) const COMPARISON: &str =
    "period before: the span before it, or year before: the same span of the year before, 52 weeks of weeks";
pub(crate) const SPAN: &str = "What is compared: period, quarter, year, or year to date: the year of the last complete period, up to it";
pub(crate) const PERIOD: &str = "First day of the span";
pub(crate) const PERIOD_UNTIL: &str = "Exclusive end of the span";
pub(crate) const COMPARED: &str = "First day of the span that it is compared with";
pub(crate) const COMPARED_UNTIL: &str = "Exclusive end of the span that it is compared with";

const STEP: &str = "The measure before and after; between them, in the order of substitution: customers who bought in the span and not in \
                    the compared one, new or returned; those who bought in the compared one alone; then of all others, customer \
                    by customer: volume at the old mix, product mix, list value, discount, returns and product cost per unit, \
                    price concessions, driver volume per unit sold, what a unit of it costs; from contribution to customer \
                    profit, the change of each line";
