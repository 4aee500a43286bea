//! What a node gives: values, and the rows that have none because something went wrong.
//!
//! A fault stays with its row until a `case`, a `coalesce` or a condition that is settled without it leaves the value
//! out: only then is the row's result known after all, as in an engine that evaluates row by row.

use super::number::{Checked, Faults, merged};
use super::value::Value;
use super::vector::some_nulls;
use arrow::array::{Array, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};

/// Values of a batch; those of faulty rows may be anything, but conditions are unknown there.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) value: Value,
    /// By row, ascending.
    pub(super) faults: Faults,
}

impl From<Value> for Outcome {
    fn from(value: Value) -> Self {
        Self { value, faults: Faults::new() }
    }
}

impl Outcome {
    pub(super) fn new(value: Value, faults: Faults) -> Self {
        let value = match value {
            Value::Bool(truths) => Value::Bool(unknown_at(truths, &faults)),
            other => other,
        };
        Self { value, faults }
    }

    pub(super) fn number((numbers, new): Checked, faults: Faults) -> Self {
        Self::new(Value::Number(numbers), merged(faults, new))
    }

    /// Another value of the same rows.
    pub(super) fn map(self, of: impl FnOnce(Value) -> Value) -> Self {
        Self::new(of(self.value), self.faults)
    }
}

/// Null in every faulty row.
fn unknown_at(truths: BooleanArray, faults: &Faults) -> BooleanArray {
    if faults.is_empty() {
        return truths;
    }
    let nulls = without(truths.nulls().cloned(), faults, truths.len());
    BooleanArray::new(truths.values().clone(), nulls)
}

/// The nulls, and every faulty row.
pub(super) fn without(nulls: Option<NullBuffer>, faults: &Faults, rows: usize) -> Option<NullBuffer> {
    if faults.is_empty() {
        return nulls;
    }
    let mut usable = vec![true; rows];
    faults.iter().for_each(|(row, _)| usable[*row as usize] = false);
    NullBuffer::union(nulls.as_ref(), Some(&NullBuffer::from(usable))).and_then(some_nulls)
}

/// The faults of rows that take this side of a selection.
pub(super) fn chosen(faults: Faults, mask: &BooleanBuffer, side: bool) -> Faults {
    if faults.is_empty() {
        return faults;
    }
    faults.into_iter().filter(|(row, _)| mask.value(*row as usize) == side).collect()
}

/// The faults of rows whose result is not known without them.
pub(super) fn unsettled(truths: &BooleanArray, faults: Faults) -> Faults {
    faults.into_iter().filter(|(row, _)| truths.is_null(*row as usize)).collect()
}
