//! `plan_result`: the flexible-budget report, from list revenue to the ledger's result.

use super::activities::ActivityRow;
use super::of_scenario::unclaimed;
use super::resources::{COMPLETE, ResourceRow};
use super::sales::{LINES, SalesRow};
use super::variances::{Meaning, Variances, add_columns};
use crate::costing::line_name;
use crate::costing::schema::{Costing, PeriodCosting, ResourceCosting};
use crate::pipeline::Line;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::Period;

/// One line of the report of one period.
pub(super) struct ResultRow {
    period: Period,
    is_complete: bool,
    number: i64,
    line: &'static str,
    is_level: bool,
    pub(super) variances: Variances,
}

/// What the report of a period is made of.
pub(super) struct Report<'r, 'c> {
    pub(super) costing: &'c Costing,
    pub(super) plan: Option<&'c PeriodCosting>,
    /// Of accounts that no resource claims.
    pub(super) planned_unclaimed: i128,
    pub(super) actual: &'c PeriodCosting,
    pub(super) resources: &'r [ResourceRow<'c>],
    pub(super) activities: &'r [ActivityRow<'c>],
    /// None where no sales are planned.
    pub(super) sales: Option<&'r [SalesRow<'c>]>,
    pub(super) is_complete: bool,
}

/// Lines of activities above and below contribution.
const ABOVE: [Line; 2] = [Line::PriceConcession, Line::CostToServe];
const BELOW: [Line; 5] =
    [Line::CustomerLevel, Line::Financing, Line::ExchangeDifference, Line::Acquisition, Line::Spread];

impl Report<'_, '_> {
    /// The lines of the report, levels among them; and the sum of its costs, as a positive number.
    pub(super) fn rows(&self) -> (Vec<ResultRow>, Variances) {
        let mut lines =
            Lines { report: self, rows: Vec::new(), sum: Variances::default(), cost: Variances::default() };
        if let Some(sales) = self.sales {
            for (place, (name, _)) in LINES.iter().enumerate() {
                lines.add(name, sales.iter().filter(|row| row.line == place).map(|row| row.variances));
            }
            lines.level("gross margin");
            lines.cost = Variances::default();
        }
        ABOVE.into_iter().for_each(|line| lines.of_activities(Some(line)));
        if self.sales.is_some() {
            lines.level("contribution");
        }
        BELOW.into_iter().for_each(|line| lines.of_activities(Some(line)));
        lines.of_activities(None);
        if let Some(plan) = self.plan {
            self.add_elsewhere(&mut lines, plan);
            let found = [lines.cost.planned, lines.cost.actual];
            let of_pools = [plan, self.actual].map(|period| self.costing.period_totals(period).input);
            let input = [of_pools[0] + self.planned_unclaimed, of_pools[1] + self.unclaimed()];
            let deducted = self.deducted();
            let expected = [input[0] + deducted.planned, input[1] + deducted.actual];
            assert_eq!(
                found,
                expected.map(|cost| -cost),
                "the lines of a plan add up to the money that came in"
            );
            lines.level(if self.sales.is_some() { "ledger result" } else { "total cost" });
        }
        (lines.rows, lines.cost.negated())
    }

    /// What activities do not have.
    fn add_elsewhere(&self, lines: &mut Lines<'_, '_>, plan: &PeriodCosting) {
        let imputed =
            self.activities.iter().filter(|row| row.activity.is_imputed && !row.activity.is_deducted);
        lines.add("contra of imputed activities", imputed.map(|row| row.variances));
        lines.add("unused capacity", self.resources.iter().map(|row| row.unused().negated()));
        let spending = |of: fn(&ResourceCosting) -> i64| {
            let sum = |period: &PeriodCosting| period.resources.iter().map(|r| -i128::from(of(r))).sum();
            Variances::of_spending(sum(plan), sum(self.actual))
        };
        lines.add("unassigned", [spending(|resource| resource.unassigned)]);
        lines.add("variance of standard rates", [spending(|resource| resource.variance)]);
        lines.add(
            "unclaimed ledger accounts",
            [Variances::of_spending(-self.planned_unclaimed, -self.unclaimed())],
        );
    }

    /// Price components off invoice and exchange differences: the company has them too, so no contra line stands against them.
    fn deducted(&self) -> Variances {
        let mut sum = Variances::default();
        let components = self.activities.iter().filter(|row| row.activity.is_deducted);
        components.for_each(|row| sum += row.variances);
        sum
    }

    fn unclaimed(&self) -> i128 {
        unclaimed(self.costing, self.actual)
    }
}

/// A report in the making.
struct Lines<'r, 'c> {
    report: &'r Report<'r, 'c>,
    rows: Vec<ResultRow>,
    sum: Variances,
    /// Of the lines below gross margin.
    cost: Variances,
}

impl Lines<'_, '_> {
    fn of_activities(&mut self, line: Option<Line>) {
        let name = line.map_or("retained at its level", line_name);
        let of_line = self.report.activities.iter().filter(|row| row.activity.line == line);
        self.add(name, of_line.map(|row| row.variances.negated()));
    }

    /// A line of what there is any of.
    fn add(&mut self, line: &'static str, parts: impl IntoIterator<Item = Variances>) {
        let mut sum = Variances::default();
        parts.into_iter().for_each(|part| sum += part);
        if sum != Variances::default() {
            self.sum += sum;
            self.cost += sum;
            self.push(line, false, sum);
        }
    }

    fn level(&mut self, line: &'static str) {
        self.push(line, true, self.sum);
    }

    fn push(&mut self, line: &'static str, is_level: bool, variances: Variances) {
        let (number, report) = (self.rows.len() as i64 + 1, self.report);
        let (period, is_complete) = (report.actual.period, report.is_complete);
        self.rows.push(ResultRow { period, is_complete, number, line, is_level, variances });
    }
}

/// `plan_result`.
pub(super) fn sheet(format: TableFormat<'_>, rows: &[ResultRow]) -> Sheet {
    let mut draft =
        format.draft("plan_result", "line of the flexible-budget report and planned period", None, rows);
    draft.day("period_start", "First day of the period", |row| row.period.start);
    draft.flag("is_complete", COMPLETE, |row| row.is_complete);
    draft.count("line_number", "", "Order of the lines", |row| row.number);
    let meaning = "What the amounts are: sales, costs of activities by their line of the waterfall, and what stays elsewhere; costs are \
                   negative";
    draft.name("line", meaning, |row| row.line);
    draft.flag("is_level", "Whether it is the sum of the lines before it, which are not", |row| row.is_level);
    add_columns(&mut draft, Meaning::Result, |row| &row.variances);
    draft.finish()
}
