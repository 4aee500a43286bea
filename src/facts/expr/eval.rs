//! Evaluates typed trees over one batch, a column at a time.

use super::bound_value::{dates, floats, instants, numbers, ratios, texts, truths};
use super::calendar::{date_part, date_trunc, from_epoch, make_date};
use super::cast::cast;
use super::compare::{compare, in_list};
use super::node::{Comparison, Kind, Node, Pattern};
use super::number::{Checked, Faults, Numbers, merged};
use super::outcome::{Outcome, chosen, unsettled};
use super::ratio::Ratios;
use super::rounding::{Mode, rounded};
use super::rows::Rows;
use super::strptime::strptime;
use super::text::Texts;
use super::value::{Value, broken};
use super::vector::{Vector, all, select_nulls};
use super::{text_call, time};
use crate::error::Result;
use arrow::array::{Array, BooleanArray, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute;
use arrow::error::ArrowError;

/// One tree over some rows.
pub(super) struct Evaluation<'a> {
    pub(super) rows: &'a Rows<'a>,
    pub(super) zone: chrono_tz::Tz,
}

/// Two values of one node, and the faults of both.
struct Pair {
    x: Value,
    y: Value,
    faults: Faults,
}

impl Evaluation<'_> {
    pub(super) fn outcome(&self, node: &Node) -> Result<Outcome> {
        let rows = self.rows();
        Ok(match node {
            Node::Column(name, kind) => self.rows.column(name, *kind)?,
            Node::Null(kind) => null(*kind, rows).into(),
            Node::Number(mantissa) => Value::Number(Numbers::constant(*mantissa)).into(),
            Node::Float(value) => Value::Float(Vector::constant(*value)).into(),
            Node::Bool(truth) => Value::Bool(BooleanArray::new(all(*truth, rows), None)).into(),
            Node::Text(text) => Value::Text(Texts::All(Some(text.clone()))).into(),
            Node::Date(day) => Value::Date(Vector::constant(*day)).into(),
            Node::Instant(micros) => Value::Instant(Vector::constant(*micros)).into(),
            composed => self.rows.once(composed, self.zone, || self.composed(composed))?,
        })
    }

    fn composed(&self, node: &Node) -> Result<Outcome> {
        let rows = self.rows();
        match node {
            Node::Negate(x) => self.sized(x, Numbers::negate, |x| -x),
            Node::Abs(x) => self.sized(x, Numbers::abs, f64::abs),
            Node::Add(x, y) => self.arithmetic(x, y, Numbers::add, Ratios::add, |x, y| x + y),
            Node::Subtract(x, y) => self.arithmetic(x, y, Numbers::subtract, Ratios::subtract, |x, y| x - y),
            Node::Multiply(x, y) => self.arithmetic(x, y, Numbers::multiply, Ratios::multiply, |x, y| x * y),
            Node::Divide(x, y) => self.floats(x, y, |x, y| x / y),
            Node::Quotient(x, y) => self.quotient(x, y),
            Node::Remainder(x, y) => self.remainder(x, y),
            Node::Scale(x, factor) => self.sized(x, |x, rows| x.scale(*factor, rows), |x| x),
            Node::ToFloat(x, format) => Ok(self.outcome(x)?.map(|x| match x {
                Value::Ratio(ratios) => Value::Float(ratios.to_float(*format)),
                number => Value::Float(numbers(number).to_float(*format)),
            })),
            Node::Rounded(x, up, down, mode) => {
                let Outcome { value, faults } = self.outcome(x)?;
                Ok(Outcome::number(rounded(value, *up, *down, *mode, rows), faults))
            }
            Node::RoundedFloat(x, mode, digits) => {
                Ok(self.outcome(x)?.map(|x| Value::Float(floats(x).map(|x| round_float(x, *mode, *digits)))))
            }
            Node::Sign(x) => Ok(self.outcome(x)?.map(sign)),
            Node::Cast(x, how) => cast(self.outcome(x)?, how, rows, self.zone),
            Node::Call(function, arguments) => {
                let (arguments, faults) = self.all(arguments)?;
                let (value, new) = text_call::call(*function, &arguments, rows).map_err(broken)?;
                Ok(Outcome::new(value, merged(faults, new)))
            }
            Node::Strptime(x, format, or_null) => {
                let Outcome { value, faults } = self.outcome(x)?;
                let (times, new) =
                    strptime(&texts(value), format, rows, *or_null, self.zone).map_err(broken)?;
                Ok(Outcome::new(Value::Instant(times), merged(faults, new)))
            }
            Node::FromEpoch(x, epoch) => {
                let Outcome { value, faults } = self.outcome(x)?;
                let (times, new) = from_epoch(value, *epoch, rows);
                Ok(Outcome::new(Value::Instant(times), merged(faults, new)))
            }
            Node::MakeDate(year, month, day) => {
                let (parts, faults) = self.all([&**year, month, day])?;
                let parts: Vec<Numbers> = parts.into_iter().map(numbers).collect();
                let (days, new) = make_date(&parts[0], &parts[1], &parts[2], rows);
                Ok(Outcome::new(Value::Date(days), merged(faults, new)))
            }
            Node::Midnight(x, zoned) => Ok(self
                .outcome(x)?
                .map(|x| Value::Instant(time::midnights(&dates(x), zoned.then_some(self.zone))))),
            Node::ToDay(x, zoned) => Ok(self
                .outcome(x)?
                .map(|x| Value::Date(time::days(&instants(x), zoned.then_some(self.zone))))),
            Node::DatePart(part, x, kind) => {
                Ok(self.outcome(x)?.map(|x| Value::Number(date_part(*part, x, *kind, self.zone))))
            }
            Node::DateTrunc(unit, x, kind) => {
                Ok(self.outcome(x)?.map(|x| Value::Instant(date_trunc(*unit, x, *kind, self.zone))))
            }
            Node::Case(branches, otherwise) => self.case(branches, otherwise),
            Node::Coalesce(values) => self.coalesce(values),
            Node::Extreme(values, least) => self.extreme(values, *least),
            condition => self.condition(condition),
        }
    }

    fn condition(&self, node: &Node) -> Result<Outcome> {
        let rows = self.rows();
        Ok(match node {
            Node::Compare(x, how, y) => {
                let pair = self.pair(x, y)?;
                self.compared(&pair.x, *how, &pair.y, pair.faults)?
            }
            Node::InList(x, list, negated) => {
                let list =
                    list.iter().map(|item| Ok(self.outcome(item)?.value)).collect::<Result<Vec<_>>>()?;
                let Outcome { value, faults } = self.outcome(x)?;
                let found = in_list(&value, &list, rows).map_err(broken)?;
                let found = if *negated { compute::not(&found).map_err(broken)? } else { found };
                Outcome::new(Value::Bool(found), faults)
            }
            Node::Like(x, pattern) => {
                let Outcome { value, faults } = self.outcome(x)?;
                Outcome::new(Value::Bool(like(&texts(value), pattern, rows).map_err(broken)?), faults)
            }
            Node::IsNull(x, negated) => self.outcome(x)?.map(|x| {
                let valid = validity(&x, rows);
                Value::Bool(BooleanArray::new(if *negated { valid } else { !&valid }, None))
            }),
            Node::Not(x) => {
                let Outcome { value, faults } = self.outcome(x)?;
                Outcome::new(Value::Bool(compute::not(&truths(value)).map_err(broken)?), faults)
            }
            Node::And(x, y) => self.logical(x, y, compute::and_kleene)?,
            Node::Or(x, y) => self.logical(x, y, compute::or_kleene)?,
            other => unreachable!("{other:?} is no condition"),
        })
    }

    /// A fault counts only where the other side does not settle the row.
    fn logical(
        &self,
        x: &Node,
        y: &Node,
        of: fn(&BooleanArray, &BooleanArray) -> std::result::Result<BooleanArray, ArrowError>,
    ) -> Result<Outcome> {
        let Pair { x, y, faults } = self.pair(x, y)?;
        let found = of(&truths(x), &truths(y)).map_err(broken)?;
        let faults = unsettled(&found, faults);
        Ok(Outcome::new(Value::Bool(found), faults))
    }

    fn compared(&self, x: &Value, how: Comparison, y: &Value, faults: Faults) -> Result<Outcome> {
        let rows = self.rows();
        let (found, new) = match (x, y) {
            (Value::Ratio(_), _) | (_, Value::Ratio(_)) => {
                let ((x, y), new) = ratios(x.clone()).aligned(&ratios(y.clone()), rows);
                (compare(&Value::Number(x), how, &Value::Number(y), rows), new)
            }
            (x, y) => (compare(x, how, y, rows), Faults::new()),
        };
        Ok(Outcome::new(Value::Bool(found.map_err(broken)?), merged(faults, new)))
    }

    fn pair(&self, x: &Node, y: &Node) -> Result<Pair> {
        let (x, y) = (self.outcome(x)?, self.outcome(y)?);
        Ok(Pair { x: x.value, y: y.value, faults: merged(x.faults, y.faults) })
    }

    fn all<'n>(&self, nodes: impl IntoIterator<Item = &'n Node>) -> Result<(Vec<Value>, Faults)> {
        let (mut values, mut faults) = (Vec::new(), Faults::new());
        for node in nodes {
            let outcome = self.outcome(node)?;
            values.push(outcome.value);
            faults = merged(faults, outcome.faults);
        }
        Ok((values, faults))
    }

    fn sized(
        &self,
        x: &Node,
        exact: impl FnOnce(&Numbers, usize) -> Checked,
        float: fn(f64) -> f64,
    ) -> Result<Outcome> {
        let Outcome { value, faults } = self.outcome(x)?;
        Ok(match value {
            Value::Ratio(x) => {
                let (x, new) = x.with(|x| exact(x, self.rows()));
                Outcome::new(Value::Ratio(x), merged(faults, new))
            }
            Value::Number(x) => Outcome::number(exact(&x, self.rows()), faults),
            x => Outcome::new(Value::Float(floats(x).map(float)), faults),
        })
    }

    fn arithmetic(
        &self,
        x: &Node,
        y: &Node,
        exact: fn(&Numbers, &Numbers, usize) -> Checked,
        fraction: fn(&Ratios, &Ratios, usize) -> (Ratios, Faults),
        float: fn(f64, f64) -> f64,
    ) -> Result<Outcome> {
        let Pair { x, y, faults } = self.pair(x, y)?;
        Ok(match (x, y) {
            (Value::Number(x), Value::Number(y)) => Outcome::number(exact(&x, &y, self.rows()), faults),
            (x @ Value::Ratio(_), y) | (x, y @ Value::Ratio(_)) => {
                let (found, new) = fraction(&ratios(x), &ratios(y), self.rows());
                Outcome::new(Value::Ratio(found), merged(faults, new))
            }
            (x, y) => Outcome::new(Value::Float(floats(x).zip(&floats(y), float)), faults),
        })
    }

    fn floats(&self, x: &Node, y: &Node, of: fn(f64, f64) -> f64) -> Result<Outcome> {
        let Pair { x, y, faults } = self.pair(x, y)?;
        Ok(Outcome::new(Value::Float(floats(x).zip(&floats(y), of)), faults))
    }

    fn quotient(&self, x: &Node, y: &Node) -> Result<Outcome> {
        let Pair { x, y, faults } = self.pair(x, y)?;
        let (found, new) = Ratios::quotient(&ratios(x), &ratios(y), self.rows());
        Ok(Outcome::new(Value::Ratio(found), merged(faults, new)))
    }

    fn remainder(&self, x: &Node, y: &Node) -> Result<Outcome> {
        let Pair { x, y, faults } = self.pair(x, y)?;
        Ok(match (x, y) {
            (Value::Number(x), Value::Number(y)) => {
                let zeros = Ratios::zeros(&x, &y, self.rows());
                Outcome::number(x.remainder(&y, self.rows()), merged(faults, zeros))
            }
            (x, y) => Outcome::new(Value::Float(floats(x).zip(&floats(y), |x, y| x % y)), faults),
        })
    }

    /// From the last branch to the first, so that the first that holds wins.
    fn case(&self, branches: &[(Node, Node)], otherwise: &Node) -> Result<Outcome> {
        let mut result = self.outcome(otherwise)?;
        for (condition, value) in branches.iter().rev() {
            let condition = self.outcome(condition)?;
            let mask = truth(condition.value, self.rows());
            let Outcome { value, faults } = select(&mask, self.outcome(value)?, result).map_err(broken)?;
            result = Outcome::new(value, merged(condition.faults, faults));
        }
        Ok(result)
    }

    fn coalesce(&self, values: &[Node]) -> Result<Outcome> {
        let (last, before) = values.split_last().expect("coalesce has at least one argument");
        let mut result = self.outcome(last)?;
        for value in before.iter().rev() {
            let first = self.outcome(value)?;
            // A faulty value is not null: nothing takes its place.
            let mask = &validity(&first.value, self.rows()) | &faulty(&first.faults, self.rows());
            result = select(&mask, first, result).map_err(broken)?;
        }
        Ok(result)
    }

    fn extreme(&self, values: &[Node], least: bool) -> Result<Outcome> {
        let how = if least { Comparison::Less } else { Comparison::Greater };
        let (first, rest) = values.split_first().expect("at least one argument");
        let mut best = self.outcome(first)?;
        for value in rest {
            let next = self.outcome(value)?;
            let faults = merged(best.faults.clone(), next.faults.clone());
            let better = self.compared(&next.value, how, &best.value, faults.clone())?;
            let none = !&validity(&best.value, self.rows());
            let mask = &truth(better.value, self.rows()) | &none;
            let mask = &mask & &validity(&next.value, self.rows());
            let faults = merged(faults, better.faults);
            best = Outcome::new(select(&mask, next, best).map_err(broken)?.value, faults);
        }
        Ok(best)
    }

    fn rows(&self) -> usize {
        self.rows.count()
    }
}

