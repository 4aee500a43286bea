//! Writes one month: its order lines, support calls and sales visits.

use super::business::Business;
use super::catalogue::Catalogue;
use super::customer::CHANNELS;
use super::group::{GroupColumns, Payments};
use super::history::{History, Month};
use super::month::{Call, Draft, NOBODY, Part, PartKind, TOPICS, Visit};
use super::order::Rows;
use super::table_file::{ROWS_PER_GROUP, TableFile, cents, instant, names, short_list, small_decimal};
use crate::error::Result;
use arrow::array::{ArrayRef, Int32Array, Int64Array, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Order numbers of a month begin at its number × this.
const NUMBERS_PER_MONTH: i64 = 1_000_000_000;
/// A credit note has its order's number plus this.
const CREDIT_NOTES_FROM: i64 = 500_000_000;
/// Orders a month can hold.
pub(super) const MOST_ORDERS_PER_MONTH: u64 = CREDIT_NOTES_FROM.unsigned_abs();
const STATUSES: [&str; 2] = ["ok", "test"];

/// What was written for one month.
#[derive(Debug, Default, Clone)]
pub(super) struct MonthTotals {
    pub(super) lines: u64,
    pub(super) return_lines: u64,
    pub(super) orders: u64,
    pub(super) calls: u64,
    pub(super) visits: u64,
    /// Without test orders, in 1/1,000,000.
    pub(super) net_revenue_micros: i128,
    pub(super) business: Business,
}

/// Writes the month's three files; `wrote` hears of every row group of order lines.
pub(super) fn write(
    out: &Path,
    history: &History,
    month: &Month,
    draft: &Draft,
    wrote: &(dyn Fn(u64) + Sync),
) -> Result<MonthTotals> {
    let mut payments = Payments::default();
    let transactions = path(out, "transactions", month);
    let mut totals = write_transactions(&transactions, history, draft, &mut payments, wrote)?;
    if history.is_group {
        payments.write(&path(out, "payments", month))?;
    }
    write_calls(&path(out, "support_calls", month), &draft.calls)?;
    write_visits(&path(out, "sales_visits", month), &draft.visits)?;
    totals.calls = draft.calls.len() as u64;
    totals.visits = draft.visits.len() as u64;
    Ok(totals)
}

/// `OUT/transactions/2023-01.parquet`
fn path(out: &Path, folder: &str, month: &Month) -> PathBuf {
    let (year, month, _) = month.period.start.ymd();
    out.join(folder).join(format!("{year:04}-{month:02}.parquet"))
}

fn write_transactions(
    path: &Path,
    history: &History,
    draft: &Draft,
    payments: &mut Payments,
    wrote: &(dyn Fn(u64) + Sync),
) -> Result<MonthTotals> {
    let fields = Lines::fields(history.is_group);
    let mut file = TableFile::create(path, fields, &["order_id", "ordered_at"])?;
    let mut totals = MonthTotals { business: Business::of(draft), ..MonthTotals::default() };
    let (mut rows, mut lines) = (Rows::default(), Lines::default());
    for part in &draft.parts {
        rows.fill(history, part);
        totals.add(&history.catalogue, part, &rows);
        if history.is_group {
            payments.add(history, part, &rows, order_id(part));
        }
        for number in 0..rows.lines.len() {
            lines.push(history, part, &rows, number);
            if lines.order.len() == ROWS_PER_GROUP {
                wrote(ROWS_PER_GROUP as u64);
                file.write(std::mem::take(&mut lines).columns())?;
            }
        }
    }
    if !lines.order.is_empty() {
        wrote(lines.order.len() as u64);
        file.write(lines.columns())?;
    }
    file.finish()?;
    Ok(totals)
}

impl MonthTotals {
    fn add(&mut self, catalogue: &Catalogue, part: &Part, rows: &Rows) {
        let count = rows.lines.len() as u64;
        self.lines += count;
        match part.what {
            PartKind::AllLines | PartKind::AllButTheLast => self.orders += 1,
            PartKind::TheLast => {}
            PartKind::ReturnOnOrder | PartKind::CreditNote => self.return_lines += count,
        }
        if rows.is_test {
            return;
        }
        self.business.add(catalogue, part, rows);
        for line in &rows.lines {
            let list_cents = i128::from(line.quantity) * i128::from(line.unit_price_cents);
            self.net_revenue_micros += list_cents * i128::from(10_000 - line.discount);
        }
    }
}

/// Columns of a row group of order lines.
#[derive(Default)]
struct Lines {
    customer: Vec<Option<i64>>,
    order: Vec<i64>,
    number: Vec<i32>,
    product: Vec<i32>,
    group: Vec<u8>,
    at: Vec<i64>,
    quantity: Vec<i32>,
    unit_price_cents: Vec<i64>,
    unit_cost_cents: Vec<i64>,
    discount: Vec<i32>,
    campaign: Vec<i32>,
    rebate: Vec<i32>,
    freight_cents: Vec<i64>,
    channel: Vec<u8>,
    status: Vec<u8>,
    /// Of a group of companies.
    group_columns: Option<GroupColumns>,
}

impl Lines {
    fn fields(is_group: bool) -> Vec<Field> {
        let mut fields = vec![
            Field::new("customer_id", DataType::Int64, true),
            Field::new("order_id", DataType::Int64, false),
            Field::new("line_no", DataType::Int32, false),
            Field::new("product_id", DataType::Int32, false),
            Field::new("product_group", short_list(), false),
            Field::new("ordered_at", instant(), false),
            Field::new("quantity", DataType::Int32, false),
            Field::new("unit_price", DataType::Decimal64(10, 2), false),
            Field::new("unit_cost", DataType::Decimal64(10, 2), false),
            Field::new("discount", DataType::Decimal32(5, 4), false),
            Field::new("campaign_rate", DataType::Decimal32(5, 4), false),
            Field::new("rebate_rate", DataType::Decimal32(5, 4), false),
            Field::new("freight_allowance", DataType::Decimal64(10, 2), false),
            Field::new("channel", short_list(), false),
            Field::new("status", short_list(), false),
        ];
        fields.extend(is_group.then(GroupColumns::fields).into_iter().flatten());
        fields
    }

    fn push(&mut self, history: &History, part: &Part, rows: &Rows, number: usize) {
        let line = &rows.lines[number];
        let product = &history.catalogue.products[usize::from(line.product)];
        self.customer.push((part.customer != NOBODY).then(|| customer_id(part.customer)));
        self.order.push(order_id(part));
        self.number.push(line.number);
        self.product.push(product.id);
        self.group.push(product.group);
        self.at.push(part.at);
        self.quantity.push(line.quantity);
        self.unit_price_cents.push(line.unit_price_cents);
        self.unit_cost_cents.push(line.unit_cost_cents);
        self.discount.push(line.discount);
        self.campaign.push(line.campaign);
        self.rebate.push(line.rebate);
        self.freight_cents.push(line.freight_cents);
        self.channel.push(part.channel);
        self.status.push(u8::from(rows.is_test));
        if history.is_group {
            self.group_columns.get_or_insert_default().push(history, part);
        }
    }

    fn columns(self) -> Vec<ArrayRef> {
        let groups: Vec<_> = Catalogue::group_names().collect();
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(self.customer)),
            Arc::new(Int64Array::from(self.order)),
            Arc::new(Int32Array::from(self.number)),
            Arc::new(Int32Array::from(self.product)),
            names(self.group, &groups),
            instants(self.at),
            Arc::new(Int32Array::from(self.quantity)),
            cents(self.unit_price_cents),
            cents(self.unit_cost_cents),
            small_decimal(self.discount, 5, 4),
            small_decimal(self.campaign, 5, 4),
            small_decimal(self.rebate, 5, 4),
            cents(self.freight_cents),
            names(self.channel, &CHANNELS),
            names(self.status, &STATUSES),
        ];
        columns.extend(self.group_columns.map(GroupColumns::columns).into_iter().flatten());
        columns
    }
}

