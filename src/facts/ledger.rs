//! Reads ledgers and driver files: Parquet or CSV rows of (account, date, amount), summed exactly per account and period.
//!
//! A ledger is small (accounts × periods), so it is read whole and its rows are held as text and integers.

use super::contain::{contain, contain_each};
use super::find::{FoundFile, find};
use super::input::identify;
use super::pages::Pages;
use super::schema::LedgerSums;
use crate::error::{Error, Kind, Result};
use crate::pipeline::{Amount, CostingDef, Definition, FactsDef, LedgerDef, Quantity, ResourceDriver};
use crate::storage::read as read_bytes;
use crate::units::{Day, Decimal, MICROS_PER_DAY, Period};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, Datelike};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads every ledger and driver file of the definition once, however many nodes it feeds or drives.
///
/// # Errors
/// A missing or unreadable file, a missing column, a row without account, date or exact amount.
pub fn read_ledgers(definition: &Definition) -> Result<Vec<LedgerSums>> {
    let mut ledgers: Vec<LedgerSums> = Vec::new();
    let Some(costing) = &definition.costing else { return Ok(ledgers) };
    for (index, resource) in costing.resources.iter().enumerate() {
        let Amount::Ledger(ledger) = &resource.amount else { continue };
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
        Quantity::File(file) => Some(file),
        _ => None,
    })
}

fn read(definition: &Definition, ledger: &LedgerDef, holds_quantities: bool) -> Result<LedgerSums> {
    let mut found: Vec<(String, Period, Decimal)> = Vec::new();
    let mut inputs = Vec::new();
    for FoundFile { path, .. } in find(definition, &ledger.files)?.files {
        let rows = if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
            read_csv(&path, ledger)?
        } else {
            read_parquet(&path, ledger, &definition.facts)?
        };
        inputs.push(identify(&path)?);
        let finest = if holds_quantities { MOST_DIGITS } else { definition.facts.money_scale };
        for (index, row) in rows.into_iter().enumerate() {
            let (account, day, amount) = row
                .resolve(finest, if holds_quantities { "" } else { "; raise money_scale" })
                .map_err(|fault| Error::input(format!("{}: row {}: {fault}", path.display(), index + 1)))?;
            found.push((account, Period::containing(definition.facts.period, day), amount));
        }
    }
    let finest = found.iter().map(|(_, _, amount)| amount.scale).max().unwrap_or(0);
    let scale = if holds_quantities { finest } else { definition.facts.money_scale };
    let columns = [&ledger.account_column, &ledger.period_column, &ledger.amount_column].map(Clone::clone);
    Ok(LedgerSums {
        files: ledger.files.pattern.clone(),
        key: (ledger.files.path.clone(), columns),
        holds_quantities,
        scale,
        inputs,
        resources: Vec::new(),
        sums: sums(found, scale, &ledger.files.pattern)?,
    })
}

/// Digits after the point that a quantity may have.
const MOST_DIGITS: u8 = 9;

/// Adds up rows of one account and period.
fn sums(
    rows: Vec<(String, Period, Decimal)>,
    scale: u8,
    files: &str,
) -> Result<BTreeMap<(String, Period), i64>> {
    let fault = |account: &str, period: Period| {
        Error::input(format!("{files}: account '{account}' in {period} exceeds 18 digits"))
    };
    let mut sums = BTreeMap::<(String, Period), i128>::new();
    for (account, period, amount) in rows {
        let amount = amount.at_scale(scale).ok_or_else(|| fault(&account, period))?;
        let sum = sums.entry((account.clone(), period)).or_default();
        *sum = sum.checked_add(amount).ok_or_else(|| fault(&account, period))?;
    }
    let narrow = |((account, period), sum): ((String, Period), i128)| {
        let sum = i64::try_from(sum).map_err(|_| fault(&account, period))?;
        Ok(((account, period), sum))
    };
    sums.into_iter().map(narrow).collect()
}

/// One row as the file gives it.
struct Row {
    account: Option<String>,
    day: Result<Day, String>,
    amount: Result<Decimal, String>,
}

