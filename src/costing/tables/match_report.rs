//! `match`: rows of each source that no driver uses, and activities with cost that no row matches.

use crate::costing::schema::{Costing, PeriodCosting};
use crate::facts::schema::SourceMatch;
use crate::publish::TableFormat;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::Period;

/// One row per source and period, and one per activity without volume and period.
pub fn match_report(
    costing: &Costing,
    format: TableFormat<'_>,
    sources: &[(Period, Vec<SourceMatch>)],
) -> Sheet {
    let of_sources = sources
        .iter()
        .flat_map(|(period, matches)| matches.iter().map(|found| Row::of_source(*period, found)));
    let mut rows: Vec<Row> = of_sources.collect();
    rows.extend(costing.periods.iter().flat_map(|period| unmatched(costing, period)));
    rows.sort_by_key(|row| row.period.start);
    let mut draft = format.draft("match", "source or activity and period", None, &rows);
    draft.day("period_start", "First day of the period", |row| row.period.start);
    let meaning = "source, or activity: one with cost to give that no row matches";
    draft.name("kind", meaning, |row| row.kind);
    draft.name("name", "Which of them", |row| row.name);
    let count = |name, meaning| Column::new(name, ColumnKind::Total(0), "rows", meaning);
    draft.wide(count("rows", "Rows in the facts"), |row| row.rows);
    draft.wide(count("matched_rows", "Of these, counted or added up by some driver"), |row| row.matched);
    draft.wide(count("unmatched_rows", "Of these, used by no driver"), Row::unmatched);
    let meaning = "Net revenue of the unmatched rows; cost that no row matches; null for event sources";
    draft.total("unmatched_amount", meaning, |row| row.amount);
    draft.finish()
}

struct Row<'c> {
    period: Period,
    kind: &'static str,
    name: &'c str,
    rows: Option<i128>,
    matched: Option<i128>,
    amount: Option<i128>,
}

impl<'c> Row<'c> {
    fn of_source(period: Period, found: &'c SourceMatch) -> Self {
        Self {
            period,
            kind: "source",
            name: &found.source,
            rows: Some(i128::from(found.rows)),
            matched: Some(i128::from(found.matched)),
            amount: found.unmatched_net_revenue,
        }
    }

    fn unmatched(&self) -> Option<i128> {
        Some(self.rows? - self.matched?)
    }
}

/// Activities whose driver finds no volume for the cost they have.
fn unmatched<'c>(costing: &'c Costing, period: &'c PeriodCosting) -> impl Iterator<Item = Row<'c>> {
    let rows = costing.activities.iter().zip(&period.activities);
    let idle = rows.filter(|(activity, costed)| activity.driver.is_some() && costed.volume == 0);
    idle.map(|(activity, costed)| Row {
        period: period.period,
        kind: "activity",
        name: &activity.name,
        rows: None,
        matched: None,
        amount: Some(i128::from(costed.cost) - costed.passed_on_total()),
    })
}
