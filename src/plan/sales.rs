//! `plan_sales`: planned and actual revenue and cost of goods of product groups, with what quantity, mix and price explain.

use super::planned::PlannedSales;
use super::resources::COMPLETE;
use super::variances::{Meaning, NO_PLANNED_VOLUME, NOT_PLANNED, Variances, add_columns};
use crate::error::{Error, Result};
use crate::math::ratio::round_product;
use crate::publish::read::{PublishedReader, Wanted};
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::publish::{StageTables, TableFormat};
use crate::units::{Day, Decimal, Period};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type};
use std::collections::{BTreeMap, BTreeSet};

/// Lines in their order, with the sign by which they are part of a result.
pub(super) const LINES: [(&str, i128); 4] =
    [("list revenue", 1), ("discount", -1), ("returns", -1), ("product cost", -1)];

/// One line of a product group in one period.
pub(super) struct SalesRow<'g> {
    period: Period,
    is_complete: bool,
    group: &'g str,
    /// Place among `LINES`.
    pub(super) line: usize,
    pub(super) variances: Variances,
    /// Of the volume variance, that of units in all at the planned mix.
    quantity: i128,
    planned_units: Decimal,
    units: Decimal,
    reason: Option<&'static str>,
}

/// Sums of a product group in a period: units, and money by line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sold {
    pub(super) units: Decimal,
    pub(super) money: [i128; 4],
}

/// By first day of the period and product group.
pub(super) type SoldGroups = BTreeMap<(Day, String), Sold>;

/// Reads what was sold from `product_group_period`.
///
/// # Errors
/// A table that cannot be read back.
pub(super) fn sold(tables: StageTables<'_>) -> Result<SoldGroups> {
    let table = PublishedReader::open(&tables.written("product_group_period"))?;
    let names =
        ["period_start", "product_group", "units", "list_revenue", "discount", "returns", "product_cost"];
    let mut cursor = table.cursor(&names.map(|name| (name, Wanted::Values)))?;
    let mut sold = SoldGroups::new();
    while cursor.rows_left() > 0 {
        let columns = cursor.next(cursor.rows_left())?;
        let (days, groups) = (columns[0].as_primitive::<Date32Type>(), columns[1].as_string::<i32>());
        let amounts = columns[2..].iter().map(|column| column.as_primitive::<Decimal128Type>());
        let amounts: Vec<_> = amounts.collect();
        let scale = units_scale(&columns[2]);
        for row in 0..days.len() {
            let money = [1, 2, 3, 4].map(|column: usize| amounts[column].value(row));
            let units = Decimal { mantissa: amounts[0].value(row), scale };
            sold.insert((Day(days.value(row)), groups.value(row).to_owned()), Sold { units, money });
        }
    }
    Ok(sold)
}

fn units_scale(units: &ArrayRef) -> u8 {
    match units.data_type() {
        DataType::Decimal128(_, scale) => u8::try_from(*scale).expect("units have no negative scale"),
        other => panic!("units are decimals, not {other}"),
    }
}

