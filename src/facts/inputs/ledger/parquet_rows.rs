//! Rows of a Parquet file, read by the same rules as the columns of every other source.

use super::Finest;
use super::day::parse_day;
use super::rates::RATE_DIGITS;
use super::row::{Amount, FileRows, Row, fault, nothing_in};
use crate::error::{Error, Result};
use crate::facts::expr::{Bound, Checked, Fault, Rows, Type, bind};
use crate::facts::inputs::input_file::InputFile;
use crate::facts::inputs::key_text::{is_valid, text_of};
use crate::facts::inputs::reading::batches;
use crate::facts::inputs::unify::{check_columns, unify};
use crate::pipeline::{Definition, Expr, LedgerDef};
use crate::units::{Day, Decimal};
use std::collections::BTreeMap;

/// The three columns of a ledger, bound to a file.
struct Columns {
    /// None where rows are about their day alone.
    account: Option<Bound>,
    period: Bound,
    amount: Bound,
}

/// Reads every row.
///
/// # Errors
/// A missing column or one of another type, a row without account, date or amount.
pub(super) fn read(
    definition: &Definition,
    ledger: &LedgerDef,
    file: InputFile,
    digits: Finest,
) -> Result<FileRows> {
    if file.rows() == 0 {
        return Ok(FileRows { path: file.path, identity: file.identity, separator: None, rows: Vec::new() });
    }
    let mut files = [file];
    unify(&mut files);
    let [file] = files;
    let columns = Columns::bind(definition, ledger, &file)?;
    check_columns(std::slice::from_ref(&file), &columns.names())?;
    let (mut rows, mut first): (Vec<Row>, u64) = (Vec::new(), 1);
    for batch in batches(&file, &columns.names())? {
        let batch = batch?;
        let loaded = &Rows::of(&batch);
        let found = columns.rows(definition, ledger, loaded, batch.num_rows(), digits)?;
        for (number, row) in (first..).zip(found) {
            let (account, day, amount) = row.map_err(|message| fault(&file.path, false, number, &message))?;
            match amount {
                Some(amount) => rows.push(Row { number, account, day, amount }),
                None if ledger.may_be_empty => {}
                None => return Err(fault(&file.path, false, number, &nothing_in(&ledger.amount_column))),
            }
        }
        first += batch.num_rows() as u64;
    }
    Ok(FileRows { path: file.path, identity: file.identity, separator: None, rows })
}

/// A cell, or what is wrong with it.
type Cells<T> = Vec<Result<T, String>>;

impl Columns {
    fn bind(definition: &Definition, ledger: &LedgerDef, file: &InputFile) -> Result<Self> {
        let column = |key: &str, name: &str, is_wanted: &dyn Fn(Type) -> bool, expected: &str| {
            let expr = Expr::Column(name.to_owned());
            let bound = bind(&expr, file.schema(), &BTreeMap::new(), definition.facts.timezone);
            match bound {
                Ok(bound) if is_wanted(bound.ty()) => Ok(bound),
                Ok(bound) => Err(Error::input(format!(
                    "{}: column '{name}' ({key}) is {}, expected {expected}",
                    file.path.display(),
                    bound.ty()
                ))),
                Err(fault) => {
                    let fault = format!("{}: {fault}; name the column with {key}", file.path.display());
                    Err(Error::input(fault))
                }
            }
        };
        let is_day = |ty| matches!(ty, Type::Date | Type::Timestamp { .. } | Type::Text | Type::Integer);
        let is_amount = |ty: Type| (ty.is_number() && ty != Type::Bool) || ty == Type::Text;
        let is_account =
            |ty| matches!(ty, Type::Text | Type::Integer | Type::Decimal(_) | Type::Float | Type::Null);
        let [account, period, amount] = ledger.column_keys;
        let about = || column(account, &ledger.account_column, &is_account, "text or an integer");
        Ok(Self {
            account: if ledger.is_by_day() { None } else { Some(about()?) },
            period: column(period, &ledger.period_column, &is_day, "a date, a timestamp or text")?,
            amount: column(amount, &ledger.amount_column, &is_amount, "a number or text")?,
        })
    }

    fn names(&self) -> Vec<String> {
        let columns = self.account.iter().chain([&self.period, &self.amount]);
        columns.flat_map(|bound| bound.columns().to_vec()).collect()
    }