impl Row {
    /// Account, day and amount, whose digits after the point may be no more than `finest`.
    fn resolve(self, finest: u8, way_out: &str) -> Result<(String, Day, Decimal), String> {
        let account = self.account.filter(|account| !account.is_empty()).ok_or("no account")?;
        let day = self.day?;
        let amount = self.amount?.normalised();
        if amount.scale > finest {
            return Err(format!("amount {amount} has more than {finest} digits after the point{way_out}"));
        }
        Ok((account, day, amount))
    }
}

fn read_csv(path: &Path, ledger: &LedgerDef) -> Result<Vec<Row>> {
    let fault = |error: csv::Error| Error::input(format!("{}: {error}", path.display()));
    let text = read_bytes(path).map_err(|error| Error::io(Kind::Input, path, &error))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(&*text);
    let headers = reader.headers().map_err(fault)?.clone();
    let names: Vec<&str> = headers.iter().collect();
    let at = columns(path, ledger, &names)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(fault)?;
        let field = |column: usize| record.get(column).unwrap_or("");
        rows.push(Row {
            account: Some(field(at[0]).to_string()),
            day: parse_day(field(at[1])),
            amount: field(at[2]).parse(),
        });
    }
    Ok(rows)
}

/// Positions of the account, date and amount columns.
fn columns(path: &Path, ledger: &LedgerDef, names: &[&str]) -> Result<[usize; 3]> {
    let find = |column: &str| {
        names.iter().position(|name| *name == column).ok_or_else(|| {
            let found = names.join(", ");
            Error::input(format!("{}: no column '{column}'; found {found}", path.display()))
        })
    };
    Ok([find(&ledger.account_column)?, find(&ledger.period_column)?, find(&ledger.amount_column)?])
}

fn read_parquet(path: &Path, ledger: &LedgerDef, facts: &FactsDef) -> Result<Vec<Row>> {
    let fault = |error: String| Error::input(format!("{}: {error}", path.display()));
    let file = Pages::open(path).map_err(|error| Error::io(Kind::Input, path, &error))?;
    let open = || ParquetRecordBatchReaderBuilder::try_new(file)?.build();
    let mut rows = Vec::new();
    for batch in contain_each(contain(open).map_err(fault)?) {
        let batch = batch.map_err(fault)?;
        let schema = batch.schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let at = columns(path, ledger, &names)?;
        rows.extend(rows_of(&batch, at, facts).map_err(fault)?);
    }
    Ok(rows)
}

fn rows_of(batch: &RecordBatch, at: [usize; 3], facts: &FactsDef) -> Result<Vec<Row>, String> {
    let accounts = as_type(batch.column(at[0]), &DataType::Utf8)?;
    let accounts = accounts.as_string::<i32>().iter().map(|account| account.map(str::to_string));
    let days = days_of(batch.column(at[1]), facts)?;
    let amounts = amounts_of(batch.column(at[2]))?;
    let rows = accounts.zip(days).zip(amounts);
    Ok(rows.map(|((account, day), amount)| Row { account, day, amount }).collect())
}

fn as_type(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    cast(column, to).map_err(|error| error.to_string())
}

