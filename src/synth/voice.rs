//! What customers say: surveys, complaints and referrals.
//!
//! Two weighings are hidden in the surveys. The judgement of the offer as a whole follows the attributes' performance by
//! their weights, and stated importance follows the same weights less sharply. Customers who are about to leave judge
//! worse and see fewer of their complaints resolved.

use super::customer::{Customer, Kind};
use super::draw::{Draw, Purpose, whole};
use super::history::{History, Month};
use super::table_file::{ROWS_PER_GROUP, TableFile, cents, instant, names, short_list};
use crate::error::Result;
use crate::units::MICROS_PER_DAY;
use arrow::array::{Date32Array, Int32Array, Int64Array, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field};
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// An attribute of the offer: its name, its weight in the judgement of the whole in per cent, and by how much the firm
/// and its competitors perform above or below the scale's 7.
struct Attribute {
    name: &'static str,
    weight: f64,
    performance: [f64; 3],
}

const fn attribute(name: &'static str, weight: f64, performance: [f64; 3]) -> Attribute {
    Attribute { name, weight, performance }
}

/// Weights sum to 100; the last two are about price.
const ATTRIBUTES: [Attribute; 8] = [
    attribute("consistency", 24.0, [0.6, 0.1, -0.3]),
    attribute("technical features", 12.0, [0.2, 0.5, -0.4]),
    attribute("delivery", 18.0, [-0.5, 0.4, 0.0]),
    attribute("reliability of the firm", 10.0, [0.5, 0.3, -0.6]),
    attribute("advice", 7.0, [0.7, -0.2, -0.8]),
    attribute("catalogue", 3.0, [0.3, 0.2, 0.2]),
    attribute("price level", 20.0, [-0.4, -0.6, 0.9]),
    attribute("terms of payment", 6.0, [0.4, 0.0, -0.1]),
];
const FIRST_OF_PRICE: usize = 6;
/// Names of the attributes and, last, of the offer as a whole.
const NAMES: [&str; 9] = {
    let mut names = ["overall"; 9];
    let mut place = 0;
    while place < ATTRIBUTES.len() {
        names[place] = ATTRIBUTES[place].name;
        place += 1;
    }
    names
};
const OVERALL: u8 = 8;
const SUPPLIERS: [&str; 3] = ["own", "Paperworks", "Office One"];

/// Every so many months, from the third on, some customers are asked.
const MONTHS_PER_WAVE: u16 = 6;
const FIRST_WAVE: u16 = 2;
const ASKED_CHANCE: f64 = 0.12;
const KNOWS_COMPETITOR_CHANCE: f64 = 0.6;
/// Customers whose interviews are drawn together.
const CUSTOMERS_AT_ONCE: usize = 65_536;
/// Who leaves within so many days judges worse, and who leaves within so many finds complaints unresolved.
const LEAVING_DAYS: i32 = 365;
const GIVING_UP_DAYS: i32 = 180;

/// One row of the surveys.
struct Answer {
    customer: i64,
    day: i32,
    supplier: u8,
    attribute: u8,
    importance: Option<i32>,
    expectation: Option<i32>,
    performance: i32,
}

/// Writes `surveys.parquet`; returns its rows.
pub(super) fn write_surveys(path: &Path, history: &History) -> Result<u64> {
    let fields = vec![
        Field::new("customer_id", DataType::Int64, false),
        Field::new("answered_on", DataType::Date32, false),
        Field::new("supplier", short_list(), false),
        Field::new("attribute", short_list(), false),
        Field::new("importance", DataType::Int32, true),
        Field::new("expectation", DataType::Int32, true),
        Field::new("performance", DataType::Int32, false),
    ];
    let mut file = TableFile::create(path, fields, &[])?;
    let mut rows = 0;
    let waves = history.months.iter().filter(|month| month.number % MONTHS_PER_WAVE == FIRST_WAVE);
    for month in waves {
        for (part, customers) in history.customers.chunks(CUSTOMERS_AT_ONCE).enumerate() {
            let first = u32::try_from(part * CUSTOMERS_AT_ONCE).expect("customers are numbered in 32 bits");
            let answers: Vec<Answer> = (first..)
                .zip(customers)
                .collect::<Vec<_>>()
                .into_par_iter()
                .flat_map_iter(|(index, customer)| interview(history, month, index, customer))
                .collect();
            rows += answers.len() as u64;
            answers.chunks(ROWS_PER_GROUP).try_for_each(|answers| write_answers(&mut file, answers))?;
        }
    }
    file.finish()?;
    Ok(rows)
}

