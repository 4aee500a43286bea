//! Reads ledgers and driver files: Parquet or text rows of (account, date, amount), summed exactly per account and
//! period.
//!
//! A ledger is small (accounts × periods), so it is read whole. Amounts in text are kept as text until all files are
//! read: which mark stands before the decimals is settled by all of them together.

mod amount;
mod day;
mod day_values;
mod marks;
mod parquet_rows;
mod rates;
mod row;
mod text_file;
mod text_rows;

pub use day_values::{DayValue, read_day_values};
pub(crate) use rates::{RATE_DIGITS, RateRow, read_rates};

use crate::error::{Error, Kind, Result};
use crate::facts::inputs::file_kind::{FileKind, conversion};
use crate::facts::inputs::find::{FoundFile, find};
use crate::facts::inputs::input::open_found;
use crate::facts::inputs::source_view::SourceView;
use crate::facts::schema::LedgerSums;
use crate::pipeline::{Amount, CostingDef, Definition, LedgerDef, Quantity, ResourceDriver};
use crate::units::{Decimal, Fixed18, Period, TooManyDigits};
use marks::Marks;
use row::FileRows;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads every ledger and driver file of the definition once, however many nodes it feeds or drives.
///
/// # Errors
/// A missing or unreadable file, a missing column, a row without account, date or amount.
pub fn read_ledgers(definition: &Definition) -> Result<Vec<LedgerSums>> {
    let mut ledgers: Vec<LedgerSums> = Vec::new();
    let Some(costing) = &definition.costing else { return Ok(ledgers) };
    check_formats(definition, costing)?;
    for (index, ledger) in money_files(costing) {
        let known = ledgers.iter_mut().find(|known| known.is_of(ledger));
        match known {
            Some(known) => known.resources.push(index),
            None => ledgers.push(LedgerSums { resources: vec![index], ..read(definition, ledger, false)? }),
        }
    }
    for file in driver_files(costing) {
        if !ledgers.iter().any(|known| known.holds_quantities && known.is_of(file)) {
            ledgers.push(read(definition, file, true)?);
        }
    }
    Ok(ledgers)
}

/// Ledgers, with the resources they feed.
fn money_files(costing: &CostingDef) -> impl Iterator<Item = (usize, &LedgerDef)> {
    costing.resources.iter().enumerate().filter_map(|(index, resource)| match &resource.amount {
        Amount::Ledger(ledger) => Some((index, &**ledger)),
        _ => None,
    })
}

/// Files whose rows are quantities.
fn driver_files(costing: &CostingDef) -> impl Iterator<Item = &LedgerDef> {
    let resources = costing.resources.iter().flat_map(|resource| &resource.takes);
    let takes = resources.chain(costing.activities.iter().flat_map(|activity| &activity.takes));
    let taken = takes.filter_map(|take| match &take.by {
        ResourceDriver::Quantity(quantity)
        | ResourceDriver::FixedAndVariable(_, quantity)
        | ResourceDriver::Minutes(quantity) => Some(quantity),
        _ => None,
    });
    let worked = costing.activities.iter().filter_map(|activity| activity.actual_minutes.as_ref());
    taken.chain(worked).filter_map(|quantity| match quantity {
        Quantity::File(file) => Some(&**file),
        _ => None,
    })
}

/// Every ledger and driver file, as often as it is named.
pub(crate) fn ledger_files(costing: &CostingDef) -> impl Iterator<Item = &LedgerDef> {
    money_files(costing).map(|(_, ledger)| ledger).chain(driver_files(costing))
}

/// A file that several nodes name is read once, so they must agree in how it is written.
fn check_formats(definition: &Definition, costing: &CostingDef) -> Result<()> {
    let ledgers: Vec<&LedgerDef> = ledger_files(costing).collect();
    let mut messages = Vec::new();
    for (index, ledger) in ledgers.iter().enumerate() {
        let first = ledgers[..index].iter().find(|first| first.files.path == ledger.files.path);
        if let Some(first) = first.filter(|first| first.format != ledger.format) {
            messages.push(format!(
                "{}: '{}' is also read at {}, by other keys for separator, marks or dates; write the same keys in both",
                definition.place(ledger.files.at),
                ledger.files.pattern,
                definition.place(first.files.at)
            ));
        }
    }
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: Kind::Definition, messages }) }
}

