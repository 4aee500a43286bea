//! Comparisons, with SQL's unknown where a side is null.

use super::node::Comparison;
use super::number::Mantissas;
use super::text::{Texts, kernel};
use super::value::Value;
use super::vector::{Values, Vector};
use arrow::array::{Array, BooleanArray, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::or_kleene;
use arrow::datatypes::ArrowNativeType;
use arrow::error::ArrowError;

/// `x how y`, both of one kind.
pub(super) fn compare(
    x: &Value,
    how: Comparison,
    y: &Value,
    rows: usize,
) -> Result<BooleanArray, ArrowError> {
    Ok(match (x, y) {
        (Value::Number(x), Value::Number(y)) => {
            let bits = match (&x.mantissas, &y.mantissas) {
                (Mantissas::Narrow(x), Mantissas::Narrow(y)) => ordered(x, how, y, rows),
                _ => ordered(&x.widened(), how, &y.widened(), rows),
            };
            BooleanArray::new(bits, NullBuffer::union(x.nulls.as_ref(), y.nulls.as_ref()))
        }
        (Value::Float(x), Value::Float(y)) => vectors(x, how, y, rows),
        (Value::Date(x), Value::Date(y)) => vectors(x, how, y, rows),
        (Value::Instant(x), Value::Instant(y)) => vectors(x, how, y, rows),
        (Value::Text(x), Value::Text(y)) => x.compare(how, y, rows)?,
        (Value::Bool(x), Value::Bool(y)) => kernel(how)(x, y)?,
        (Value::Null, Value::Null) => BooleanArray::new_null(rows),
        (x, y) => unreachable!("bound to one kind: {x:?} and {y:?}"),
    })
}

/// `x = a or x = b or …`.
pub(super) fn in_list(x: &Value, list: &[Value], rows: usize) -> Result<BooleanArray, ArrowError> {
    if let Value::Text(texts) = x {
        return texts.test(rows, |texts| any_text(texts, list));
    }
    let mut found = BooleanArray::new(BooleanBuffer::new_unset(rows), None);
    for item in list {
        found = or_kleene(&found, &compare(x, Comparison::Equal, item, rows)?)?;
    }
    Ok(found)
}

fn any_text(texts: &StringArray, list: &[Value]) -> Result<BooleanArray, ArrowError> {
    let mut found = BooleanArray::from(vec![false; texts.len()]);
    for item in list {
        let Value::Text(Texts::All(text)) = item else { unreachable!("bound as a text literal: {item:?}") };
        let text = StringArray::from(vec![text.as_deref()]);
        let equal = kernel(Comparison::Equal)(texts, &arrow::array::Scalar::new(text))?;
        found = or_kleene(&found, &equal)?;
    }
    Ok(found)
}

fn vectors<T: Order>(x: &Vector<T>, how: Comparison, y: &Vector<T>, rows: usize) -> BooleanArray {
    let nulls = NullBuffer::union(x.nulls.as_ref(), y.nulls.as_ref());
    BooleanArray::new(ordered(&x.values, how, &y.values, rows), nulls)
}

fn ordered<T: Order>(x: &Values<T>, how: Comparison, y: &Values<T>, rows: usize) -> BooleanBuffer {
    match how {
        Comparison::Equal => x.test(y, rows, T::same),
        Comparison::NotEqual => x.test(y, rows, |x, y| !x.same(y)),
        Comparison::Less => x.test(y, rows, T::below),
        Comparison::LessEqual => x.test(y, rows, |x, y| !y.below(x)),
        Comparison::Greater => x.test(y, rows, |x, y| y.below(x)),
        Comparison::GreaterEqual => x.test(y, rows, |x, y| !x.below(y)),
    }
}

/// SQL's order: total.
trait Order: ArrowNativeType {
    fn same(self, other: Self) -> bool;
    fn below(self, other: Self) -> bool;
}

macro_rules! integer_order {
    ($($integer:ty),*) => {$(
        impl Order for $integer {
            fn same(self, other: Self) -> bool {
                self == other
            }
            fn below(self, other: Self) -> bool {
                self < other
            }
        }
    )*};
}

integer_order!(i32, i64, i128);

/// NaN equals itself and is above all else, as in DuckDB and PostgreSQL.
impl Order for f64 {
    fn same(self, other: Self) -> bool {
        self == other || self.is_nan() && other.is_nan()
    }
    fn below(self, other: Self) -> bool {
        self < other || other.is_nan() && !self.is_nan()
    }
}
