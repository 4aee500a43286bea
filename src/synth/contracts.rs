//! Writes contracts: subscriptions to paper, coffee and ink. Each has a probability of its own to be lost at a renewal, drawn from a
//! beta distribution that belongs to its plan: the assumptions of the shifted beta-geometric model. They have nothing to do with how
//! long their customers go on buying.

use super::customer::{Customer, Kind};
use super::draw::{Draw, Purpose};
use super::history::History;
use super::table_file::{ROWS_PER_GROUP, TableFile, cents, names, short_list};
use crate::error::Result;
use crate::units::{Day, Duration};
use arrow::array::{Date32Array, Int32Array, Int64Array};
use arrow::datatypes::{DataType, Field};
use std::path::Path;
use std::sync::Arc;

/// Everything in which plans differ.
struct Plan {
    name: &'static str,
    term_months: u32,
    price_cents: i64,
    /// Shapes of the beta distribution of the probability to be lost, × 2.
    lost_halves: u32,
    kept_halves: u32,
}

const PLANS: [Plan; 3] = [
    Plan { name: "basic", term_months: 1, price_cents: 1_900, lost_halves: 1, kept_halves: 8 },
    Plan { name: "plus", term_months: 1, price_cents: 3_900, lost_halves: 2, kept_halves: 24 },
    Plan { name: "yearly", term_months: 12, price_cents: 39_900, lost_halves: 2, kept_halves: 6 },
];

/// By kind of customer, the share that has a contract, and the weights of the plans.
const HABITS: [(f64, [u32; 3]); 3] = [(0.15, [70, 20, 10]), (0.45, [25, 45, 30]), (0.2, [10, 60, 30])];

/// A contract begins so many days after its customer was won, at most.
const FIRST_DAYS: u32 = 240;

/// In the thirteenth month of the history prices rise for who has a contract.
const DEARER_FROM_MONTH: usize = 12;
const DEARER_CENTS: i64 = 200;

/// A row: a span of a contract with one price.
struct Span {
    contract: i64,
    customer: i64,
    plan: u8,
    started: i32,
    ended: Option<i32>,
    price_cents: i64,
}

/// Writes `contracts.parquet`; returns its rows.
pub(super) fn write_contracts(path: &Path, history: &History) -> Result<u64> {
    let fields = vec![
        Field::new("contract_id", DataType::Int64, false),
        Field::new("customer_id", DataType::Int64, false),
        Field::new("plan", short_list(), false),
        Field::new("term_months", DataType::Int32, false),
        Field::new("started_on", DataType::Date32, false),
        Field::new("ended_on", DataType::Date32, true),
        Field::new("price", DataType::Decimal64(10, 2), false),
    ];
    let mut file = TableFile::create(path, fields, &["contract_id"])?;
    let mut spans: Vec<Span> = Vec::new();
    let mut rows = 0;
    for (index, customer) in (0..).zip(&history.customers) {
        add(&mut spans, history, index, customer);
        if spans.len() + 2 > ROWS_PER_GROUP {
            rows += write(&mut file, &mut spans)?;
        }
    }
    rows += write(&mut file, &mut spans)?;
    file.finish()?;
    Ok(rows)
}

/// Adds the contract of a customer, if it has one.
fn add(spans: &mut Vec<Span>, history: &History, index: u32, customer: &Customer) {
    let Some((plan, started, lasted)) = drawn(history, index, customer) else { return };
    let Plan { term_months, price_cents, .. } = PLANS[plan];
    let end_day = history.months[history.months.len() - 1].end_day;
    let ended = Duration::Months(term_months * lasted).after(Day(started)).0;
    let ended = Some(ended).filter(|ended| *ended < end_day);
    let span = Span {
        contract: i64::from(index) + 500_001,
        customer: i64::from(index) + 1,
        plan: u8::try_from(plan).expect("three plans"),
        started,
        ended,
        price_cents,
    };
    let dearer = history.months.get(DEARER_FROM_MONTH).map(|month| month.first_day);
    match dearer.filter(|day| started < *day && ended.is_none_or(|ended| *day < ended)) {
        None => spans.push(span),
        Some(day) => {
            spans.push(Span { ended: Some(day), ..span });
            spans.push(Span { started: day, price_cents: price_cents + DEARER_CENTS, ..span });
        }
    }
}

/// Plan, first day, and how many terms it would last; none of a customer without a contract.
fn drawn(history: &History, index: u32, customer: &Customer) -> Option<(usize, i32, u32)> {
    let mut draw = history.streams.open(Purpose::Contract, 0, index);
    let (share, weights) = HABITS[customer.kind as usize];
    if customer.is_prospect || !draw.chance(share) {
        return None;
    }
    let plan = draw.weighted(&weights);
    let started = customer.acquired_day + i32::try_from(draw.below(FIRST_DAYS)).expect("few days");
    let end_day = history.months[history.months.len() - 1].end_day;
    (started < end_day).then(|| (plan, started, terms(&PLANS[plan], &mut draw)))
}

/// Terms until it is lost: geometric, with a probability of its own.
fn terms(plan: &Plan, draw: &mut Draw) -> u32 {
    let (lost, kept) = (draw.gamma(plan.lost_halves), draw.gamma(plan.kept_halves));
    let most = 1_200 / plan.term_months;
    // Both of measure 0 at once stands for never.
    let chance = if lost + kept > 0.0 { lost / (lost + kept) } else { 0.0 };
    (1..most).find(|_| draw.chance(chance)).unwrap_or(most)
}

/// Writes the rows held, and holds none.
fn write(file: &mut TableFile, spans: &mut Vec<Span>) -> Result<u64> {
    let rows = spans.len() as u64;
    if rows > 0 {
        let plans: Vec<u8> = spans.iter().map(|span| span.plan).collect();
        let plan = |span: &Span| &PLANS[usize::from(span.plan)];
        let months = |span: &Span| i32::try_from(plan(span).term_months).expect("few months");
        file.write(vec![
            Arc::new(Int64Array::from_iter_values(spans.iter().map(|span| span.contract))),
            Arc::new(Int64Array::from_iter_values(spans.iter().map(|span| span.customer))),
            names(plans, &PLANS.each_ref().map(|plan| plan.name)),
            Arc::new(Int32Array::from_iter_values(spans.iter().map(months))),
            Arc::new(Date32Array::from_iter_values(spans.iter().map(|span| span.started))),
            Arc::new(spans.iter().map(|span| span.ended).collect::<Date32Array>()),
            cents(spans.iter().map(|span| span.price_cents).collect()),
        ])?;
    }
    spans.clear();
    Ok(rows)
}

/// Weights and shares are by kind.
const _: () = assert!(HABITS.len() == Kind::ALL.len());
