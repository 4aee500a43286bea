//! Control totals and data checks: SQL over the tables about to be published. Knows no column by name.
//!
//! The tables are read back from the files just written, so a check sees what a reader will see.

mod frames;
mod kind;
mod meaning;
mod spelling;
mod trial;

use crate::error::Result;
use crate::pipeline::{Definition, ExpectDef, Severity};
use crate::units::Decimal;
use kind::Kinds;
use polars::prelude::{AnyValue, DataFrame, IntoLazy};
use polars::sql::SQLContext;
use std::collections::BTreeSet;
use std::path::PathBuf;
pub use trial::try_queries;

/// The outcome of one expectation.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Checked {
    /// As in the pipeline file.
    pub name: String,
    /// What the query gave.
    pub found: String,
    /// Whether it is within the bounds.
    pub met: bool,
    /// Whether a miss stops the release.
    pub stops: bool,
    /// For a miss: where, found, expected.
    pub message: Option<String>,
}

/// Checks every expectation against the staged tables; `files` gives the staged files of a table.
///
/// # Errors
/// A staged file that cannot be read back. A query that fails is a miss, not an error.
pub fn check(definition: &Definition, files: &dyn Fn(&str) -> Vec<PathBuf>) -> Result<Vec<Checked>> {
    definition.expect.iter().map(|expect| check_one(definition, expect, files)).collect()
}

fn check_one(
    definition: &Definition,
    expect: &ExpectDef,
    files: &dyn Fn(&str) -> Vec<PathBuf>,
) -> Result<Checked> {
    let found = query(&expect.sql, files)?;
    let met = found.as_ref().is_ok_and(|number| number.is_within(expect));
    let shown = match &found {
        Ok(number) => number.to_string(),
        Err(fault) => fault.clone(),
    };
    let message = (!met).then(|| {
        let place = definition.place(expect.at);
        format!("{place}: '{}' expected {}, found {shown}", expect.name, bounds_text(expect))
    });
    let stops = expect.severity == Severity::Error;
    Ok(Checked { name: expect.name.clone(), found: shown, met, stops, message })
}

fn bounds_text(expect: &ExpectDef) -> String {
    match (&expect.at_least, &expect.at_most) {
        (Some(least), Some(most)) if least == most => format!("{least}"),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => "a number".to_owned(),
    }
}

/// What a query gave.
#[derive(Debug, Clone, Copy)]
enum Number {
    Exact(Decimal),
    Float(f64),
}

impl Number {
    fn is_within(self, expect: &ExpectDef) -> bool {
        let not_below = |least: &Decimal| self.compare(*least).is_some_and(std::cmp::Ordering::is_ge);
        let not_above = |most: &Decimal| self.compare(*most).is_some_and(std::cmp::Ordering::is_le);
        expect.at_least.as_ref().is_none_or(not_below) && expect.at_most.as_ref().is_none_or(not_above)
    }

    fn compare(self, other: Decimal) -> Option<std::cmp::Ordering> {
        match self {
            Number::Exact(number) => {
                let scale = number.scale.max(other.scale);
                Some(number.at_scale(scale)?.cmp(&other.at_scale(scale)?))
            }
            Number::Float(number) => {
                let digits = 10_f64.powi(i32::from(other.scale));
                // A bound is typed by a person, so 15 digits of it are all a float can be held to.
                #[expect(clippy::cast_precision_loss, reason = "compared as floats on purpose")]
                let bound = other.mantissa as f64 / digits;
                if (number - bound).abs() <= bound.abs() * 1e-15 {
                    return Some(std::cmp::Ordering::Equal);
                }
                number.partial_cmp(&bound)
            }
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Exact(number) => number.fmt(f),
            Number::Float(number) => number.fmt(f),
        }
    }
}

/// Loads the columns of a table that are among the words, and notes what all its columns hold; none if a word is no table.
type Load<'l> = dyn Fn(&str, &BTreeSet<String>, &mut Kinds) -> Result<Option<DataFrame>> + 'l;

