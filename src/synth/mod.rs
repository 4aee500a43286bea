//! Synthetic histories of a trading company: the same options give the same bytes, whatever the machine or the
//! number of threads. Knows no other room; what it writes is read back like any company's files.
//!
//! A month is drawn without knowing the others: every customer's month and every order's lines have their own
//! stream of random numbers, and a return draws its order again. So months are made in parallel, and memory
//! holds a few dozen bytes per customer and per order of the months in hand, never a history's lines.

mod business;
mod catalogue;
mod contacts;
mod contracts;
mod customer;
mod draw;
mod fit;
mod group;
mod groups;
mod history;
mod master_files;
mod month;
mod month_files;
mod order;
mod plan;
mod points;
mod table_file;
mod voice;

use crate::error::{Error, Result};
use crate::units::Day;
use history::{History, Month};
use month::{COMPLAINT_TOPIC, Draft};
use month_files::{MOST_ORDERS_PER_MONTH, MonthTotals};
use rayon::prelude::*;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use voice::Opened;

/// Months in hand at a time. Fixed, so that memory does not grow with the number of processors.
const MONTHS_AT_ONCE: usize = 4;
const FOLDERS: [&str; 4] = ["transactions", "support_calls", "sales_visits", "payments"];
const FILES: [&str; 14] = [
    "customers.parquet",
    "products.parquet",
    "ledger.parquet",
    "surveys.parquet",
    "complaints.parquet",
    "referrals.parquet",
    "contacts.parquet",
    "plan_costs.parquet",
    "plan_volumes.parquet",
    "plan_sales.parquet",
    "household_shares.parquet",
    "rates.csv",
    "contracts.parquet",
    "points.parquet",
];

/// What history to make.
#[derive(Debug, Clone)]
pub struct SynthOptions {
    /// Order lines, returns included; exactly as many are written.
    pub lines: u64,
    /// Customers, prospects included.
    pub customers: u32,
    /// Calendar months.
    pub months: u16,
    /// Another seed, another history.
    pub seed: u64,
    /// First day; must be the first of a month.
    pub start: Day,
    /// Whether several companies of a group sell, in several currencies: with rates and payments.
    pub group: bool,
}

impl Default for SynthOptions {
    fn default() -> Self {
        let start = Day::from_ymd(2023, 1, 1).expect("a day of the calendar");
        Self { lines: 60_000, customers: 3_000, months: 24, seed: 7, start, group: false }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct SynthTotals {
    /// Rows of `transactions`.
    pub lines: u64,
    /// Those that bring something back.
    pub return_lines: u64,
    /// Orders, credit notes not counted.
    pub orders: u64,
    /// Rows of `customers.parquet`.
    pub customers: u64,
    /// Rows of `support_calls`.
    pub support_calls: u64,
    /// Rows of `sales_visits`.
    pub sales_visits: u64,
    /// Rows of `surveys.parquet`.
    pub answers: u64,
    /// Rows of `complaints.parquet`.
    pub complaints: u64,
    /// Rows of `referrals.parquet`.
    pub referrals: u64,
    /// Rows of `contacts.parquet`.
    pub contacts: u64,
    /// Rows of `household_shares.parquet`.
    pub household_shares: u64,
    /// Rows of `contracts.parquet`.
    pub contracts: u64,
    /// Rows of `points.parquet`.
    pub points: u64,
    /// Rows of the files of the plan.
    pub planned: u64,
    /// Σ quantity × price × (1 − discount) without test orders, in 1/1,000,000.
    pub net_revenue_micros: i128,
    /// Sum of `ledger.parquet`, in cents.
    pub ledger_cents: i128,
}

/// Writes a history into the folder `out`. `progress` hears (order lines written, order lines in all).
///
/// # Errors
/// When the options make no sense, when `out` already holds a history, or when a file cannot be written.
pub fn generate(
    out: &Path,
    options: &SynthOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<SynthTotals> {
    check(options)?;
    make_folders(out, options)?;
    let history = History::new(options);
    master_files::write_customers(&out.join(FILES[0]), &history)?;
    if options.group {
        group::write_rates(&out.join(FILES[11]), &history)?;
    }
    master_files::write_products(&out.join(FILES[1]), &history.catalogue.products)?;
    let mut programme = points::Programme::create(&out.join(FILES[13]))?;
    let (months, complaints) =
        write_months(out, &history, &mut programme, &|done| progress(done, options.lines))?;
    let net_revenue: Vec<i128> = months.iter().map(|month| month.net_revenue_micros).collect();
    let ledger_cents = master_files::write_ledger(&out.join(FILES[2]), &history, &net_revenue)?;
    let totals = SynthTotals {
        answers: voice::write_surveys(&out.join(FILES[3]), &history)?,
        complaints: voice::write_complaints(&out.join(FILES[4]), &history, &complaints)?,
        referrals: voice::write_referrals(&out.join(FILES[5]), &history)?,
        contacts: contacts::write_contacts(&out.join(FILES[6]), &history)?,
        household_shares: groups::write_household_shares(&out.join(FILES[10]), &history)?,
        contracts: contracts::write_contracts(&out.join(FILES[12]), &history)?,
        points: programme.finish()?,
        planned: plan::write_plan([7, 8, 9].map(|file| out.join(FILES[file])), &history, &months)?,
        ..sum(&months, options, ledger_cents)
    };
    assert_eq!(totals.lines, options.lines, "a history has exactly the lines that were asked for");
    Ok(totals)
}

fn check(options: &SynthOptions) -> Result<()> {
    let mut messages = Vec::new();
    if options.customers == 0 || options.customers == u32::MAX {
        messages.push(format!("--customers: found {}, expected 1 to 4294967294", options.customers));
    }
    if !(1..=1_200).contains(&options.months) {
        messages.push(format!("--months: found {}, expected 1 to 1200", options.months));
    }
    if options.lines == 0 || options.lines / u64::from(options.months.max(1)) >= MOST_ORDERS_PER_MONTH / 4 {
        let most = MOST_ORDERS_PER_MONTH / 4;
        messages.push(format!("--lines: found {}, expected 1 to {most} a month", options.lines));
    }
    if options.start.ymd().2 != 1 || !(Day::MIN..Day::END).contains(&options.start) {
        messages.push(format!("--start: found {}, expected the first day of a month", options.start));
    }
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: crate::error::Kind::Definition, messages }) }
}

