//! Declared measures of a pipeline file, evaluated over rows that a later room made.

use super::binder::way_out;
use crate::error::{Error, Kind, Result};
use crate::facts::expr::{Bound, Rows, bind};
use crate::pipeline::{Definition, Scalar};
use arrow::array::RecordBatch;
use std::collections::BTreeMap;

/// Evaluates declared measures over a batch that a later room made, each rounded once to the scale; null stays null.
///
/// # Errors
/// All unknown names and wrong types of all measures; a value of more than 18 digits.
pub fn evaluate_measures(
    definition: &Definition,
    batch: &RecordBatch,
    measures: &[(String, &Scalar)],
    scale: u8,
) -> Result<Vec<Vec<Option<i64>>>> {
    let mut messages = Vec::new();
    let mut bounds = Vec::new();
    for (name, scalar) in measures {
        let place = definition.place(scalar.at);
        match bind(&scalar.expr, &batch.schema(), &BTreeMap::new(), definition.facts.timezone) {
            Ok(bound) if bound.ty().is_number() => bounds.push(bound),
            Ok(bound) => {
                let way_out = way_out("a number", bound.ty(), &scalar.text);
                messages.push(format!("{place}: '{name}' is {}, expected a number{way_out}", bound.ty()));
            }
            Err(fault) => messages.push(format!("{place}: {}", fault.message)),
        }
    }
    if !messages.is_empty() {
        return Err(Error { kind: Kind::Definition, messages });
    }
    let rows = &Rows::of(batch);
    let values = |((name, scalar), bound): (&(String, &Scalar), &Bound)| {
        let fixed = bound.fixed(rows, scale)?;
        if let Some((_, fault)) = fixed.faults.first() {
            let place = definition.place(scalar.at);
            return Err(Error::check(format!("{place}: '{name}' has a value that is {}", fault.reason())));
        }
        let is_valid = |row: usize| fixed.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        Ok((0..batch.num_rows()).map(|row| is_valid(row).then(|| fixed.values[row])).collect())
    };
    measures.iter().zip(&bounds).map(values).collect()
}
