//! `attribute_value`: importance, expectation and performance of the firm, by attribute and what it belongs to.
//!
//! Quadrants: J. A. Martilla, J. C. James, "Importance–performance analysis" (1977): attributes above or below the mean
//! importance and the mean performance of all attributes of the same segment.

use super::answers::{Board, Cell};
use super::cuts::{Cuts, PERIOD, Segment};
use super::importance::Derived;
use super::weighting::{Basis, Level, Shares, best_shares, levels, shares, weighted};
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use std::collections::BTreeMap;

/// One attribute, driver, group, or the offer as a whole.
struct Row<'r> {
    segment: Segment,
    level: &'static str,
    name: &'r str,
    group: Option<&'static str>,
    driver: Option<&'r str>,
    benefit: Option<&'static str>,
    cell: Option<&'r Cell>,
    /// By `Basis`.
    importance: [Option<f64>; 2],
    shares: [Option<f64>; 2],
    quadrants: [Option<&'static str>; 2],
    derived_error: Option<f64>,
    interviews: Option<i64>,
    reason: Option<&'r str>,
    expectation: Option<f64>,
    performance: Option<f64>,
}

/// The tables of the whole history and of tracking periods.
pub(crate) fn sheets(
    format: TableFormat<'_>,
    board: &Board<'_>,
    cuts: &Cuts,
    derived: &BTreeMap<Segment, Derived>,
) -> [Sheet; 2] {
    let groups: Vec<(Segment, BTreeMap<Level, Vec<u32>>)> = board
        .segments()
        .into_iter()
        .map(|segment| (segment, levels(board, &item_numbers(board, segment))))
        .collect();
    let rows: Vec<Row<'_>> = groups
        .iter()
        .flat_map(|(segment, levels)| rows_of(board, *segment, derived.get(segment), levels))
        .collect();
    draw(format, cuts, &rows)
}

fn item_numbers(board: &Board<'_>, segment: Segment) -> Vec<u32> {
    board.items(segment, 0).into_iter().map(|(item, _)| item).collect()
}

fn rows_of<'r>(
    board: &'r Board<'_>,
    segment: Segment,
    derived: Option<&'r Derived>,
    levels: &'r BTreeMap<Level, Vec<u32>>,
) -> Vec<Row<'r>> {
    let shares = Basis::ALL.map(|basis| shares(board, segment, derived, basis));
    let items = board.items(segment, 0);
    let means = mean_performance(&items);
    let mut rows: Vec<Row<'r>> = items
        .iter()
        .map(|(item, cell)| Row {
            shares: shares.each_ref().map(|shares| shares.get(item).copied()),
            quadrants: shares.each_ref().map(|shares| quadrant(*item, cell, shares, means)),
            ..item_row(board, segment, *item, cell, derived)
        })
        .collect();
    let best = best_shares(board, segment, derived).map(|(_, shares)| shares).unwrap_or_default();
    rows.extend(levels.iter().map(|(level, members)| {
        let sum = |shares: &Shares| {
            let found: Vec<f64> = members.iter().filter_map(|item| shares.get(item).copied()).collect();
            (!found.is_empty()).then(|| found.iter().sum::<f64>())
        };
        let mean = |score: fn(&Cell) -> Option<f64>| {
            weighted(members, &best, |item| board.cell(segment, 0, item).and_then(score))
        };
        Row {
            shares: shares.each_ref().map(sum),
            expectation: mean(|cell| cell.expectation.mean()),
            performance: mean(|cell| cell.performance.mean()),
            ..level_row(segment, level)
        }
    }));
    let overall = board.overall.and_then(|overall| Some((overall, board.cell(segment, 0, overall)?)));
    rows.extend(overall.map(|(overall, cell)| Row {
        level: "overall",
        reason: None,
        interviews: derived.map(|derived| derived.interviews),
        ..item_row(board, segment, overall, cell, None)
    }));
    rows
}

fn item_row<'r>(
    board: &'r Board<'_>,
    segment: Segment,
    item: u32,
    cell: &'r Cell,
    derived: Option<&'r Derived>,
) -> Row<'r> {
    let declared = board.declared(item);
    let found = derived.and_then(|derived| derived.of(item));
    Row {
        segment,
        level: "item",
        name: board.name(item),
        group: declared.map(|declared| declared.group.name()),
        driver: declared.and_then(|declared| declared.driver.as_deref()),
        benefit: declared.and_then(|declared| declared.benefit).map(|benefit| benefit.name()),
        cell: Some(cell),
        importance: [cell.importance.mean(), found.map(|(coefficient, _)| coefficient)],
        shares: [None; 2],
        quadrants: [None; 2],
        derived_error: found.map(|(_, error)| error),
        interviews: derived.map(|derived| derived.interviews),
        reason: derived.and_then(|derived| derived.reason(item)),
        expectation: cell.expectation.mean(),
        performance: cell.performance.mean(),
    }
}