    fn rows(
        &self,
        definition: &Definition,
        ledger: &LedgerDef,
        rows: &Rows<'_>,
        count: usize,
        digits: Finest,
    ) -> Result<Cells<(String, Day, Option<Amount>)>> {
        let days = self.days(definition, ledger, rows, count)?;
        let accounts = match &self.account {
            Some(account) => texts(account, rows, count, &ledger.account_column)?,
            None => days.iter().map(|day| day.clone().map(|day| day.to_string())).collect(),
        };
        let amounts = self.amounts(rows, count, digits)?;
        let cells = accounts.into_iter().zip(days).zip(amounts);
        Ok(cells.map(|((account, day), amount)| Ok((account?, day?, amount?))).collect())
    }

    /// Days of dates, wall times and instants as in every source; text and integers by the rule of text files.
    fn days(
        &self,
        definition: &Definition,
        ledger: &LedgerDef,
        rows: &Rows<'_>,
        count: usize,
    ) -> Result<Cells<Day>> {
        if !self.period.ty().is_instant() {
            let format = ledger.format.date_format.as_deref();
            let day = |text: String| parse_day(&text, format, definition.facts.timezone);
            return Ok(texts(&self.period, rows, count, &ledger.period_column)?
                .into_iter()
                .map(|text| day(text?))
                .collect());
        }
        let instants = self.period.instants(rows)?;
        let mut days: Cells<Day> = instants.days.iter().map(|day| Ok(Day(*day))).collect();
        for (row, fault) in &instants.faults {
            days[*row as usize] = Err(format!("the date is unusable: {}", fault.reason()));
        }
        for row in (0..count).filter(|row| instants.nulls.as_ref().is_some_and(|nulls| nulls.is_null(*row))) {
            days[row] = Err(nothing_in(&ledger.period_column));
        }
        Ok(days)
    }

    /// Money at its scale, as transactions take it; quantities at as many digits as they have or as fit.
    fn amounts(&self, rows: &Rows<'_>, count: usize, digits: Finest) -> Result<Cells<Option<Amount>>> {
        if self.amount.ty() == Type::Text {
            let texts = texts_or_none(&self.amount, rows, count, "amount")?;
            return Ok(texts.into_iter().map(|text| Ok(text?.map(Amount::Text))).collect());
        }
        let (mut scale, is_money) = match digits {
            Finest::Money(scale) => (scale, true),
            // A double has no further digits that mean anything.
            Finest::Quantity(most) if self.amount.ty() == Type::Float => (most.min(RATE_DIGITS), false),
            Finest::Quantity(most) => (self.amount.natural_scale(most), false),
        };
        let mut fixed = self.amount.fixed(rows, scale)?;
        while !is_money && scale > 0 && fixed.faults.iter().any(|(_, fault)| *fault == Fault::Overflow) {
            scale -= 1;
            fixed = self.amount.fixed(rows, scale)?;
        }
        let exact = |mantissa: &i64| Decimal { mantissa: i128::from(*mantissa), scale }.normalised();
        let mut amounts: Cells<Option<Amount>> =
            fixed.values.iter().map(|value| Ok(Some(Amount::Exact(exact(value))))).collect();
        for (row, fault) in &fixed.faults {
            amounts[*row as usize] = Err(format!("the amount is unusable: {}", fault.reason()));
        }
        for row in (0..count).filter(|row| fixed.nulls.as_ref().is_some_and(|nulls| nulls.is_null(*row))) {
            amounts[row] = Ok(None);
        }
        Ok(amounts)
    }
}

/// A column as text that no row may lack.
fn texts(bound: &Bound, rows: &Rows<'_>, count: usize, what: &str) -> Result<Cells<String>> {
    let texts = texts_or_none(bound, rows, count, what)?;
    Ok(texts.into_iter().map(|text| text?.ok_or_else(|| nothing_in(what))).collect())
}

/// A column as text, with whole numbers as their digits; none of rows without.
fn texts_or_none(bound: &Bound, rows: &Rows<'_>, count: usize, what: &str) -> Result<Cells<Option<String>>> {
    let Checked { value: keys, faults } = bound.keys(rows)?;
    let text = |row| {
        if let Some((_, fault)) = faults.iter().find(|(faulty, _)| *faulty as usize == row) {
            return Err(format!("'{what}' is unusable: {}", fault.reason()));
        }
        let text = if is_valid(&keys, row) { text_of(&keys, row) } else { String::new() };
        Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    };
    Ok((0..count).map(text).collect())
}
