//! `growth`: growth accounting by period, of all customers and by attribute.

use super::calendar::Calendar;
use super::grouping::Grouping;
use super::growth::{Growth, Moves};
use super::layout::{count, date, float, name, whole};
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// One row: group, period, moves.
type Row<'r> = (&'r Grouping, &'r Option<String>, usize, &'r Moves);

/// The published table.
pub(crate) fn growth(calendar: &Calendar, groupings: &[Grouping], growth: &Growth) -> Sheet {
    let groups =
        groupings.iter().flat_map(|grouping| grouping.values.iter().map(move |value| (grouping, value)));
    let of_group = |((grouping, value), moves): ((_, _), &'_ Vec<Moves>)| -> Vec<(_, _, usize, Moves)> {
        moves.iter().enumerate().map(|(period, moves)| (grouping, value, period, *moves)).collect()
    };
    let owned: Vec<_> = groups.zip(&growth.groups).flat_map(of_group).collect();
    let rows: Vec<Row<'_>> =
        owned.iter().map(|(grouping, value, period, moves)| (*grouping, *value, *period, moves)).collect();
    let mut sheet = Sheet::new("growth", "group of customers and period", None);
    add_identity(&mut sheet, calendar, &rows);
    let mut add = |name, meaning, of: fn(&Moves) -> u64| {
        let values: Vec<i64> = rows.iter().map(|row| whole(of(row.3))).collect();
        sheet.fixed(count(name, "customers", meaning), values);
    };
    add("active", "Customers with a purchase: new + retained + resurrected", |moves| moves.active);
    add("new", "Of these, customers with their first purchase in the history", |moves| moves.new);
    add("retained", "Of these, customers active in the period before", |moves| moves.retained);
    add("resurrected", "Of these, customers active earlier, but not in the period before", |moves| {
        moves.resurrected
    });
    add("churned", "Customers active in the period before, but not now", |moves| moves.churned);
    let complete = |row: &Row<'_>| calendar.periods[row.2].complete;
    let ratio =
        |of: fn(&Moves) -> Option<f64>| rows.iter().map(move |row| of(row.3).filter(|_| complete(row)));
    let meaning = "(new + resurrected) / churned; null if nobody churned, and for a period that is not over";
    sheet.floats(float("quick_ratio", "1", meaning), ratio(Moves::quick_ratio));
    let meaning = "churned / customers active in the period before; null without such customers, and for a period that is not over";
    sheet.floats(float("churn_rate", "1", meaning), ratio(Moves::churn_rate));
    let lifetime = |moves: &Moves| moves.churn_rate().filter(|rate| *rate > 0.0).map(f64::recip);
    sheet.floats(
        float("lifetime_periods", "periods", "1 / churn_rate; null if nobody churned"),
        ratio(lifetime),
    );
    sheet
}

fn add_identity(sheet: &mut Sheet, calendar: &Calendar, rows: &[Row<'_>]) {
    sheet.texts(
        name("by", "'all' or the attribute by which customers are told apart"),
        rows.iter().map(|row| Some(row.0.by.as_str())),
    );
    let meaning = "The attribute's value; null for customers without value, and for all";
    sheet.texts(name("value", meaning).nullable(), rows.iter().map(|row| row.1.as_deref()));
    sheet.days(
        date("period_start", "First day of the period"),
        rows.iter().map(|row| Some(calendar.period(row.2).start.0)),
    );
    let meaning = "The as-of date has reached the period's end; others are left out of averages";
    sheet.flags(
        Column::new("is_complete", ColumnKind::Bool, "", meaning),
        rows.iter().map(|row| calendar.periods[row.2].complete),
    );
}