fn level_row(segment: Segment, level: &Level) -> Row<'_> {
    Row {
        segment,
        level: level.level(),
        name: level.name(),
        group: Some(level.group().name()),
        driver: matches!(level, Level::Driver(..)).then_some(level.name()),
        benefit: None,
        cell: None,
        importance: [None; 2],
        shares: [None; 2],
        quadrants: [None; 2],
        derived_error: None,
        interviews: None,
        reason: None,
        expectation: None,
        performance: None,
    }
}

/// Mean over attributes of their mean performance.
fn mean_performance(items: &[(u32, &Cell)]) -> Option<f64> {
    let found: Vec<f64> = items.iter().filter_map(|(_, cell)| cell.performance.mean()).collect();
    (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
}

/// Above means: at least the mean of all attributes.
fn quadrant(item: u32, cell: &Cell, shares: &Shares, mean: Option<f64>) -> Option<&'static str> {
    let matters = *shares.get(&item)? >= 1.0 / shares.len() as f64;
    let performs = cell.performance.mean()? >= mean?;
    Some(match (matters, performs) {
        (true, true) => "keep up the good work",
        (true, false) => "concentrate here",
        (false, true) => "possible overkill",
        (false, false) => "low priority",
    })
}

fn draw(format: TableFormat<'_>, cuts: &Cuts, rows: &[Row<'_>]) -> [Sheet; 2] {
    let grain = "segment, tracking period, and attribute or what it belongs to";
    let mut draft = format.draft("attribute_value_period", grain, None, rows);
    draft.as_of();
    cuts.add_to(&mut draft, |row| row.segment, true);
    draft.name("attribute_level", "item, driver, group, or overall for the offer as a whole", |row| {
        Some(row.level)
    });
    draft.name("attribute", "The attribute, or the name of what it belongs to", |row| Some(row.name));
    draft.name("attribute_group", "quality or price; null where it is not declared", |row| row.group);
    draft.name("value_driver", "What it belongs to within its group; null where it is not declared", |row| {
        row.driver
    });
    draft
        .name("benefit", "functional, emotional or social; null where it is not declared", |row| row.benefit);
    let count = |of: fn(&Cell) -> i64| move |row: &Row<'_>| row.cell.map(of);
    draft.count(
        "answers",
        "answers",
        "Answers about the firm; null for drivers and groups",
        count(|cell| cell.answers),
    );
    draft.count(
        "respondents",
        "respondents",
        "Distinct people who gave them",
        count(|cell| cell.respondents),
    );
    draft.float("importance_stated", "points", "Mean importance, as said", |row| row.importance[0]);
    draft.float("importance_stated_share", "1", "Share in the stated importance of all items", |row| {
        row.shares[0]
    });
    let meaning =
        "Coefficient of the item's performance in the regression of overall performance on all items";
    draft.float("importance_derived", "1", meaning, |row| row.importance[1]);
    draft.float("importance_derived_error", "1", "Its standard error", |row| row.derived_error);
    let meaning = "Share in the derived importance of all items; below 0 counts as 0";
    draft.float("importance_derived_share", "1", meaning, |row| row.shares[1]);
    draft.count("interviews", "interviews", "Complete interviews of the regression", |row| row.interviews);
    draft.name("derived_reason", "Why there is no derived importance", |row| row.reason);
    draft.float(
        "expectation",
        "points",
        "Mean expectation; of items, weighted, for drivers and groups",
        |row| row.expectation,
    );
    draft.float("performance", "points", "Mean performance, likewise", |row| row.performance);
    let error = |row: &Row<'_>| row.cell.and_then(|cell| cell.performance.error());
    draft.float("performance_error", "points", "Standard error of the mean performance", error);
    draft.name("quadrant_stated", "Importance–performance quadrant, by stated importance", |row| {
        row.quadrants[0]
    });
    draft.name("quadrant_derived", "Importance–performance quadrant, by derived importance", |row| {
        row.quadrants[1]
    });
    let totals = ("attribute_value", "segment, and attribute or what it belongs to");
    draft.finish().split_totals(PERIOD, totals, ("attribute_value_period", grain))
}
