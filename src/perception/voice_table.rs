//! `customer_voice`: what every customer said and whom it referred, for rules that come before the tables of perception.

use super::rows::{Given, given_within};
use super::sources::Asked;
use super::voice::{Said, Voice, points};
use crate::customers::slices;
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::Customers;
use crate::pipeline::Definition;
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableFormat};
use crate::units::Day;

/// One customer.
struct Row {
    rank: u32,
    said: Said,
    /// None where referrals are not known.
    referrals: Option<usize>,
    dissatisfied_in_a_row: Option<u32>,
}

/// Writes the table, slice by slice, where the pipeline has `[perception]`.
///
/// # Errors
/// A disk that fails, a failed write.
pub fn write_voice(
    definition: &Definition,
    facts: &FactSet,
    asked: &Asked,
    tables: StageTables<'_>,
) -> Result<()> {
    let Some(def) = &definition.perception else { return Ok(()) };
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let voice = Voice::new(asked, def);
    let given: Option<&[Given]> = def.referrals.as_ref().map(|_| &asked.given[..]);
    let rows = |ranks: std::ops::Range<usize>| -> Result<Vec<Row>> {
        let slice = voice.of(&ranks)?;
        let row = |rank: usize| {
            let number = u32::try_from(rank).expect("ranks fit 32 bits");
            let said = slice.before(rank, facts.as_of);
            Row {
                rank: number,
                said,
                referrals: given.map(|given| given_within(given, number, i32::MIN..facts.as_of.0)),
                dissatisfied_in_a_row: slice.dissatisfied_in_a_row(rank),
            }
        };
        Ok(ranks.map(row).collect())
    };
    let mut writer = tables.table(&sheet(format, &facts.customers, &[]).spec, None)?;
    let make = |ranks| Ok(sheet(format, &facts.customers, &rows(ranks)?).arrays);
    slices::in_order(0..facts.customers.keys.len(), make, |arrays| writer.write(arrays))?;
    writer.finish()
}

fn sheet(format: TableFormat<'_>, customers: &Customers, rows: &[Row]) -> Sheet {
    let mut draft = format.draft("customer_voice", "customer", None, rows);
    draft.customer("Customer", customers.ids(rows.iter().map(|row| row.rank)), true);
    draft.as_of();
    draft.day("asked_on", "The latest interview about the offer as a whole", |row| {
        row.said.interview.map(|interview| Day(interview.day))
    });
    draft.float("performance", "points", "What it was judged then", |row| {
        Some(points(row.said.interview?.performance))
    });
    draft.float("expectation", "points", "What was expected then", |row| {
        Some(points(row.said.interview?.expectation?))
    });
    let meaning = "delighted, satisfied or dissatisfied then; null without an expectation";
    draft.name("satisfaction", meaning, |row| Some(row.said.interview?.satisfaction()?.name()));
    let meaning = "Complaints opened; null where the pipeline has none";
    draft.count("complaints", "complaints", meaning, |row| row.said.complaints.map(|count| count as u64));
    draft.count("open_complaints", "complaints", "Of these, not resolved by the as-of date", |row| {
        row.said.complaints.map(|_| row.said.open_complaints as u64)
    });
    let meaning = "Days from the opening of the oldest of them to the as-of date; null without";
    draft.count("open_complaint_days", "days", meaning, |row| row.said.open_complaint_days);
    let meaning = "Referrals the customer made; null where the pipeline has none";
    draft.count("referrals", "referrals", meaning, |row| row.referrals.map(|count| count as u64));
    let meaning = "Dissatisfied answers about the offer as a whole and complaints in a row up to the as-of date: one answer \
                   within or above what was expected ends it; null where the pipeline has neither";
    draft.count("dissatisfied_in_a_row", "answers and complaints", meaning, |row| row.dissatisfied_in_a_row);
    draft.finish()
}
