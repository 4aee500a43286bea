//! Evaluates typed trees over one batch, a column at a time.

use super::KeyColumn;
use super::compare::{compare, in_list};
use super::node::{Format, Kind, Node, Pattern};
use super::number::{Mantissas, Numbers};
use super::rows::Rows;
use super::text::Texts;
use super::time;
use super::vector::{Values, Vector, all, select_nulls, some_nulls, zero_nulls};
use crate::error::{Error, Result};
use arrow::array::{Array, BooleanArray, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::compute;
use arrow::error::ArrowError;

/// What a node gives for the rows of a batch.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Number(Numbers),
    Float(Vector<f64>),
    Bool(BooleanArray),
    Text(Texts),
    Date(Vector<i32>),
    Instant(Vector<i64>),
}

/// One tree over some rows.
pub(super) struct Evaluation<'a> {
    pub(super) rows: &'a Rows<'a>,
    pub(super) zone: chrono_tz::Tz,
}

/// Arrow's kernels fail only when we call them with types that do not fit, or when memory is out.
pub(super) fn broken(error: ArrowError) -> Error {
    Error::internal(format!("evaluating an expression: {error}"))
}

impl Evaluation<'_> {
    pub(super) fn value(&self, node: &Node) -> Result<Value> {
        let rows = self.rows();
        Ok(match node {
            Node::Column(name, kind) => self.rows.column(name, *kind)?,
            Node::Null(kind) => null(*kind, rows),
            Node::Number(mantissa) => Value::Number(Numbers::constant(*mantissa)),
            Node::Float(value) => Value::Float(Vector::constant(*value)),
            Node::Bool(truth) => Value::Bool(BooleanArray::new(all(*truth, rows), None)),
            Node::Text(text) => Value::Text(Texts::All(Some(text.clone()))),
            Node::Date(day) => Value::Date(Vector::constant(*day)),
            Node::Instant(micros) => Value::Instant(Vector::constant(*micros)),
            composed => self.rows.once(composed, self.zone, || self.composed(composed))?,
        })
    }

    fn composed(&self, node: &Node) -> Result<Value> {
        let rows = self.rows();
        Ok(match node {
            Node::Negate(x) => match self.value(x)? {
                Value::Number(x) => Value::Number(x.negate(rows)),
                x => Value::Float(floats(x).map(|x| -x)),
            },
            Node::Abs(x) => match self.value(x)? {
                Value::Number(x) => Value::Number(x.abs(rows)),
                x => Value::Float(floats(x).map(f64::abs)),
            },
            Node::Add(x, y) => self.arithmetic(x, y, Numbers::add, |x, y| x + y)?,
            Node::Subtract(x, y) => self.arithmetic(x, y, Numbers::subtract, |x, y| x - y)?,
            Node::Multiply(x, y) => self.arithmetic(x, y, Numbers::multiply, |x, y| x * y)?,
            Node::Divide(x, divisor) => Value::Float(floats(self.value(x)?).map(|x| x / divisor)),
            Node::Scale(x, factor) => Value::Number(numbers(self.value(x)?).scale(*factor, rows)),
            Node::ToFloat(x, format) => Value::Float(numbers(self.value(x)?).to_float(*format, rows)),
            Node::Midnight(x, zoned) => {
                Value::Instant(time::midnights(&dates(self.value(x)?), zoned.then_some(self.zone)))
            }
            Node::ToDay(x, zoned) => {
                Value::Date(time::days(&instants(self.value(x)?), zoned.then_some(self.zone)))
            }
            Node::DatePart(part, x, kind) => {
                Value::Number(time::date_part(*part, self.value(x)?, *kind, self.zone))
            }
            Node::Case(branches, otherwise) => self.case(branches, otherwise)?,
            Node::Coalesce(values) => self.coalesce(values)?,
            condition => Value::Bool(self.condition(condition)?),
        })
    }

    fn condition(&self, node: &Node) -> Result<BooleanArray> {
        let rows = self.rows();
        match node {
            Node::Compare(x, how, y) => compare(&self.value(x)?, *how, &self.value(y)?, rows).map_err(broken),
            Node::InList(x, list, negated) => {
                let list = list.iter().map(|item| self.value(item)).collect::<Result<Vec<_>>>()?;
                let found = in_list(&self.value(x)?, &list, rows).map_err(broken)?;
                if *negated { compute::not(&found).map_err(broken) } else { Ok(found) }
            }
            Node::Like(x, pattern) => like(&texts(self.value(x)?), pattern, rows).map_err(broken),
            Node::IsNull(x, negated) => {
                let valid = validity(&self.value(x)?, rows);
                Ok(BooleanArray::new(if *negated { valid } else { !&valid }, None))
            }
            Node::Not(x) => compute::not(&self.logical(x)?).map_err(broken),
            Node::And(x, y) => compute::and_kleene(&self.logical(x)?, &self.logical(y)?).map_err(broken),
            Node::Or(x, y) => compute::or_kleene(&self.logical(x)?, &self.logical(y)?).map_err(broken),
            other => unreachable!("{other:?} is no condition"),
        }
    }

    fn logical(&self, node: &Node) -> Result<BooleanArray> {
        match self.value(node)? {
            Value::Bool(truths) => Ok(truths),
            other => unreachable!("bound as a condition: {other:?}"),
        }
    }

    fn arithmetic(
        &self,
        x: &Node,
        y: &Node,
        exact: fn(&Numbers, &Numbers, usize) -> Numbers,
        float: fn(f64, f64) -> f64,
    ) -> Result<Value> {
        Ok(match (self.value(x)?, self.value(y)?) {
            (Value::Number(x), Value::Number(y)) => Value::Number(exact(&x, &y, self.rows())),
            (x, y) => {
                let (x, y) = (floats(x), floats(y));
                let nulls = NullBuffer::union(x.nulls.as_ref(), y.nulls.as_ref());
                Value::Float(Vector { values: x.values.zip(&y.values, float), nulls })
            }
        })
    }

    /// From the last branch to the first, so that the first that holds wins.
    fn case(&self, branches: &[(Node, Node)], otherwise: &Node) -> Result<Value> {
        let mut chosen = self.value(otherwise)?;
        for (condition, value) in branches.iter().rev() {
            let mask = truth(self.value(condition)?, self.rows());
            chosen = select(&mask, &self.value(value)?, &chosen).map_err(broken)?;
        }
        Ok(chosen)
    }

    fn coalesce(&self, values: &[Node]) -> Result<Value> {
        let (last, before) = values.split_last().expect("coalesce has at least one argument");
        let mut chosen = self.value(last)?;
        for value in before.iter().rev() {
            let value = self.value(value)?;
            chosen = select(&validity(&value, self.rows()), &value, &chosen).map_err(broken)?;
        }
        Ok(chosen)
    }

    fn rows(&self) -> usize {
        self.rows.count()
    }
}

