//! Columns that some files of a source lack: null there, which is right only where no row is lost by it.

use super::input_file::InputFile;
use crate::facts::expr::{Bound, Rows, SAMPLES, bind, sample};
use crate::pipeline::Expr;
use crate::pipeline::sql::BinaryOp;
use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::{Field, Schema};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An expression that a null leaves without meaning: a row whose revenue is null is quarantined, one whose filter is null
/// is left out, and a whole file of them is a mistake.
pub(crate) struct Required {
    /// What messages call it.
    key: String,
    /// Of the expression, or of each condition that it joins by `and`: whether it is null.
    are_null: Vec<Bound>,
}

impl Required {
    /// Of an expression that binds.
    pub(crate) fn new(
        key: &str,
        expr: &Expr,
        schema: &Schema,
        roles: &BTreeMap<String, Expr>,
        zone: chrono_tz::Tz,
    ) -> Self {
        let is_null = |expr: &Expr| {
            let is_null = Expr::IsNull(Box::new(expr.clone()), false);
            bind(&is_null, schema, roles, zone).ok()
        };
        Self { key: key.to_owned(), are_null: conjuncts(expr).into_iter().filter_map(is_null).collect() }
    }

    /// A column without which the expression is null where it would hold a value; none if it has an answer, as
    /// `coalesce` or `is not null` give one.
    fn missed(&self, absent: &BTreeSet<&str>, schema: &Schema) -> Option<&str> {
        let without =
            |condition: &Bound| condition.columns().iter().any(|name| absent.contains(name.as_str()));
        let concerned: Vec<&Bound> = self.are_null.iter().filter(|condition| without(condition)).collect();
        let is_lost =
            |condition: &&&Bound| (0..SAMPLES).all(|number| is_null(condition, absent, schema, number));
        let lost = concerned.iter().find(is_lost)?;
        lost.columns().iter().map(String::as_str).find(|name| absent.contains(name))
    }
}

/// `a`, `b` and `c` of `a and b and c`.
fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Binary(left, BinaryOp::And, right) => [conjuncts(left), conjuncts(right)].concat(),
        other => vec![other],
    }
}

/// Answers the question for a row whose absent columns are null, and whose other columns are not.
fn is_null(question: &Bound, absent: &BTreeSet<&str>, schema: &Schema, number: usize) -> bool {
    let value = |name: &String| -> Option<(Field, ArrayRef)> {
        let field = schema.field_with_name(name).ok()?.clone();
        let is_absent = absent.contains(name.as_str());
        let value =
            if is_absent { new_null_array(field.data_type(), 1) } else { sample(field.data_type(), number) };
        Some((field, value))
    };
    let (fields, values): (Vec<Field>, Vec<ArrayRef>) = question.columns().iter().filter_map(value).unzip();
    let Ok(row) = RecordBatch::try_new(Arc::new(Schema::new(fields)), values) else { return false };
    question.truth(&Rows::of(&row)).is_ok_and(|is_null| is_null.value.value(0))
}

/// What is wrong with files that lack columns, one message for each expression and set of columns.
pub(crate) fn absent_columns(files: &[InputFile], required: &[Required]) -> Vec<String> {
    let mut messages = Vec::new();
    let mut known = BTreeSet::new();
    for file in files.iter().filter(|file| file.rows() > 0) {
        let absent: BTreeSet<&str> = file.absent().collect();
        if absent.is_empty() || !known.insert(absent.clone()) {
            continue;
        }
        for expression in required {
            if let Some(column) = expression.missed(&absent, &file.schema) {
                let message = message(files, file, column, &expression.key);
                if !messages.contains(&message) {
                    messages.push(message);
                }
            }
        }
    }
    messages
}

fn message(files: &[InputFile], file: &InputFile, column: &str, key: &str) -> String {
    let has_it = |file: &&InputFile| file.rows() > 0 && file.stored_name(column).is_some();
    let other = files.iter().find(has_it).map_or_else(String::new, |file| file.path.display().to_string());
    format!(
        "{}: column '{column}' is missing here and present in {other}, so that '{key}' would be null in every row; say what \
         stands for it, coalesce({column}, …), or write the file again with the column",
        file.path.display()
    )
}