fn write_answers(file: &mut TableFile, answers: &[Answer]) -> Result<()> {
    let scores = |of: fn(&Answer) -> Option<i32>| answers.iter().map(of).collect::<Int32Array>();
    file.write(vec![
        Arc::new(Int64Array::from_iter_values(answers.iter().map(|answer| answer.customer))),
        Arc::new(Date32Array::from_iter_values(answers.iter().map(|answer| answer.day))),
        names(answers.iter().map(|answer| answer.supplier).collect(), &SUPPLIERS),
        names(answers.iter().map(|answer| answer.attribute).collect(), &NAMES),
        Arc::new(scores(|answer| answer.importance)),
        Arc::new(scores(|answer| answer.expectation)),
        Arc::new(scores(|answer| Some(answer.performance))),
    ])
}

/// What one customer says in one month, if it is asked.
fn interview(history: &History, month: &Month, index: u32, customer: &Customer) -> Vec<Answer> {
    let (first, end) = month.active_days(customer);
    let mut draw = history.streams.open(Purpose::Survey, month.number, index);
    if customer.is_prospect || first >= end || !draw.chance(ASKED_CHANCE) {
        return Vec::new();
    }
    let days = u32::try_from(end - first).expect("active days are not negative");
    let day = first + i32::try_from(draw.below(days)).expect("a month has few days");
    let mood = noise(&mut draw)
        - if customer.until_day < day + LEAVING_DAYS { 1.2 } else { 0.0 }
        - if customer.is_demanding { 0.8 } else { 0.0 };
    let mut answers = Vec::new();
    for supplier in 0..3_u8 {
        if supplier == 0 || draw.chance(KNOWS_COMPETITOR_CHANCE / 2.0) {
            // A competitor is judged without the mood that one's own experience makes.
            let mood = if supplier == 0 { mood } else { 0.0 };
            let about = Judging { customer, id: i64::from(index) + 1, day, supplier, mood };
            about.judge(&mut draw, &mut answers);
        }
    }
    answers
}

/// A customer who judges one supplier.
struct Judging<'h> {
    customer: &'h Customer,
    id: i64,
    day: i32,
    supplier: u8,
    mood: f64,
}

impl Judging<'_> {
    fn judge(&self, draw: &mut Draw, answers: &mut Vec<Answer>) {
        let is_own = self.supplier == 0;
        let mut whole_offer = 0.0;
        for (place, attribute) in (0_u8..).zip(&ATTRIBUTES) {
            let above = attribute.performance[usize::from(self.supplier)];
            let performance = score(7.0 + above + self.mood + 2.0 * noise(draw));
            whole_offer += attribute.weight / 100.0 * f64::from(performance);
            let cares = self.customer.kind == Kind::Reseller && usize::from(place) >= FIRST_OF_PRICE;
            let matters = 4.5 + attribute.weight / 6.0 + if cares { 1.5 } else { 0.0 } + noise(draw);
            let expected = score(7.2 + 0.8 * noise(draw));
            answers.push(self.answer(place, is_own.then(|| (score(matters), expected)), performance));
        }
        let expected = score(7.2 + 0.8 * noise(draw));
        let performance = score(whole_offer + 0.5 * noise(draw));
        let own = self.answer(OVERALL, is_own.then_some((10, expected)), performance);
        answers.push(Answer { importance: None, ..own });
    }

    fn answer(&self, attribute: u8, asked: Option<(i32, i32)>, performance: i32) -> Answer {
        Answer {
            customer: self.id,
            day: self.day,
            supplier: self.supplier,
            attribute,
            importance: asked.map(|(importance, _)| importance),
            expectation: asked.map(|(_, expectation)| expectation),
            performance,
        }
    }
}

/// Between −2 and 2, about normal: four uniforms.
fn noise(draw: &mut Draw) -> f64 {
    (0..4).map(|_| draw.uniform()).sum::<f64>() - 2.0
}

/// A whole number of points from 1 to 10.
fn score(points: f64) -> i32 {
    i32::try_from(whole(points + 0.5, 10)).expect("at most 10").max(1)
}

/// A complaint as it was opened, by a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opened {
    pub(super) at: i64,
    /// Index of the customer.
    pub(super) customer: u32,
}

