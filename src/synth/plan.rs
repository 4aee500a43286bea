//! Writes the plan, as budgets are often made: of every month that has one a year before, that month and 40 % more. Costs
//! follow the rule of the ledger, without its noise; volumes are of the activities of `pipelines/retail.toml`, and go on for half a
//! year after the history, for forecasts to be held against.

use super::business::{Business, Sales};
use super::catalogue::Catalogue;
use super::history::{History, Month};
use super::master_files::{ACCOUNTS, cost_cents};
use super::month_files::MonthTotals;
use super::table_file::TableFile;
use crate::error::Result;
use arrow::array::{ArrayRef, Date32Array, Decimal64Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Of the year before, in per cent: the company grows.
const GROWTH: i128 = 140;

/// Months after the history whose volumes are planned.
const COMING: usize = 6;

/// A planned month, and the sums of the one a year before.
type Planned<'h> = (&'h Month, &'h MonthTotals);

fn planned<'h>(history: &'h History, months: &'h [MonthTotals]) -> Vec<Planned<'h>> {
    // A history of a year or less is planned by its first half.
    let before = match months.len() {
        short @ ..=12 => short.div_ceil(2),
        _ => 12,
    };
    history.months.iter().skip(before).zip(months).collect()
}

/// First days of the months after the history, each with the sums of the one a year before; none of a history of less than a year.
fn coming<'h>(history: &History, months: &'h [MonthTotals]) -> Vec<(i32, &'h MonthTotals)> {
    let (Some(a_year_before), Some(last)) = (months.len().checked_sub(12), history.months.last()) else {
        return Vec::new();
    };
    let next = std::iter::successors(Some(last.period.next()), |period| Some(period.next()));
    next.take(COMING).map(|period| period.start.0).zip(&months[a_year_before..]).collect()
}

/// Writes the three files of the plan; returns their rows.
pub(super) fn write_plan(
    [costs, volumes, sales]: [PathBuf; 3],
    history: &History,
    months: &[MonthTotals],
) -> Result<u64> {
    let planned = planned(history, months);
    let days = planned.iter().map(|(month, before)| (month.first_day, *before));
    let days: Vec<(i32, &MonthTotals)> = days.chain(coming(history, months)).collect();
    let rows = write_costs(&costs, &planned)? + write_volumes(&volumes, &days)?;
    Ok(rows + write_sales(&sales, &planned)?)
}

fn write_costs(path: &Path, planned: &[Planned<'_>]) -> Result<u64> {
    let fields = vec![
        Field::new("account", DataType::Utf8, false),
        Field::new("account_name", DataType::Utf8, false),
        Field::new("period", DataType::Date32, false),
        Field::new("cost", DataType::Decimal64(18, 2), false),
    ];
    let average = planned.iter().map(|(_, before)| before.net_revenue_micros).sum::<i128>()
        / i128::try_from(planned.len().max(1)).expect("a few months");
    let rows: Vec<_> =
        planned.iter().flat_map(|month| ACCOUNTS.iter().map(move |account| (month, account))).collect();
    let grown = |net_revenue: i128| net_revenue * GROWTH / 100;
    let amounts = rows.iter().map(|(month, account)| {
        cost_cents(account, grown(average), grown(month.1.net_revenue_micros), 1_000)
    });
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.iter().map(|(_, account)| account.number))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|(_, account)| account.name))),
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|(month, _)| month.0.first_day))),
        money(amounts.collect()),
    ];
    write(path, fields, columns)
}

/// Planned volume of each activity.
fn volumes(before: &Business) -> [(&'static str, i64); 9] {
    let orders: i64 = before.orders.iter().sum();
    let lines: i64 = before.lines.iter().sum();
    let [phone, web, _] = before.orders;
    [
        ("take order phone", 6 * phone + before.lines[0] * 3 / 2),
        ("take order web", web),
        ("pick and pack", lines),
        ("ship", orders),
        ("handle return", before.return_lines),
        ("invoicing", orders),
        ("answer call", before.centi_minutes_of_calls / 100),
        ("sales visit", before.centi_hours_of_visits * 60 / 100),
        ("account keeping", before.buyers),
    ]
}

fn write_volumes(path: &Path, planned: &[(i32, &MonthTotals)]) -> Result<u64> {
    let fields = vec![
        Field::new("activity", DataType::Utf8, false),
        Field::new("period", DataType::Date32, false),
        Field::new("volume", DataType::Int64, false),
    ];
    let of_month = |(day, before): &(i32, &MonthTotals)| {
        let day = *day;
        volumes(&before.business).map(move |(name, volume)| (name, day, grown(i128::from(volume))))
    };
    let rows: Vec<_> = planned.iter().flat_map(of_month).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.iter().map(|(name, ..)| *name))),
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|(_, day, _)| *day))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|(.., volume)| *volume))),
    ];
    write(path, fields, columns)
}

fn write_sales(path: &Path, planned: &[Planned<'_>]) -> Result<u64> {
    let mut fields = vec![
        Field::new("product_group", DataType::Utf8, false),
        Field::new("period", DataType::Date32, false),
        Field::new("units", DataType::Int64, false),
    ];
    let of_money = ["list_revenue", "discount", "returns", "product_cost"];
    fields.extend(of_money.map(|name| Field::new(name, DataType::Decimal64(18, 2), false)));
    let groups: Vec<_> = Catalogue::group_names().collect();
    let rows: Vec<(&str, i32, &Sales)> = planned
        .iter()
        .flat_map(|(month, before)| {
            groups.iter().zip(&before.business.sales).map(|(name, sales)| (*name, month.first_day, sales))
        })
        .collect();
    let cents = |of: fn(&Sales) -> i128| money(rows.iter().map(|row| grown(of(row.2) / 10_000)).collect());
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.iter().map(|(name, ..)| *name))),
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|(_, day, _)| *day))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|(.., sales)| grown(sales.units.into())))),
        cents(|sales| sales.list_revenue),
        cents(|sales| sales.discount),
        cents(|sales| sales.returns),
        cents(|sales| sales.product_cost),
    ];
    write(path, fields, columns)
}

fn grown(before: i128) -> i64 {
    i64::try_from(before * GROWTH / 100).expect("a month of a company")
}

fn money(cents: Vec<i64>) -> ArrayRef {
    let array = Decimal64Array::from(cents).with_precision_and_scale(18, 2);
    Arc::new(array.expect("a valid precision and scale"))
}

fn write(path: &Path, fields: Vec<Field>, columns: Vec<ArrayRef>) -> Result<u64> {
    let rows = columns[0].len();
    let mut file = TableFile::create(path, fields, &[])?;
    if rows > 0 {
        file.write(columns)?;
    }
    file.finish()?;
    Ok(rows as u64)
}
