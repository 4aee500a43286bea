//! Rules over the measures of customers, evaluated by polars slice by slice.
//!
//! Sums and comparisons of money are exact decimals; products and quotients are floats, as polars' decimal products keep
//! one factor's scale. A quotient by 0 is null, and counted.

use super::date_parts::ColumnPart;
use super::grid::NONE;
use super::values::{Data, Values};
use crate::error::{Error, Result};
use crate::pipeline::sql::{BinaryOp, Literal};
use crate::pipeline::{Definition, Expr, TreatmentDef};
use crate::units::{Decimal, pow10};
use polars::prelude::{self as pl, IntoLazy, IntoSeries, NamedFrom, NewChunkedArray};
use std::collections::BTreeMap;

/// What rules did, in sum. Integers: merged in any order.
#[derive(Debug, Clone)]
pub(crate) struct RuleCounts {
    /// By rule: customers it holds for.
    pub(crate) hits: Vec<usize>,
    /// By rule, by earlier rule: customers it holds for that the earlier one has.
    pub(crate) taken: Vec<Vec<usize>>,
    /// By rule, by divisor: customers for whom it is 0.
    pub(crate) zeros: Vec<Vec<usize>>,
}

/// Applies the rules to the customers of a slice; `columns` has every measure they name. Gives the first rule that
/// holds for each customer, `NONE` where none does.
///
/// # Errors
/// A rule that polars cannot evaluate, with its place.
pub(crate) fn apply(
    definition: &Definition,
    treatments: &[TreatmentDef],
    columns: &BTreeMap<&str, Values>,
    customers: usize,
) -> Result<(Vec<u16>, RuleCounts)> {
    let mut first = vec![NONE; customers];
    let mut counts = RuleCounts::new(treatments);
    if treatments.is_empty() || customers == 0 {
        return Ok((first, counts));
    }
    let internal = |fault: pl::PolarsError| Error::internal(fault.to_string());
    // Constants spread over the height of this column.
    let height = pl::Series::new(pl::PlSmallStr::from_static(" "), vec![true; customers]);
    let parts = parts(definition, treatments, columns);
    let named = columns.iter().map(|(name, values)| (*name, values));
    let named = named.chain(parts.iter().map(|(name, values)| (name.as_str(), values)));
    let series = named.map(|(name, values)| series(name, values));
    let all = std::iter::once(Ok(height)).chain(series).map(|series| series.map(pl::Column::from));
    let frame = pl::DataFrame::new_infer_height(all.collect::<Result<_>>()?).map_err(internal)?;
    for (rule, treatment) in treatments.iter().enumerate() {
        let when = &treatment.when;
        let divisors = when.divisors.iter().map(|(divisor, _)| float(divisor).eq(pl::lit(0.0)));
        let truths: Vec<pl::Expr> = std::iter::once(lower(&when.expr)).chain(divisors).collect();
        let truths = flags(&frame, truths).map_err(|fault| {
            let first = fault.to_string();
            let first = first.lines().next().unwrap_or_default().to_owned();
            Error::definition(format!("{}: rule '{}': {first}", definition.place(when.at), treatment.name))
        })?;
        counts.note(rule, &truths[0], &mut first);
        counts.zeros[rule] =
            truths[1..].iter().map(|zero| zero.iter().filter(|zero| **zero).count()).collect();
    }
    Ok((first, counts))
}

/// The parts of dates that rules name, as columns.
fn parts(
    definition: &Definition,
    treatments: &[TreatmentDef],
    columns: &BTreeMap<&str, Values>,
) -> BTreeMap<String, Values> {
    let mut found = BTreeMap::new();
    for part in treatments.iter().flat_map(|treatment| ColumnPart::within(&treatment.when.expr)) {
        let values = columns.get(part.column);
        if let Some(values) = values.and_then(|values| part.values(values, definition.facts.timezone)) {
            found.insert(part.name(), values);
        }
    }
    found
}

impl RuleCounts {
    fn new(treatments: &[TreatmentDef]) -> Self {
        Self {
            hits: vec![0; treatments.len()],
            taken: (0..treatments.len()).map(|rule| vec![0; rule]).collect(),
            zeros: treatments.iter().map(|treatment| vec![0; treatment.when.divisors.len()]).collect(),
        }
    }

