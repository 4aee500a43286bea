//! `satisfaction`: gaps between performance and expectation, who is delighted, and complaints.

use super::answers::{Board, Cell, Satisfaction};
use super::complaints::Complaints;
use super::cuts::{Cuts, PERIOD, Segment};
use super::history::Active;
use super::importance::Derived;
use super::sums::share;
use super::weighting::{best_shares, weighted};
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use std::collections::{BTreeMap, BTreeSet};

/// One attribute, the offer as a whole, or all attributes weighted.
struct Row<'r> {
    segment: Segment,
    level: &'static str,
    name: Option<&'r str>,
    cell: Cell,
    /// Weighted by importance, in place of the cell's.
    weighted: Option<[Option<f64>; 3]>,
    customers: Option<i64>,
    complaints: Option<Complaints>,
}

/// What the table is made of.
#[derive(Clone, Copy)]
pub(crate) struct Heard<'r> {
    pub(crate) board: &'r Board<'r>,
    pub(crate) cuts: &'r Cuts,
    pub(crate) derived: &'r BTreeMap<Segment, Derived>,
    pub(crate) active: &'r Active,
    /// None where the pipeline has no complaints.
    pub(crate) complaints: Option<&'r BTreeMap<Segment, Complaints>>,
}

/// The tables of the whole history and of tracking periods.
pub(crate) fn sheets(format: TableFormat<'_>, heard: Heard<'_>) -> [Sheet; 2] {
    let mut segments: BTreeSet<Segment> = heard.board.segments().into_iter().collect();
    segments.extend(heard.complaints.iter().flat_map(|complaints| complaints.keys()));
    if heard.complaints.is_some() {
        segments.insert(Segment::ALL);
    }
    let rows: Vec<Row<'_>> = segments.into_iter().flat_map(|segment| rows_of(heard, segment)).collect();
    draw(format, heard.cuts, &rows)
}

fn rows_of<'r>(heard: Heard<'r>, segment: Segment) -> Vec<Row<'r>> {
    let board = heard.board;
    let items = board.items(segment, 0);
    let plain = |level, name, cell| Row {
        segment,
        level,
        name,
        cell,
        weighted: None,
        customers: None,
        complaints: None,
    };
    let mut rows: Vec<Row<'r>> =
        items.iter().map(|(item, cell)| plain("item", Some(board.name(*item)), **cell)).collect();
    let shares = best_shares(board, segment, heard.derived.get(&segment)).map(|(_, shares)| shares);
    if let Some(shares) = shares {
        let numbers: Vec<u32> = items.iter().map(|(item, _)| *item).collect();
        let mean = |score: fn(&Cell) -> Option<f64>| {
            weighted(&numbers, &shares, |item| board.cell(segment, 0, item).and_then(score))
        };
        let means = [
            mean(|cell| cell.expectation.mean()),
            mean(|cell| cell.performance.mean()),
            mean(|cell| cell.gap.mean()),
        ];
        rows.push(Row { weighted: Some(means), ..plain("weighted", None, Cell::default()) });
    }
    let overall = board.overall.and_then(|overall| board.cell(segment, 0, overall));
    rows.push(Row {
        customers: Some(heard.active.of(segment)),
        complaints: heard.complaints.map(|complaints| complaints.get(&segment).cloned().unwrap_or_default()),
        ..plain("overall", Some(&board.def.overall), overall.copied().unwrap_or_default())
    });
    rows
}

fn draw(format: TableFormat<'_>, cuts: &Cuts, rows: &[Row<'_>]) -> [Sheet; 2] {
    let grain = "segment, tracking period, and attribute, all of them weighted, or the offer as a whole";
    let mut draft = format.draft("satisfaction_period", grain, None, rows);
    draft.as_of();
    cuts.add_to(&mut draft, |row| row.segment, true);
    let meaning = "item; weighted: all items by importance; overall: the offer as a whole, with complaints";
    draft.name("attribute_level", meaning, |row| Some(row.level));
    draft.name("attribute", "The attribute; (all): all items weighted", |row| row.name.unwrap_or("(all)"));
    draft.count("answers", "answers", "Answers about the firm", |row| row.cell.answers);
    draft.count("respondents", "respondents", "Distinct people who gave them", |row| row.cell.respondents);
    let score = |place: usize, own: fn(&Cell) -> Option<f64>| {
        move |row: &Row<'_>| row.weighted.map_or_else(|| own(&row.cell), |weighted| weighted[place])
    };
    draft.float("expectation", "points", "Mean expectation", score(0, |cell| cell.expectation.mean()));
    draft.float("performance", "points", "Mean performance", score(1, |cell| cell.performance.mean()));
    draft.float(
        "gap",
        "points",
        "Mean of performance − expectation, where both were given",
        score(2, |cell| cell.gap.mean()),
    );
    draft.float("gap_error", "points", "Its standard error", |row| row.cell.gap.error());
    for (class, meaning) in [
        (
            Satisfaction::Delighted,
            "Answers with a performance above the expectation by more than the tolerance",
        ),
        (Satisfaction::Satisfied, "Answers with a performance within the tolerance of the expectation"),
        (
            Satisfaction::Dissatisfied,
            "Answers with a performance below the expectation by more than the tolerance",
        ),
    ] {
        draft.count(class.name(), "answers", meaning, |row| row.cell.classes[class as usize]);
        let name = format!("{}_share", class.name());
        let of_both = move |row: &Row<'_>| share(row.cell.classes[class as usize], row.cell.gap.count);
        draft.float(name, "1", "Share of the answers with both", of_both);
    }
    add_complaints(&mut draft);
    let totals = ("satisfaction", "segment, and attribute, all of them weighted, or the offer as a whole");
    draft.finish().split_totals(PERIOD, totals, ("satisfaction_period", grain))
}

fn add_complaints(draft: &mut Draft<'_, Row<'_>>) {
    let of = |row: &Row<'_>, value: fn(&Complaints) -> i64| row.complaints.as_ref().map(value);
    draft.count(
        "customers",
        "customers",
        "Customers with a sale line; of the offer as a whole only",
        |row| row.customers,
    );
    draft.count("complaints", "complaints", "Complaints opened; of the offer as a whole only", |row| {
        of(row, |found| found.opened)
    });
    draft.count("complaining_customers", "customers", "Distinct customers who complained", |row| {
        of(row, |found| found.customers)
    });
    let rate = |row: &Row<'_>| share(row.complaints.as_ref()?.customers, row.customers?);
    draft.float("complaint_rate", "1", "complaining_customers / customers", rate);
    draft.count("resolved", "complaints", "Of the complaints, those resolved by the as-of date", |row| {
        of(row, Complaints::resolved)
    });
    let rate =
        |row: &Row<'_>| row.complaints.as_ref().and_then(|found| share(found.resolved(), found.opened));
    draft.float("resolution_rate", "1", "resolved / complaints", rate);
    let days = |row: &Row<'_>| row.complaints.as_ref().and_then(Complaints::mean_days);
    draft.float("resolution_days_mean", "days", "Mean days from opening to resolution", days);
    let days = |row: &Row<'_>| row.complaints.as_ref().and_then(Complaints::median_days);
    draft.float("resolution_days_median", "days", "Median days from opening to resolution", days);
}