/// Refuses a folder with a history in it: months left over from another one would be read with the new ones.
fn make_folders(out: &Path, options: &SynthOptions) -> Result<()> {
    if let Some(name) = FOLDERS.iter().chain(&FILES).find(|name| out.join(name).exists()) {
        let way_out = "remove it or name another folder";
        return Err(Error::definition(format!("{}: already exists; {way_out}", out.join(name).display())));
    }
    for name in FOLDERS.into_iter().filter(|name| options.group || *name != "payments") {
        let folder = out.join(name);
        std::fs::create_dir_all(&folder).map_err(|error| table_file::io(&folder, &error))?;
    }
    Ok(())
}

/// Writes every month; gives the complaints among its calls too.
fn write_months(
    out: &Path,
    history: &History,
    programme: &mut points::Programme,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(Vec<MonthTotals>, Vec<Opened>)> {
    let done = AtomicU64::new(0);
    let wrote = |lines| progress(done.fetch_add(lines, Ordering::Relaxed) + lines);
    let (mut totals, mut complaints) = (Vec::new(), Vec::new());
    let mut carried = Draft::default();
    for months in history.months.chunks(MONTHS_AT_ONCE) {
        let mut drafts: Vec<Draft> = months.par_iter().map(|month| month::draft(history, month)).collect();
        for (month, draft) in months.iter().zip(&mut drafts) {
            carried = draft.exchange(carried, Day(month.end_day).micros());
            programme.add(history, month, draft)?;
        }
        let written: Result<Vec<MonthTotals>> = months
            .par_iter()
            .zip(&mut drafts)
            .map(|(month, draft)| write_month(out, history, month, draft, &wrote))
            .collect();
        totals.extend(written?);
        complaints.extend(drafts.iter().flat_map(complaints_of));
    }
    assert!(carried.parts.is_empty() && carried.calls.is_empty(), "nothing happens after the history");
    Ok((totals, complaints))
}

/// The calls of a month that are complaints, in order of time once the month is sorted.
fn complaints_of(draft: &Draft) -> impl Iterator<Item = Opened> {
    let complaints = draft.calls.iter().filter(|call| call.topic == COMPLAINT_TOPIC);
    complaints.map(|call| Opened { at: call.at, customer: call.customer })
}

fn write_month(
    out: &Path,
    history: &History,
    month: &Month,
    draft: &mut Draft,
    wrote: &(dyn Fn(u64) + Sync),
) -> Result<MonthTotals> {
    draft.sort();
    month_files::write(out, history, month, draft, wrote)
}

fn sum(months: &[MonthTotals], options: &SynthOptions, ledger_cents: i128) -> SynthTotals {
    let mut totals =
        SynthTotals { customers: u64::from(options.customers), ledger_cents, ..SynthTotals::default() };
    for month in months {
        totals.lines += month.lines;
        totals.return_lines += month.return_lines;
        totals.orders += month.orders;
        totals.support_calls += month.calls;
        totals.sales_visits += month.visits;
        totals.net_revenue_micros += month.net_revenue_micros;
    }
    totals
}