fn write_calls(path: &Path, calls: &[Call]) -> Result<()> {
    let fields = vec![
        Field::new("customer_id", DataType::Int64, false),
        Field::new("called_at", instant(), false),
        Field::new("minutes", DataType::Decimal32(6, 2), false),
        Field::new("topic", short_list(), false),
    ];
    let mut file = TableFile::create(path, fields, &["called_at"])?;
    for calls in calls.chunks(ROWS_PER_GROUP) {
        file.write(vec![
            Arc::new(Int64Array::from_iter_values(calls.iter().map(|call| customer_id(call.customer)))),
            instants(calls.iter().map(|call| call.at).collect()),
            small_decimal(calls.iter().map(|call| call.centi_minutes).collect(), 6, 2),
            names(calls.iter().map(|call| call.topic).collect(), &TOPICS),
        ])?;
    }
    file.finish()
}

fn write_visits(path: &Path, visits: &[Visit]) -> Result<()> {
    let fields = vec![
        Field::new("customer_id", DataType::Int64, false),
        Field::new("visited_at", instant(), false),
        Field::new("hours", DataType::Decimal32(5, 2), false),
    ];
    let mut file = TableFile::create(path, fields, &["visited_at"])?;
    for visits in visits.chunks(ROWS_PER_GROUP) {
        file.write(vec![
            Arc::new(Int64Array::from_iter_values(visits.iter().map(|visit| customer_id(visit.customer)))),
            instants(visits.iter().map(|visit| visit.at).collect()),
            small_decimal(visits.iter().map(|visit| visit.centi_hours).collect(), 5, 2),
        ])?;
    }
    file.finish()
}

/// Customers are numbered from 1.
pub(super) fn customer_id(index: u32) -> i64 {
    i64::from(index) + 1
}

fn order_id(part: &Part) -> i64 {
    let id = (i64::from(part.month) + 1) * NUMBERS_PER_MONTH + i64::from(part.order) + 1;
    if part.what == PartKind::CreditNote { id + CREDIT_NOTES_FROM } else { id }
}

fn instants(values: Vec<i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
}
