//! Values of the rows of a batch, a column at a time: what every operation of the evaluation takes and gives.

use super::number::Numbers;
use super::ratio::Ratios;
use super::text::Texts;
use super::vector::Vector;
use crate::error::Error;
use arrow::array::BooleanArray;
use arrow::error::ArrowError;

/// Values of the rows of a batch.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Number(Numbers),
    /// A number stands for a fraction too: its denominators are 1.
    Ratio(Ratios),
    Float(Vector<f64>),
    Bool(BooleanArray),
    Text(Texts),
    Date(Vector<i32>),
    Instant(Vector<i64>),
}

/// Arrow's kernels fail only when we call them with types that do not fit, or when memory is out.
pub(super) fn broken(error: ArrowError) -> Error {
    Error::internal(format!("evaluating an expression: {error}"))
}