/// Writes `complaints.parquet`; returns its rows.
pub(super) fn write_complaints(path: &Path, history: &History, opened: &[Opened]) -> Result<u64> {
    let fields = vec![
        Field::new("customer_id", DataType::Int64, false),
        Field::new("opened_at", instant(), false),
        Field::new("resolved_on", DataType::Date32, true),
    ];
    let mut file = TableFile::create(path, fields, &["opened_at"])?;
    let mut number = 0_u32;
    for opened in opened.chunks(ROWS_PER_GROUP) {
        let resolved: Date32Array = (number..)
            .zip(opened)
            .map(|(number, complaint)| resolved_on(history, number, complaint))
            .collect();
        number += u32::try_from(opened.len()).expect("a row group is small");
        let ids = opened.iter().map(|complaint| i64::from(complaint.customer) + 1);
        let times = opened.iter().map(|complaint| complaint.at);
        file.write(vec![
            Arc::new(Int64Array::from_iter_values(ids)),
            Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC")),
            Arc::new(resolved),
        ])?;
    }
    file.finish()?;
    Ok(opened.len() as u64)
}

fn resolved_on(history: &History, number: u32, complaint: &Opened) -> Option<i32> {
    let mut draw = history.streams.open(Purpose::Complaint, 0, number);
    let day = i32::try_from(complaint.at.div_euclid(MICROS_PER_DAY)).expect("a day of the history");
    let until = history.customers[complaint.customer as usize].until_day;
    let is_resolved = draw.chance(if until < day + GIVING_UP_DAYS { 0.4 } else { 0.82 });
    let days = 1 + i32::try_from(whole(6.0 * draw.exponential(), 60)).expect("at most 60");
    (is_resolved && (i64::from(day + days)) * MICROS_PER_DAY < history.end()).then_some(day + days)
}

/// One row of the referrals.
struct Referral {
    referrer: u32,
    referred: u32,
    day: i32,
    reward_cents: i64,
}

/// Of customers won by referral, the share that a second customer claims to have brought.
const CLAIMED_TWICE_CHANCE: f64 = 0.04;

/// Writes `referrals.parquet`; returns its rows.
pub(super) fn write_referrals(path: &Path, history: &History) -> Result<u64> {
    let fields = vec![
        Field::new("referrer_id", DataType::Int64, false),
        Field::new("referred_id", DataType::Int64, false),
        Field::new("referred_on", DataType::Date32, false),
        Field::new("reward", DataType::Decimal64(10, 2), false),
    ];
    let mut file = TableFile::create(path, fields, &[])?;
    let mut rows = 0;
    for (part, customers) in history.customers.chunks(CUSTOMERS_AT_ONCE).enumerate() {
        let first = u32::try_from(part * CUSTOMERS_AT_ONCE).expect("customers are numbered in 32 bits");
        let numbered = (first..).zip(customers);
        let referrals: Vec<Referral> =
            numbered.flat_map(|(index, customer)| referrals_of(history, index, customer)).collect();
        rows += referrals.len() as u64;
        let ids = |of: fn(&Referral) -> u32| {
            Arc::new(Int64Array::from_iter_values(referrals.iter().map(|row| i64::from(of(row)) + 1)))
        };
        if !referrals.is_empty() {
            file.write(vec![
                ids(|row| row.referrer),
                ids(|row| row.referred),
                Arc::new(Date32Array::from_iter_values(referrals.iter().map(|row| row.day))),
                cents(referrals.iter().map(|row| row.reward_cents).collect()),
            ])?;
        }
    }
    file.finish()?;
    Ok(rows)
}

/// Who brought a customer won by referral: one who was won before, and perhaps another who says so later.
fn referrals_of(history: &History, index: u32, customer: &Customer) -> Vec<Referral> {
    if customer.source() != "referral" || index == 0 {
        return Vec::new();
    }
    let mut draw = history.streams.open(Purpose::Referral, 0, index);
    let day = customer.acquired_day;
    let reward_cents = [1_500, 4_000, 10_000][customer.kind as usize];
    let mut referrals = vec![Referral { referrer: draw.below(index), referred: index, day, reward_cents }];
    if draw.chance(CLAIMED_TWICE_CHANCE) {
        let days = i32::try_from(draw.below(20)).expect("few days");
        let claim =
            Referral { referrer: draw.below(index), referred: index, day: day + days, reward_cents: 0 };
        referrals.push(claim);
    }
    referrals
}
