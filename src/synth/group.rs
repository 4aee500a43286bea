//! A group of companies: which of them sells to a customer, in which currency, what that is worth from day to day, and when
//! invoices are paid. Nothing of it changes what else is drawn.

use super::customer::Customer;
use super::draw::Purpose;
use super::history::History;
use super::month::{NOBODY, Part, PartKind};
use super::month_files::customer_id;
use super::order::Rows;
use super::table_file::{ROWS_PER_GROUP, TableFile, cents, io, names, short_list};
use crate::error::Result;
use crate::units::{Day, MICROS_PER_DAY, format_fixed};
use arrow::array::{ArrayRef, Date32Array, Int64Array};
use arrow::datatypes::{DataType, Field};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

/// Companies of the group.
const COMPANIES: [&str; 4] = ["Kontor AG", "Kontor Suisse", "Kontor Ltd", "Kontor Inc"];
/// The currency of each.
const CURRENCIES: [&str; 4] = ["EUR", "CHF", "GBP", "USD"];
/// What 1 of each is worth in the first, at the beginning, in 1/1,000,000.
const FIRST_RATES: [u32; 4] = [1_000_000, 1_030_000, 1_155_000, 925_000];
/// A rate moves by at most so much a day, either way.
const MOST_STEP: u32 = 6_000;
/// One in so many customers is another company of the group.
const SISTERS: u32 = 150;
/// Invoices are paid after so many days at least, and fewer than these.
const TERMS: (u32, u32) = (10, 60);

/// The company that sells to a customer.
fn company(customer: Option<&Customer>) -> u8 {
    match customer.map(Customer::region) {
        Some("east") => 1,
        Some("islands") => 2,
        Some("abroad") => 3,
        _ => 0,
    }
}

/// What lines of a group have besides.
#[derive(Default)]
pub(super) struct GroupColumns {
    company: Vec<u8>,
    /// The sister company that a line is sold to, by number from 1; 0 for none.
    sold_to: Vec<u8>,
}

impl GroupColumns {
    pub(super) fn fields() -> Vec<Field> {
        vec![
            Field::new("company", short_list(), false),
            Field::new("currency", short_list(), false),
            Field::new("sold_to", short_list(), false),
        ]
    }

    pub(super) fn push(&mut self, history: &History, part: &Part) {
        let company = company(history.customers.get(part.customer as usize));
        let is_sister = part.customer != NOBODY && part.customer % SISTERS == 7;
        self.company.push(company);
        self.sold_to.push(if is_sister { 1 + u8::from(company == 0) } else { 0 });
    }

    pub(super) fn columns(self) -> [ArrayRef; 3] {
        let sold_to = [&["nobody of the group"], &COMPANIES[..]].concat();
        [
            names(self.company.clone(), &COMPANIES),
            names(self.company, &CURRENCIES),
            names(self.sold_to, &sold_to),
        ]
    }
}

/// Payments of the invoices of a month.
#[derive(Default)]
pub(super) struct Payments {
    customer: Vec<i64>,
    order: Vec<i64>,
    invoiced_on: Vec<i32>,
    paid_on: Vec<Option<i32>>,
    currency: Vec<u8>,
    amount_cents: Vec<i64>,
}

impl Payments {
    /// An invoice in another currency than the first, of a part that is sold.
    pub(super) fn add(&mut self, history: &History, part: &Part, rows: &Rows, order: i64) {
        let company = company(history.customers.get(part.customer as usize));
        let is_sold = matches!(part.what, PartKind::AllLines | PartKind::AllButTheLast);
        if company == 0 || !is_sold || rows.is_test || rows.lines.is_empty() {
            return;
        }
        let net: i64 = rows
            .lines
            .iter()
            .map(|line| i64::from(line.quantity) * line.unit_price_cents * i64::from(10_000 - line.discount))
            .sum();
        let invoiced = i32::try_from(part.at.div_euclid(MICROS_PER_DAY)).expect("a day of the history");
        let days = TERMS.0 + part.order.wrapping_mul(2_654_435_761) % (TERMS.1 - TERMS.0);
        let paid = invoiced + i32::try_from(days).expect("terms are weeks");
        self.customer.push(customer_id(part.customer));
        self.order.push(order);
        self.invoiced_on.push(invoiced);
        self.paid_on.push((paid < history.end_day()).then_some(paid));
        self.currency.push(company);
        self.amount_cents.push((net + 5_000) / 10_000);
    }

    /// Writes them, by month of the invoice.
    pub(super) fn write(self, path: &Path) -> Result<()> {
        let fields = vec![
            Field::new("customer_id", DataType::Int64, false),
            Field::new("order_id", DataType::Int64, false),
            Field::new("invoiced_on", DataType::Date32, false),
            Field::new("paid_on", DataType::Date32, true),
            Field::new("currency", short_list(), false),
            Field::new("amount", DataType::Decimal64(10, 2), false),
        ];
        let mut file = TableFile::create(path, fields, &["order_id"])?;
        for first in (0..self.order.len()).step_by(ROWS_PER_GROUP) {
            let rows = first..self.order.len().min(first + ROWS_PER_GROUP);
            file.write(vec![
                Arc::new(Int64Array::from(self.customer[rows.clone()].to_vec())),
                Arc::new(Int64Array::from(self.order[rows.clone()].to_vec())),
                Arc::new(Date32Array::from(self.invoiced_on[rows.clone()].to_vec())),
                Arc::new(Date32Array::from(self.paid_on[rows.clone()].to_vec())),
                names(self.currency[rows.clone()].to_vec(), &CURRENCIES),
                cents(self.amount_cents[rows].to_vec()),
            ])?;
        }
        file.finish()
    }
}

/// Writes `rates.csv`: a random walk for each currency, Monday to Friday, from a week before the history on.
pub(super) fn write_rates(path: &Path, history: &History) -> Result<()> {
    let mut text = "currency,day,rate\n".to_owned();
    for (number, currency) in (0..).zip(CURRENCIES).skip(1) {
        let mut draw = history.streams.open(Purpose::Rate, 0, number);
        let mut rate = FIRST_RATES[number as usize];
        let least = rate - rate / 6;
        for day in history.months[0].first_day - 7..history.end_day() {
            // 1970-01-01 was a Thursday.
            let weekday = (day + 3).rem_euclid(7);
            rate = (rate + draw.below(2 * MOST_STEP + 1)).saturating_sub(MOST_STEP).max(least);
            if weekday < 5 {
                let worth = format_fixed(rate.into(), 6);
                writeln!(text, "{currency},{},{worth}", Day(day)).expect("a string takes text");
            }
        }
    }
    std::fs::write(path, text).map_err(|error| io(path, &error))
}
