//! Customer tables drawn from a seed, staged as the stages before do.

use abacus::error::Result;
use abacus::publish::Staging;
use abacus::publish::schema::{Column, ColumnKind, Sheet};
use abacus::units::Day;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

const GROUPS: u64 = 20;
const SLICE: usize = 1 << 18;
const MONEY: ColumnKind = ColumnKind::Money(4);
const CLASSES: [&str; 4] = ["high profit", "profit", "break-even", "loss"];
const STATES: [&str; 5] = ["new", "active", "at risk", "dormant", "lost"];

/// Numbers that look drawn at random and are the same on every machine.
fn drawn(row: usize, column: u64) -> u64 {
    let mut mixed = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(column << 56);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn below(row: usize, column: u64, limit: u64) -> i64 {
    i64::try_from(drawn(row, column) % limit).expect("limits are small")
}

/// Stages all tables the segments read; returns the rows of customer × product group.
pub(crate) fn stage(staging: &Staging, customers: usize, as_of: Day) -> Result<usize> {
    for make in [customer, lifecycle, value] {
        staged(staging, customers, as_of, &make)?;
    }
    let pairs = staged(staging, customers, as_of, &|rows, _| customer_product(rows))?;
    let groups = product_group();
    staging.put(&groups.spec, None, groups.arrays)?;
    Ok(pairs)
}

fn staged(
    staging: &Staging,
    customers: usize,
    as_of: Day,
    make: &(dyn Fn(Range<usize>, Day) -> Sheet + Sync),
) -> Result<usize> {
    let mut writer = staging.table(&make(0..0, as_of).spec, Some(&as_of.to_string()))?;
    let mut rows = 0;
    for start in (0..customers).step_by(SLICE) {
        let arrays = make(start..(start + SLICE).min(customers), as_of).arrays;
        rows += arrays[0].len();
        writer.write(arrays)?;
    }
    writer.finish()?;
    Ok(rows)
}

fn keyed(name: &'static str, rows: &Range<usize>) -> Sheet {
    let mut sheet = Sheet::new(name, "customer", Some("as_of"));
    let keys = rows.clone().map(|row| i64::try_from(row).expect("rows fit")).collect::<Vec<_>>();
    sheet.fixed(Column::new("customer_id", ColumnKind::IntKey, "", "Customer"), keys);
    sheet
}

fn add(
    sheet: &mut Sheet,
    rows: &Range<usize>,
    name: &'static str,
    kind: ColumnKind,
    of: impl Fn(usize) -> i64 + Sync + Send,
) {
    let values: Vec<i64> = rows.clone().into_par_iter().map(of).collect();
    sheet.fixed(Column::new(name, kind, "", "drawn"), values);
}

fn customer(rows: Range<usize>, as_of: Day) -> Sheet {
    let mut sheet = keyed("customer", &rows);
    sheet.flags(Column::new("is_unidentified", ColumnKind::Bool, "", "drawn"), rows.clone().map(|_| false));
    let orders = |row| 1 + below(row, 1, 12) * below(row, 2, 2);
    let revenue = |row| orders(row) * (200_000 + below(row, 3, 2_000_000));
    add(&mut sheet, &rows, "lines", ColumnKind::Integer, |row| 3 * orders(row));
    add(&mut sheet, &rows, "orders", ColumnKind::Integer, orders);
    add(&mut sheet, &rows, "active_days", ColumnKind::Integer, orders);
    add(&mut sheet, &rows, "list_revenue", MONEY, revenue);
    add(&mut sheet, &rows, "discount", MONEY, |row| revenue(row) * below(row, 4, 30) / 100);
    add(&mut sheet, &rows, "net_revenue", MONEY, |row| revenue(row) * 9 / 10);
    add(&mut sheet, &rows, "gross_margin", MONEY, |row| revenue(row) * 3 / 10);
    add(&mut sheet, &rows, "cost_to_serve", MONEY, |row| orders(row) * 150_000);
    add(&mut sheet, &rows, "acquisition_cost", MONEY, |_| 50_000);
    add(&mut sheet, &rows, "customer_profit", MONEY, |row| revenue(row) * 3 / 10 - orders(row) * 200_000);
    let ago = |row: usize, column| (i64::from(as_of.0) - 1 - below(row, column, 700)) * 86_400_000_000;
    let first: Vec<i64> = rows.clone().into_par_iter().map(|row| ago(row, 5).min(ago(row, 6))).collect();
    let last: Vec<i64> = rows.clone().into_par_iter().map(|row| ago(row, 5).max(ago(row, 6))).collect();
    sheet.instants(Column::new("first_order_at", ColumnKind::Timestamp, "", "drawn"), first.into(), i64::MIN);
    sheet.instants(Column::new("last_order_at", ColumnKind::Timestamp, "", "drawn"), last.into(), i64::MIN);
    let class = |row| Some(CLASSES[usize::try_from(below(row, 7, 4)).expect("small")]);
    sheet.texts(
        Column::new("profit_class", ColumnKind::Name, "", "drawn").nullable(),
        rows.clone().map(class),
    );
    let channel = |row| Some(["web", "fair", "referral"][usize::try_from(below(row, 8, 3)).expect("small")]);
    sheet.texts(Column::new("channel", ColumnKind::Name, "", "drawn").nullable(), rows.map(channel));
    sheet
}

fn lifecycle(rows: Range<usize>, _: Day) -> Sheet {
    let mut sheet = keyed("lifecycle", &rows);
    let state = |row| Some(STATES[usize::try_from(below(row, 9, 5)).expect("small")]);
    sheet.texts(Column::new("state", ColumnKind::Name, "", "drawn"), rows.map(state));
    sheet
}

fn value(rows: Range<usize>, _: Day) -> Sheet {
    let mut sheet = keyed("customer_value", &rows);
    add(&mut sheet, &rows, "residual_value", MONEY, |row| below(row, 10, 4_000_000) - 500_000);
    sheet
}

fn group(number: u64) -> String {
    format!("group {number:02}")
}

fn customer_product(rows: Range<usize>) -> Sheet {
    let bought = |row: usize| (0..GROUPS).filter(move |group| drawn(row, 20 + group).is_multiple_of(7));
    let pairs: Vec<(usize, u64)> =
        rows.into_par_iter().flat_map_iter(|row| bought(row).map(move |group| (row, group))).collect();
    let mut sheet = Sheet::new("customer_product", "customer and product group", Some("as_of"));
    let keys = pairs.iter().map(|(row, _)| i64::try_from(*row).expect("rows fit")).collect::<Vec<_>>();
    sheet.fixed(Column::new("customer_id", ColumnKind::IntKey, "", "Customer"), keys);
    let names: Vec<String> = (0..GROUPS).map(group).collect();
    let name = |group: u64| Some(names[usize::try_from(group).expect("small")].as_str());
    let texts: arrow::array::StringArray = pairs.iter().map(|(_, group)| name(*group)).collect();
    sheet.add(Column::new("product_group", ColumnKind::Name, "", "drawn"), Arc::new(texts));
    let mut add = |name: &'static str, kind, of: &dyn Fn(usize) -> i64| {
        let values = pairs.iter().map(|(row, _)| of(*row)).collect::<Vec<_>>();
        sheet.fixed(Column::new(name, kind, "", "drawn"), values);
    };
    add("lines", ColumnKind::Integer, &|row| 1 + below(row, 11, 3));
    add("net_revenue", MONEY, &|row| 100_000 + below(row, 12, 900_000));
    add("gross_margin", MONEY, &|row| below(row, 13, 300_000) - 50_000);
    sheet
}

fn product_group() -> Sheet {
    let mut sheet = Sheet::new("product_group", "product group", None);
    let names: Vec<String> = (0..GROUPS).map(group).collect();
    let name = Column::new("product_group", ColumnKind::Name, "", "drawn");
    sheet.texts(name, names.iter().map(|name| Some(name.as_str())));
    let class = (0..names.len()).map(|at| Some(CLASSES[at % CLASSES.len()]));
    sheet.texts(Column::new("product_class", ColumnKind::Name, "", "drawn"), class);
    sheet
}