/// Every line of the product groups that are planned or sold in a period.
///
/// # Errors
/// A product beyond 128 bits.
pub(super) fn rows<'g>(
    groups: &'g [String],
    planned: &BTreeMap<usize, PlannedSales>,
    sold: &SoldGroups,
    period: Period,
    is_complete: bool,
) -> Result<Vec<SalesRow<'g>>> {
    let of_group = |group: usize| {
        let none = Sold { units: Decimal::ZERO, money: [0; 4] };
        sold.get(&(period.start, groups[group].clone())).copied().unwrap_or(none)
    };
    let is_sold = |group: &usize| sold.contains_key(&(period.start, groups[*group].clone()));
    let places: BTreeSet<usize> = planned.keys().copied().chain((0..groups.len()).filter(is_sold)).collect();
    let too_large = |group: &str| Error::too_many_digits(format!("plan: sales of '{group}' in {period}"));
    let scale = planned.values().map(|of| of.units.scale).chain(sold.values().map(|of| of.units.scale)).max();
    let scale = scale.unwrap_or(0);
    let at = |units: Decimal, group: usize| units.at_scale(scale).ok_or_else(|| too_large(&groups[group]));
    let mut all = [0_i128; 2];
    for &group in &places {
        let plan = planned.get(&group).map_or(Decimal::ZERO, |plan| plan.units);
        all[0] += at(plan, group)?;
        all[1] += at(of_group(group).units, group)?;
    }
    let mut rows = Vec::new();
    for &group in &places {
        let (plan, done) = (planned.get(&group).copied().unwrap_or_default(), of_group(group));
        let units = [at(plan.units, group)?, at(done.units, group)?];
        for (line, (_, sign)) in LINES.iter().enumerate() {
            let (planned, actual) = (plan.money[line].unwrap_or(0), done.money[line]);
            if planned == 0 && actual == 0 && line > 0 {
                continue;
            }
            let boundaries = boundaries(planned, units, all).ok_or_else(|| too_large(&groups[group]))?;
            let [at_quantity, flexible] = boundaries.unwrap_or([planned; 2]);
            let reason = match (plan.money[line], boundaries) {
                (None, _) => Some(NOT_PLANNED),
                (Some(_), None) => Some(NO_PLANNED_VOLUME),
                _ => None,
            };
            let variances = Variances {
                planned: sign * planned,
                volume: sign * (flexible - planned),
                rate: sign * (actual - flexible),
                actual: sign * actual,
                ..Variances::default()
            };
            rows.push(SalesRow {
                period,
                is_complete,
                group: &groups[group],
                line,
                variances,
                quantity: sign * (at_quantity - planned),
                planned_units: plan.units,
                units: done.units,
                reason,
            });
        }
    }
    Ok(rows)
}

/// The planned amount at the actual units of all groups in the planned mix, and at the group's own actual units; none without
/// planned units. `None` outside when a product leaves 128 bits.
fn boundaries(planned: i128, units: [i128; 2], all: [i128; 2]) -> Option<Option<[i128; 2]>> {
    if units[0] <= 0 || all[0] <= 0 {
        return Some(None);
    }
    Some(Some([round_product(all[1], planned, all[0])?, round_product(units[1], planned, units[0])?]))
}

/// `plan_sales`.
pub(super) fn sheet(format: TableFormat<'_>, rows: &[SalesRow<'_>]) -> Sheet {
    let mut draft = format.draft("plan_sales", "product group, planned period and line", None, rows);
    draft.day("period_start", "First day of the period", |row| row.period.start);
    draft.flag("is_complete", COMPLETE, |row| row.is_complete);
    draft.name("product_group", "Product group", |row| row.group);
    let meaning = "list revenue, discount, returns or product cost; but the first they are negative, and the lines of a group add up to \
                   its gross margin";
    draft.name("line", meaning, |row| LINES[row.line].0);
    add_columns(&mut draft, Meaning::Result, |row| &row.variances);
    let meaning = "Of the volume variance, that of the units of all groups at the planned mix";
    draft.total("quantity_variance", meaning, |row| row.quantity);
    let meaning = "Of the volume variance, that of the group's share of all units";
    draft.total("mix_variance", meaning, |row| row.variances.volume - row.quantity);
    let scale =
        rows.iter().flat_map(|row| [row.planned_units, row.units]).map(|units| units.normalised().scale);
    let scale = scale.max().unwrap_or(0);
    let units = |name, meaning| Column::new(name, ColumnKind::Total(scale), "units", meaning);
    let planned = "Planned units on sale lines, the same for every line of a group";
    draft.wide(units("planned_units", planned), |row| row.planned_units.at_scale(scale));
    let sold = "Units on sale lines, the same for every line of a group";
    draft.wide(units("units", sold), |row| row.units.at_scale(scale));
    let meaning = "Why its plan does not follow the units: not planned, or no planned volume; all but its plan is then a rate variance";
    draft.name("reason", meaning, |row| row.reason);
    draft.finish()
}