/// Reads the files of a ledger, of a driver file, or of a column of a plan.
///
/// # Errors
/// As `read_ledgers`.
pub fn read(definition: &Definition, ledger: &LedgerDef, holds_quantities: bool) -> Result<LedgerSums> {
    let money_scale = definition.facts.money_scale;
    let digits = if holds_quantities { Finest::Quantity(MOST_DIGITS) } else { Finest::Money(money_scale) };
    let (files, view) = read_files(definition, ledger, digits)?;
    let (finest, currency) =
        if holds_quantities { (MOST_DIGITS, None) } else { (money_scale, Some(&*definition.facts.currency)) };
    let marks = Marks::settle(ledger, &files, currency)?;
    let amounts = amounts(&files, &marks, finest)?;
    let scale = if holds_quantities {
        amounts.iter().map(|amount| amount.scale).max().unwrap_or(0)
    } else {
        money_scale
    };
    let columns = [&ledger.account_column, &ledger.period_column, &ledger.amount_column].map(Clone::clone);
    Ok(LedgerSums {
        files: ledger.files.pattern.clone(),
        key: (ledger.files.path.clone(), columns),
        version: ledger.files.version,
        view,
        holds_quantities,
        scale,
        guesses: marks.guesses(&ledger.format, &files),
        sums: sums(definition, &files, &amounts, scale, &ledger.files.pattern)?,
        inputs: files.into_iter().map(|file| file.identity).collect(),
        resources: Vec::new(),
    })
}

/// Digits after the point that a quantity may have; further ones are rounded, once per row.
const MOST_DIGITS: u8 = 9;

/// Digits after the point that amounts are read with.
#[derive(Debug, Clone, Copy)]
enum Finest {
    /// All of them, as money has.
    Money(u8),
    /// As many as they have, and at most these.
    Quantity(u8),
}

fn read_files(
    definition: &Definition,
    ledger: &LedgerDef,
    digits: Finest,
) -> Result<(Vec<FileRows>, SourceView)> {
    let found = find(definition, &ledger.files)?;
    let mut kinds = BTreeMap::new();
    for FoundFile { path, .. } in &found.files {
        let kind = FileKind::of(path).map_err(|error| Error::io(Kind::Input, path, &error))?;
        kinds.insert(path.clone(), kind);
    }
    let (parquet, others) = found.split(|file| kinds[&file.path] == FileKind::Parquet);
    let mut files = Vec::new();
    let parquet = open_found(parquet, definition.facts.int96, true)?;
    let used = [&ledger.account_column, &ledger.period_column, &ledger.amount_column].map(Clone::clone);
    let mut view = SourceView::of(&ledger.files.pattern, &parquet, &used);
    for file in parquet {
        files.push(parquet_rows::read(definition, ledger, file, digits)?);
    }
    for file in &others {
        match kinds[&file.path] {
            FileKind::Text => files.push(text_rows::read(definition, ledger, file)?),
            kind => return Err(unreadable(&file.path, kind)),
        }
    }
    view.files = files.len();
    view.rows = files.iter().map(|file| file.rows.len() as u64).sum();
    Ok((files, view))
}

fn unreadable(path: &Path, kind: FileKind) -> Error {
    Error::input(match kind {
        FileKind::Empty => format!("{}: is empty, expected a head and rows", path.display()),
        kind => {
            format!("{}: is {kind}, expected Parquet or text; {}", path.display(), conversion(kind, path))
        }
    })
}

/// The amount of every row of every file, rounded once.
fn amounts(files: &[FileRows], marks: &Marks, finest: u8) -> Result<Vec<Decimal>> {
    let mut amounts = Vec::new();
    for file in files {
        for row in &file.rows {
            amounts.push(match &row.amount {
                row::Amount::Exact(amount) => *amount,
                row::Amount::Text(text) => {
                    marks.read(text, finest).map_err(|fault| file.fault(row.number, &fault))?
                }
            });
        }
    }
    Ok(amounts)
}

/// Adds up rows of one account and period.
fn sums(
    definition: &Definition,
    files: &[FileRows],
    amounts: &[Decimal],
    scale: u8,
    pattern: &str,
) -> Result<BTreeMap<(String, Period), i64>> {
    let fault = |account: &str, period: Period| {
        Error::input(format!("{pattern}: account '{account}' in {period} {TooManyDigits}"))
    };
    let mut sums = BTreeMap::<(String, Period), i128>::new();
    for (row, amount) in files.iter().flat_map(|file| &file.rows).zip(amounts) {
        let period = Period::containing(definition.facts.period, row.day);
        let amount = amount.at_scale(scale).ok_or_else(|| fault(&row.account, period))?;
        let sum = sums.entry((row.account.clone(), period)).or_default();
        *sum = sum.checked_add(amount).ok_or_else(|| fault(&row.account, period))?;
    }
    let narrow = |((account, period), sum): ((String, Period), i128)| {
        let sum = Fixed18::new(sum).ok_or_else(|| fault(&account, period))?;
        Ok(((account, period), sum.get()))
    };
    sums.into_iter().map(narrow).collect()
}
