//! `growth`: growth accounting by period, of all customers and by attribute.

use super::grouping::Grouping;
use super::growth::{Growth, Moves};
use super::layout::{count, date, float, name, whole};
use crate::customers::calendar::Calendar;
use crate::facts::schema::FactPeriod;
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// One row.
struct Row<'r> {
    by: &'r str,
    value: Option<&'r str>,
    period: FactPeriod,
    moves: Moves,
}

fn rows<'r>(calendar: &Calendar, groupings: &'r [Grouping], growth: &Growth) -> Vec<Row<'r>> {
    let of_grouping = |grouping: &'r Grouping| grouping.values().iter().map(move |value| (grouping, value));
    let mut rows = Vec::new();
    for ((grouping, value), moves) in groupings.iter().flat_map(of_grouping).zip(&growth.groups) {
        let (by, value) = (grouping.by.as_str(), value.as_deref());
        let periods = calendar.periods.iter().zip(moves);
        rows.extend(periods.map(|(period, moves)| Row { by, value, period: *period, moves: *moves }));
    }
    rows
}

/// The published table.
pub(crate) fn growth(calendar: &Calendar, groupings: &[Grouping], growth: &Growth) -> Sheet {
    let rows = rows(calendar, groupings, growth);
    let mut sheet = Sheet::new("growth", "group of customers and period", None);
    add_identity(&mut sheet, &rows);
    let mut add = |name, meaning, of: fn(&Moves) -> u64| {
        let values: Vec<i64> = rows.iter().map(|row| whole(of(&row.moves))).collect();
        sheet.fixed(count(name, "customers", meaning), values);
    };
    add("active", "Customers with a purchase: new + retained + resurrected", |moves| moves.active);
    add("new", "Of these, customers with their first purchase in the history", |moves| moves.new);
    add("retained", "Of these, customers active in the period before", |moves| moves.retained);
    add("resurrected", "Of these, customers active earlier, but not in the period before", |moves| {
        moves.resurrected
    });
    let meaning = "Customers active in the period before, but not now; many come back, so this is no churn: see survival_summary";
    add("inactive", meaning, |moves| moves.inactive);
    let ratio = |of: fn(&Moves) -> Option<f64>| {
        rows.iter().map(move |row| of(&row.moves).filter(|_| row.period.complete))
    };
    let meaning =
        "(new + resurrected) / inactive; null if nobody became inactive, and for a period that is not over";
    sheet.floats(float("quick_ratio", "1", meaning), ratio(Moves::quick_ratio));
    let meaning = "inactive / customers active in the period before; null without such customers, and for a period that is not over";
    sheet.floats(float("inactivity_rate", "1", meaning), ratio(Moves::inactivity_rate));
    sheet
}

fn add_identity(sheet: &mut Sheet, rows: &[Row<'_>]) {
    let meaning = "'all' or the attribute by which customers are told apart";
    sheet.texts(name("attribute", meaning), rows.iter().map(|row| Some(row.by)));
    let meaning = "The attribute's value; null for customers without value, and for all";
    sheet.texts(name("attribute_value", meaning).nullable(), rows.iter().map(|row| row.value));
    let starts = rows.iter().map(|row| Some(row.period.period.start.0));
    sheet.days(date("period_start", "First day of the period"), starts);
    let meaning = "The as-of date has reached the period's end; others are left out of averages";
    let complete = rows.iter().map(|row| row.period.complete);
    sheet.flags(Column::new("is_complete", ColumnKind::Bool, "", meaning), complete);
}