    /// Adds other customers.
    pub(crate) fn merge(&mut self, other: &Self) {
        fn add(sums: &mut [usize], more: &[usize]) {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        add(&mut self.hits, &other.hits);
        self.taken.iter_mut().zip(&other.taken).for_each(|(sums, more)| add(sums, more));
        self.zeros.iter_mut().zip(&other.zeros).for_each(|(sums, more)| add(sums, more));
    }

    fn note(&mut self, rule: usize, holds: &[bool], first: &mut [u16]) {
        let code = u16::try_from(rule).expect("few rules");
        for (first, _) in first.iter_mut().zip(holds).filter(|(_, holds)| **holds) {
            self.hits[rule] += 1;
            if *first == NONE {
                *first = code;
            } else {
                self.taken[rule][usize::from(*first)] += 1;
            }
        }
    }
}

/// The values of predicates, null as false.
fn flags(frame: &pl::DataFrame, truths: Vec<pl::Expr>) -> pl::PolarsResult<Vec<Vec<bool>>> {
    let named = truths.into_iter().enumerate().map(|(at, truth)| {
        truth.cast(pl::DataType::Boolean).alias(pl::PlSmallStr::from_string(format!(" {at}")))
    });
    let named: Vec<pl::Expr> = named.collect();
    let wanted = named.len();
    let found = frame.clone().lazy().with_columns(named).collect()?;
    let values = |at: usize| {
        let truths = found.column(&format!(" {at}"))?.bool()?.clone();
        Ok(truths.iter().map(|truth| truth.unwrap_or(false)).collect())
    };
    (0..wanted).map(values).collect()
}

/// A column as polars holds it.
fn series(name: &str, values: &Values) -> Result<pl::Series> {
    fn known<'v, T: Copy>(of: &'v [T], values: &'v Values) -> impl Iterator<Item = Option<T>> + use<'v, T> {
        of.iter().enumerate().map(|(row, value)| values.is_known(row).then_some(*value))
    }
    let name = pl::PlSmallStr::from_str(name);
    Ok(match &values.data {
        Data::Fixed(of, None) => pl::Series::new(name, known(of, values).collect::<Vec<_>>()),
        Data::Fixed(of, Some(scale)) => {
            let mantissas = known(of, values).map(|mantissa| mantissa.map(i128::from));
            let mantissas: pl::ChunkedArray<pl::Int128Type> =
                pl::ChunkedArray::from_iter_options(name, mantissas);
            let decimals = mantissas.into_decimal(18, usize::from(*scale));
            decimals.map_err(|fault| Error::internal(fault.to_string()))?.into_series()
        }
        Data::Floats(of) => pl::Series::new(name, known(of, values).collect::<Vec<_>>()),
        Data::Flags(of) => pl::Series::new(name, known(of, values).collect::<Vec<_>>()),
        Data::Texts(codes, _) => {
            let texts = (0..codes.len()).map(|row| values.text_at(row));
            pl::Series::new(name, texts.collect::<Vec<Option<&str>>>())
        }
        Data::Days(of) => pl::Series::new(name, known(of, values).collect::<Vec<_>>()).into_date(),
        Data::Instants(of) => pl::Series::new(name, known(of, values).collect::<Vec<_>>())
            .into_datetime(pl::TimeUnit::Microseconds, Some(pl::TimeZone::UTC)),
    })
}

/// The same expression for polars.
fn lower(expr: &Expr) -> pl::Expr {
    match expr {
        Expr::Column(name) => pl::col(pl::PlSmallStr::from_str(name)),
        Expr::Literal(literal) => constant(literal),
        Expr::Negate(x) => -lower(x),
        Expr::Not(x) => lower(x).not(),
        Expr::Binary(left, op, right) => operator(left, *op, right),
        Expr::Case { branches, otherwise } => {
            let last = otherwise.as_ref().map_or_else(|| pl::lit(pl::NULL), |value| lower(value));
            let branch = |rest, (condition, value): &(Expr, Expr)| {
                pl::when(lower(condition)).then(lower(value)).otherwise(rest)
            };
            branches.iter().rev().fold(last, branch)
        }
        Expr::Coalesce(values) => pl::coalesce(&values.iter().map(lower).collect::<Vec<_>>()),
        Expr::Abs(x) => lower(x).abs(),
        Expr::InList(x, literals, negated) => {
            let x = lower(x);
            let any = literals.iter().map(|literal| x.clone().eq(constant(literal))).reduce(pl::Expr::or);
            negate_if(*negated, any.unwrap_or_else(|| pl::lit(false)))
        }
        Expr::Like(x, pattern, negated, any_case) => {
            negate_if(*negated, lower(x).str().contains(pl::lit(regex(pattern, *any_case)), true))
        }
        Expr::IsNull(x, false) => lower(x).is_null(),
        Expr::IsNull(x, true) => lower(x).is_not_null(),
        Expr::DatePart(..) => {
            let part = ColumnPart::of(expr).expect("the reader of rules refuses parts of other things");
            pl::col(pl::PlSmallStr::from_string(part.name()))
        }
        Expr::Cast { .. } | Expr::Call(..) => panic!("the reader of rules refuses casts and functions"),
    }
}

fn negate_if(negated: bool, truth: pl::Expr) -> pl::Expr {
    if negated { truth.not() } else { truth }
}

fn operator(left: &Expr, op: BinaryOp, right: &Expr) -> pl::Expr {
    use BinaryOp::*;
    match op {
        Multiply => float(left) * float(right),
        Divide => {
            let divisor = float(right);
            let quotient = float(left) / divisor.clone();
            pl::when(divisor.eq(pl::lit(0.0))).then(pl::lit(pl::NULL)).otherwise(quotient)
        }
        Add => lower(left) + lower(right),
        Subtract => lower(left) - lower(right),
        Equal => lower(left).eq(lower(right)),
        NotEqual => lower(left).neq(lower(right)),
        Less => lower(left).lt(lower(right)),
        LessEqual => lower(left).lt_eq(lower(right)),
        Greater => lower(left).gt(lower(right)),
        GreaterEqual => lower(left).gt_eq(lower(right)),
        And => lower(left).and(lower(right)),
        Or => lower(left).or(lower(right)),
        Remainder | Concat => panic!("the reader of rules refuses these operators"),
    }
}

fn float(expr: &Expr) -> pl::Expr {
    lower(expr).cast(pl::DataType::Float64)
}

/// Digits after the point up to which a constant is an exact decimal: more would overflow beside 18 digits of money.
const MOST_SCALE: u8 = 12;

fn constant(literal: &Literal) -> pl::Expr {
    let of = |kind, value| pl::lit(pl::Scalar::new(kind, value));
    match literal {
        Literal::Null => pl::lit(pl::NULL),
        Literal::Bool(truth) => pl::lit(*truth),
        Literal::Text(text) => pl::lit(text.clone()),
        Literal::Number(number) => number_constant(number.normalised()),
        Literal::Date(day) => of(pl::DataType::Date, pl::AnyValue::Date(day.0)),
        Literal::Timestamp(micros) => of(
            pl::DataType::Datetime(pl::TimeUnit::Microseconds, Some(pl::TimeZone::UTC)),
            pl::AnyValue::DatetimeOwned(
                *micros,
                pl::TimeUnit::Microseconds,
                Some(std::sync::Arc::new(pl::TimeZone::UTC)),
            ),
        ),
    }
}

fn number_constant(number: Decimal) -> pl::Expr {
    let Decimal { mantissa, scale } = number;
    match i64::try_from(mantissa) {
        Ok(integer) if scale == 0 => pl::lit(integer),
        Ok(_) if scale <= MOST_SCALE => {
            let scale = usize::from(scale);
            let value = pl::AnyValue::Decimal(mantissa, 38, scale);
            pl::lit(pl::Scalar::new(pl::DataType::Decimal(38, scale), value))
        }
        _ => pl::lit(mantissa as f64 / pow10(scale.min(38)) as f64),
    }
}

/// A `like` pattern as a regular expression.
fn regex(pattern: &str, any_case: bool) -> String {
    let mut regex = String::from(if any_case { "(?si)^" } else { "(?s)^" });
    for character in pattern.chars() {
        match character {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            letter if letter.is_alphanumeric() || letter == ' ' => regex.push(letter),
            other if other.is_ascii() => regex.extend(['\\', other]),
            other => regex.push(other),
        }
    }
    regex.push('$');
    regex
}