fn faulty(faults: &Faults, rows: usize) -> BooleanBuffer {
    let mut bits = arrow::array::BooleanBufferBuilder::new(rows);
    bits.append_n(rows, false);
    faults.iter().for_each(|(row, _)| bits.set_bit(*row as usize, true));
    bits.finish()
}

fn sign(value: Value) -> Value {
    Value::Number(match value {
        Value::Ratio(ratios) => ratios.numerators.map(i64::signum, i128::signum),
        Value::Number(numbers) => numbers.map(i64::signum, i128::signum),
        other => {
            // NaN has no sign: neither comparison holds.
            let signs = floats(other).map(|x| i64::from(x > 0.0) - i64::from(x < 0.0));
            Numbers::narrow(signs.values, signs.nulls)
        }
    })
}

/// As DuckDB rounds floats: scaled, rounded, scaled back; unchanged where that is not finite.
fn round_float(x: f64, mode: Mode, digits: i32) -> f64 {
    let whole = |x: f64| match mode {
        Mode::HalfAway => x.round(),
        Mode::Floor => x.floor(),
        Mode::Ceil => x.ceil(),
    };
    let factor = 10_f64.powi(digits.abs());
    let rounded = match digits {
        0 => return whole(x),
        1.. => whole(x * factor) / factor,
        _ => whole(x / factor) * factor,
    };
    if rounded.is_finite() { rounded } else { x }
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

/// Which rows are not null.
fn validity(value: &Value, rows: usize) -> BooleanBuffer {
    let nulls = match value {
        Value::Null => return BooleanBuffer::new_unset(rows),
        Value::Number(x) => x.nulls.clone(),
        Value::Ratio(x) => x.numerators.nulls.clone(),
        Value::Float(x) => x.nulls.clone(),
        Value::Bool(x) => x.nulls().cloned(),
        Value::Text(x) => x.nulls(rows),
        Value::Date(x) => x.nulls.clone(),
        Value::Instant(x) => x.nulls.clone(),
    };
    nulls.map_or_else(|| BooleanBuffer::new_set(rows), NullBuffer::into_inner)
}

fn select(mask: &BooleanBuffer, yes: Outcome, no: Outcome) -> Result<Outcome, ArrowError> {
    let faults = merged(chosen(yes.faults, mask, true), chosen(no.faults, mask, false));
    Ok(Outcome::new(select_values(mask, yes.value, no.value)?, faults))
}

fn select_values(mask: &BooleanBuffer, yes: Value, no: Value) -> Result<Value, ArrowError> {
    Ok(match (yes, no) {
        (Value::Number(yes), Value::Number(no)) => Value::Number(Numbers::select(mask, &yes, &no)),
        (yes @ Value::Ratio(_), no) | (yes, no @ Value::Ratio(_)) => {
            Value::Ratio(Ratios::select(mask, &ratios(yes), &ratios(no)))
        }
        (Value::Float(yes), Value::Float(no)) => Value::Float(Vector::select(mask, &yes, &no)),
        (Value::Date(yes), Value::Date(no)) => Value::Date(Vector::select(mask, &yes, &no)),
        (Value::Instant(yes), Value::Instant(no)) => Value::Instant(Vector::select(mask, &yes, &no)),
        (Value::Text(yes), Value::Text(no)) => Value::Text(Texts::select(mask, &yes, &no)?),
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
        Kind::Number(_) | Kind::Ratio(_) => Value::Number(Numbers::null(rows)),
        Kind::Float => Value::Float(Vector::null(rows)),
        Kind::Bool => Value::Bool(BooleanArray::new_null(rows)),
        Kind::Text => Value::Text(Texts::All(None)),
        Kind::Date => Value::Date(Vector::null(rows)),
        Kind::Instant { .. } => Value::Instant(Vector::null(rows)),
    }
}