fn days_of(column: &ArrayRef, facts: &FactsDef) -> Result<Vec<Result<Day, String>>, String> {
    let missing = || "no date".to_string();
    match column.data_type() {
        DataType::Date32 | DataType::Date64 => {
            let days = as_type(column, &DataType::Date32)?;
            let days = days.as_primitive::<Date32Type>();
            Ok(days.iter().map(|day| day.map(Day).ok_or_else(missing)).collect())
        }
        DataType::Timestamp(_, zone) => {
            let is_instant = zone.is_some();
            let instants = as_type(column, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            let instants = instants.as_primitive::<TimestampMicrosecondType>();
            let day =
                |micros: i64| if is_instant { local_day(micros, facts.timezone) } else { wall_day(micros) };
            Ok(instants.iter().map(|micros| micros.ok_or_else(missing).and_then(day)).collect())
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
            let texts = as_type(column, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>();
            Ok(texts.iter().map(|text| text.ok_or_else(missing).and_then(parse_day)).collect())
        }
        other => Err(format!("the date column is {other}, expected a date, a timestamp or text YYYY-MM-DD")),
    }
}

fn wall_day(micros: i64) -> Result<Day, String> {
    let day = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).map_err(|_| "date outside range")?;
    Ok(Day(day))
}

fn local_day(micros: i64, timezone: chrono_tz::Tz) -> Result<Day, String> {
    let instant = DateTime::from_timestamp_micros(micros).ok_or("date outside range")?;
    Ok(Day(instant.with_timezone(&timezone).date_naive().to_epoch_days()))
}

/// Reads `2024-01-31`, `2024-01` and a day followed by a time.
fn parse_day(text: &str) -> Result<Day, String> {
    let fault = || format!("'{text}' is not a date; expected YYYY-MM-DD");
    let is_month = text.len() == 7;
    let day = if is_month { format!("{text}-01") } else { text.get(..10).ok_or_else(fault)?.to_string() };
    let day: Day = day.parse().map_err(|_| fault())?;
    if (1900..2200).contains(&day.date().year()) {
        Ok(day)
    } else {
        Err(format!("date '{text}' outside range"))
    }
}

fn amounts_of(column: &ArrayRef) -> Result<Vec<Result<Decimal, String>>, String> {
    use arrow::datatypes::{Decimal128Type, Float64Type};
    let missing = || "no amount".to_string();
    match column.data_type() {
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            let scale = u8::try_from(*scale).map_err(|_| "the amount column has a negative scale")?;
            let wide = as_type(column, &DataType::Decimal128(38, scale.cast_signed()))?;
            let wide = wide.as_primitive::<Decimal128Type>();
            let decimal = |mantissa| Decimal { mantissa, scale };
            Ok(wide.iter().map(|mantissa| mantissa.map(decimal).ok_or_else(missing)).collect())
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let floats = as_type(column, &DataType::Float64)?;
            let floats = floats.as_primitive::<Float64Type>();
            Ok(floats.iter().map(|float| float.ok_or_else(missing).and_then(exact)).collect())
        }
        kind if kind.is_integer() || kind.is_string() || matches!(kind, DataType::Dictionary(..)) => {
            let texts = as_type(column, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>();
            Ok(texts.iter().map(|text| text.ok_or_else(missing).and_then(str::parse)).collect())
        }
        other => Err(format!("the amount column is {other}, expected a number")),
    }
}

/// The shortest decimal that reads back as this double: what was meant when it was written.
fn exact(float: f64) -> Result<Decimal, String> {
    if !float.is_finite() {
        return Err(format!("amount {float} is not a number"));
    }
    float.to_string().parse()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Date32Array, Float64Array, Int64Array, StringArray};
    use std::sync::Arc;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn dates_come_as_days_text_or_instants() {
        for (text, expected) in [
            ("2024-02-29", Some("2024-02-29")),
            ("2024-02", Some("2024-02-01")),
            ("2024-02-29 23:59:59", Some("2024-02-29")),
            ("29.02.2024", None),
            ("2024-13-01", None),
            ("", None),
        ] {
            assert_eq!(parse_day(text).ok(), expected.map(day), "{text}");
        }
        assert_eq!(wall_day(-1), Ok(day("1969-12-31")));
    }

    #[test]
    fn amounts_are_exact_whatever_their_type() {
        let columns: [(ArrayRef, &[Option<&str>]); 3] = [
            (
                Arc::new(Float64Array::from(vec![Some(0.1), Some(-1234.5), None])),
                &[Some("0.1"), Some("-1234.5"), None],
            ),
            (Arc::new(Int64Array::from(vec![7, -7])), &[Some("7"), Some("-7")]),
            (Arc::new(StringArray::from(vec!["1_000.25", "x"])), &[Some("1000.25"), None]),
        ];
        for (column, expected) in columns {
            let found = amounts_of(&column).unwrap();
            let found: Vec<_> = found.into_iter().map(|amount| amount.ok().map(|a| a.to_string())).collect();
            assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
        }
        assert!(exact(f64::NAN).is_err() && exact(f64::INFINITY).is_err());
        assert!(amounts_of(&(Arc::new(Date32Array::from(vec![1])) as ArrayRef)).is_err());
    }

    #[test]
    fn an_instant_falls_on_the_day_of_the_declared_timezone() {
        let late = day("2024-01-31").micros() + 23 * 3_600_000_000;
        assert_eq!(wall_day(late), Ok(day("2024-01-31")));
        assert_eq!(local_day(late, chrono_tz::UTC), Ok(day("2024-01-31")));
        assert_eq!(local_day(late, chrono_tz::Europe::Berlin), Ok(day("2024-02-01")));
    }
}