/// Where a condition holds.
pub(super) fn truth(value: Value, rows: usize) -> BooleanBuffer {
    match value {
        Value::Bool(truths) => match truths.nulls() {
            Some(nulls) => truths.values() & nulls.inner(),
            None => truths.values().clone(),
        },
        Value::Null => BooleanBuffer::new_unset(rows),
        other => unreachable!("bound as a condition: {other:?}"),
    }
}

/// Keys of a batch.
pub(super) fn keys(value: Value, kind: Kind, rows: usize) -> Result<KeyColumn> {
    let int = |values: ScalarBuffer<i64>, nulls: Option<NullBuffer>| {
        let nulls = nulls.and_then(some_nulls);
        KeyColumn::Int { values: zero_nulls(values, nulls.as_ref()), nulls }
    };
    Ok(match value {
        Value::Null => int(vec![0; rows].into(), Some(NullBuffer::new_null(rows))),
        Value::Number(x) if kind == Kind::Number(Format::INTEGER) => {
            let nulls = x.nulls.clone();
            int(whole(x)?.spread(rows), nulls)
        }
        Value::Number(x) => match kind {
            Kind::Number(format) => return keys(Value::Float(x.to_float(format, rows)), Kind::Float, rows),
            _ => unreachable!("numbers have a number's kind"),
        },
        Value::Float(x) => {
            let nulls = x.nulls.and_then(some_nulls);
            int(whole_floats(&zero_nulls(x.values.spread(rows), nulls.as_ref()))?, nulls)
        }
        Value::Bool(x) => {
            let bits = x.values().iter().map(i64::from).collect::<Vec<_>>();
            int(bits.into(), x.nulls().cloned())
        }
        Value::Date(x) => int(x.values.map(i64::from).spread(rows), x.nulls),
        Value::Instant(x) => int(x.values.spread(rows), x.nulls),
        Value::Text(Texts::Plain(texts)) => KeyColumn::PlainText(texts),
        Value::Text(texts) => {
            let (dictionary, codes) = texts.coded(rows).expect("texts that are not plain are coded");
            let nulls = codes.nulls.and_then(some_nulls);
            KeyColumn::Text {
                dictionary,
                codes: zero_nulls(codes.values.spread(rows), nulls.as_ref()),
                nulls,
            }
        }
    })
}

const NOT_A_KEY: &str = "is not a whole number of at most 64 bits; use an integer or text column as the key";

