//! Writes contacts: letters and calls to customers drawn at random, of whom a fifth, at random again, is held out. They change
//! nothing that customers do, so an effect beyond chance would be a false alarm.

use super::customer::Customer;
use super::draw::Purpose;
use super::history::{History, Month};
use super::table_file::{TableFile, names, short_list};
use crate::error::Result;
use arrow::array::{Date32Array, Int64Array};
use arrow::datatypes::{DataType, Field};
use std::path::Path;
use std::sync::Arc;

const TREATMENTS: [&str; 2] = ["catalogue", "service call"];
const ARMS: [&str; 2] = ["treated", "control"];
/// Months from one wave to the next, and the first one with a wave.
const MONTHS_PER_WAVE: u16 = 6;
const FIRST_WAVE: u16 = 4;
/// Of the customers won before, the share that a wave is about, and of these the share held out.
const DRAWN_CHANCE: f64 = 0.3;
const HELD_OUT_CHANCE: f64 = 0.2;

struct Contact {
    customer: i64,
    day: i32,
    treatment: u8,
    arm: u8,
}

/// Writes `contacts.parquet`; returns its rows.
pub(super) fn write_contacts(path: &Path, history: &History) -> Result<u64> {
    let fields = vec![
        Field::new("customer_id", DataType::Int64, false),
        Field::new("contacted_on", DataType::Date32, false),
        Field::new("treatment", short_list(), false),
        Field::new("arm", short_list(), false),
    ];
    let mut file = TableFile::create(path, fields, &[])?;
    let mut rows = 0;
    for month in history.months.iter().filter(|month| month.number % MONTHS_PER_WAVE == FIRST_WAVE) {
        let customers = (0..).zip(&history.customers);
        let contacts: Vec<Contact> =
            customers.filter_map(|(index, customer)| contact(history, month, index, customer)).collect();
        rows += contacts.len() as u64;
        if !contacts.is_empty() {
            file.write(vec![
                Arc::new(Int64Array::from_iter_values(contacts.iter().map(|contact| contact.customer))),
                Arc::new(Date32Array::from_iter_values(contacts.iter().map(|contact| contact.day))),
                names(contacts.iter().map(|contact| contact.treatment).collect(), &TREATMENTS),
                names(contacts.iter().map(|contact| contact.arm).collect(), &ARMS),
            ])?;
        }
    }
    file.finish()?;
    Ok(rows)
}

/// The contact of a customer in a wave, if it was drawn.
fn contact(history: &History, month: &Month, index: u32, customer: &Customer) -> Option<Contact> {
    if customer.is_prospect || customer.acquired_day >= month.first_day {
        return None;
    }
    let mut draw = history.streams.open(Purpose::Contact, month.number, index);
    let wave = month.number / MONTHS_PER_WAVE;
    draw.chance(DRAWN_CHANCE).then(|| Contact {
        customer: i64::from(index) + 1,
        day: month.first_day + i32::try_from(draw.below(10)).expect("few days"),
        treatment: u8::from(wave % 2 == 1),
        arm: u8::from(draw.chance(HELD_OUT_CHANCE)),
    })
}