/// Runs a query; the inner error is for the person who wrote it.
fn rows(sql: &str, load: &Load<'_>) -> Result<Result<DataFrame, String>> {
    let words = match frames::words(sql) {
        Ok(words) => words,
        Err(fault) => return Ok(Err(fault)),
    };
    let mut context = SQLContext::new();
    let mut kinds = Kinds::default();
    for table in &words {
        if let Some(frame) = load(table, &words, &mut kinds)? {
            context.register(table, frame.lazy());
        }
    }
    let sql = match meaning::rewritten(sql, &kinds) {
        Ok(sql) => sql,
        Err(fault) => return Ok(Err(fault)),
    };
    let frame = context.execute(&sql).and_then(polars::prelude::LazyFrame::collect);
    Ok(frame.map_err(|fault| format!("a query that fails: {}", without_trees(&fault.to_string()))))
}

/// Polars shows what it does not know as its parser holds it, which nobody can read.
fn without_trees(fault: &str) -> String {
    let is_tree = ["Span(", "Ident {", "Location("].iter().any(|mark| fault.contains(mark));
    let before = fault.split(['{', '(']).next().unwrap_or_default().trim_end();
    match (is_tree, before.split_once("; found")) {
        (false, _) => fault.to_owned(),
        (true, Some((what, _))) => what.to_owned(),
        (true, None) if before == "expression Exists" => {
            "this 'exists (…)' is not computed; write x in (select …), or join the tables".to_owned()
        }
        (true, None) => format!("{before} is not computed; write it otherwise"),
    }
}

/// Runs a query that yields one number; the inner error is for the person who wrote the query.
fn query(sql: &str, files: &dyn Fn(&str) -> Vec<PathBuf>) -> Result<Result<Number, String>> {
    let load = |table: &str, words: &BTreeSet<String>, kinds: &mut Kinds| {
        let parts = files(table);
        let Some(first) = parts.first() else { return Ok(None) };
        frames::add_kinds(first, kinds)?;
        frames::read(&parts, words).map(Some)
    };
    let frame = match rows(sql, &load)? {
        Ok(frame) => frame,
        Err(fault) => return Ok(Err(fault)),
    };
    if frame.shape() != (1, 1) {
        let (rows, columns) = frame.shape();
        return Ok(Err(format!("{rows} rows of {columns} columns; the query must yield one number")));
    }
    let value = frame.columns()[0].get(0).expect("the frame has one row");
    Ok(number(&value))
}

fn number(value: &AnyValue<'_>) -> Result<Number, String> {
    match value {
        AnyValue::Decimal(mantissa, _, scale) => {
            let scale = u8::try_from(*scale).map_err(|_| format!("a decimal of scale {scale}"))?;
            Ok(Number::Exact(Decimal { mantissa: *mantissa, scale }.normalised()))
        }
        // Infinity would satisfy a bound on one side.
        AnyValue::Float64(number) if !number.is_finite() => {
            Err(format!("{number}, which is no number; is it divided by 0?"))
        }
        AnyValue::Float64(number) => Ok(Number::Float(*number)),
        AnyValue::Float32(number) => Ok(Number::Float(f64::from(*number))),
        AnyValue::Null => Err("no value".to_owned()),
        AnyValue::Boolean(truth) => Ok(Number::Exact(Decimal { mantissa: i128::from(*truth), scale: 0 })),
        other => other
            .extract::<i64>()
            .map(|integer| Number::Exact(Decimal { mantissa: i128::from(integer), scale: 0 }))
            .ok_or_else(|| format!("{other}, which is no number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expect(least: &str, most: &str) -> ExpectDef {
        ExpectDef {
            name: "n".into(),
            sql: String::new(),
            names: crate::pipeline::QueryNames::default(),
            at_least: least.parse().ok(),
            at_most: most.parse().ok(),
            severity: Severity::Error,
            at: crate::pipeline::Position::default(),
        }
    }

    #[test]
    fn bounds_are_exact_for_decimals_and_inclusive() {
        let exact = |text: &str| Number::Exact(text.parse().unwrap());
        assert!(exact("1.10").is_within(&expect("1.1", "1.1")));
        assert!(!exact("1.1001").is_within(&expect("1.1", "1.1")));
        assert!(exact("-3").is_within(&expect("", "0")));
        assert!(!exact("2").is_within(&expect("3", "")));
        assert!(Number::Float(0.1 + 0.2).is_within(&expect("0.3", "0.3")));
        assert!(!Number::Float(f64::NAN).is_within(&expect("0", "1")));
    }
}