fn whole(numbers: Numbers) -> Result<Values<i64>> {
    match numbers.mantissas {
        Mantissas::Narrow(values) if numbers.faults.is_empty() => Ok(values),
        Mantissas::Narrow(_) => Err(Error::input(format!("a key {NOT_A_KEY}"))),
        Mantissas::Wide(_) => {
            Err(Error::input(format!("a key of {} digits {NOT_A_KEY}", numbers.bound.ilog10() + 1)))
        }
    }
}

/// Keys that some tools write as floats because the column has nulls.
fn whole_floats(values: &[f64]) -> Result<ScalarBuffer<i64>> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(odd) = values.iter().find(|x| x.fract() != 0.0 || x.abs() > EXACT) {
        return Err(Error::input(format!("a key of {odd} {NOT_A_KEY}")));
    }
    #[allow(clippy::cast_possible_truncation, reason = "whole and within 2^53, as just checked")]
    let values = values.iter().map(|&x| x as i64).collect::<Vec<_>>();
    Ok(values.into())
}

/// Which rows are not null.
fn validity(value: &Value, rows: usize) -> BooleanBuffer {
    let nulls = match value {
        Value::Null => return BooleanBuffer::new_unset(rows),
        Value::Number(x) => x.nulls.clone(),
        Value::Float(x) => x.nulls.clone(),
        Value::Bool(x) => x.nulls().cloned(),
        Value::Text(x) => x.nulls(rows),
        Value::Date(x) => x.nulls.clone(),
        Value::Instant(x) => x.nulls.clone(),
    };
    nulls.map_or_else(|| BooleanBuffer::new_set(rows), NullBuffer::into_inner)
}

fn select(mask: &BooleanBuffer, yes: &Value, no: &Value) -> Result<Value, ArrowError> {
    Ok(match (yes, no) {
        (Value::Number(yes), Value::Number(no)) => Value::Number(Numbers::select(mask, yes, no)),
        (Value::Float(yes), Value::Float(no)) => Value::Float(Vector::select(mask, yes, no)),
        (Value::Date(yes), Value::Date(no)) => Value::Date(Vector::select(mask, yes, no)),
        (Value::Instant(yes), Value::Instant(no)) => Value::Instant(Vector::select(mask, yes, no)),
        (Value::Text(yes), Value::Text(no)) => Value::Text(Texts::select(mask, yes, no)?),
        (Value::Bool(yes), Value::Bool(no)) => {
            let bits = &(mask & yes.values()) | &(&!mask & no.values());
            Value::Bool(BooleanArray::new(bits, select_nulls(mask, yes.nulls(), no.nulls())))
        }
        (Value::Null, Value::Null) => Value::Null,
        (yes, no) => unreachable!("bound to one kind: {yes:?} and {no:?}"),
    })
}

fn like(texts: &Texts, pattern: &Pattern, rows: usize) -> Result<BooleanArray, ArrowError> {
    let kernel = match (pattern.negated, pattern.ignores_case) {
        (false, false) => compute::like,
        (true, false) => compute::nlike,
        (false, true) => compute::ilike,
        (true, true) => compute::nilike,
    };
    // SQL has no escape character unless one is declared; the kernels take a backslash for one.
    let pattern = StringArray::new_scalar(pattern.text.replace('\\', "\\\\"));
    texts.test(rows, |texts| kernel(texts, &pattern))
}

fn null(kind: Kind, rows: usize) -> Value {
    match kind {
        Kind::Null => Value::Null,
        Kind::Number(_) => Value::Number(Numbers::null(rows)),
        Kind::Float => Value::Float(Vector::null(rows)),
        Kind::Bool => Value::Bool(BooleanArray::new_null(rows)),
        Kind::Text => Value::Text(Texts::All(None)),
        Kind::Date => Value::Date(Vector::null(rows)),
        Kind::Instant { .. } => Value::Instant(Vector::null(rows)),
    }
}

fn numbers(value: Value) -> Numbers {
    match value {
        Value::Number(numbers) => numbers,
        other => unreachable!("bound as an exact number: {other:?}"),
    }
}

fn floats(value: Value) -> Vector<f64> {
    match value {
        Value::Float(floats) => floats,
        other => unreachable!("bound as a float: {other:?}"),
    }
}

fn texts(value: Value) -> Texts {
    match value {
        Value::Text(texts) => texts,
        other => unreachable!("bound as text: {other:?}"),
    }
}

fn dates(value: Value) -> Vector<i32> {
    match value {
        Value::Date(dates) => dates,
        other => unreachable!("bound as a date: {other:?}"),
    }
}

fn instants(value: Value) -> Vector<i64> {
    match value {
        Value::Instant(instants) => instants,
        other => unreachable!("bound as a timestamp: {other:?}"),
    }
}
