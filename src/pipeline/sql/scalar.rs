//! Scalar expressions: from sqlparser's trees to the closed grammar.

use super::reader::Reader;
use super::{BinaryOp, DatePart, Expr, Literal, SqlError};
use crate::units::{Day, Decimal, MICROS_PER_DAY};
use sqlparser::ast::{
    self, BinaryOperator, CaseWhen, DataType, Expr as Ast, FunctionArg, FunctionArgExpr, FunctionArguments,
    TimezoneInfo, UnaryOperator, Value, ValueWithSpan,
};

const GRAMMAR: &str = "columns, literals, + - *, / by a number, comparisons, and, or, not, case, coalesce, abs, in, \
    between, like, ilike, is null, date parts and cast(... as date)";
const FUNCTIONS: &str = "abs, coalesce, year, quarter, month, day, dayofweek, hour, date_part and extract";
const AGGREGATES: [&str; 5] = ["count", "sum", "avg", "min", "max"];

/// Reads one scalar expression, such as `quantity * unit_price`.
pub fn parse_scalar(text: &str) -> Result<Expr, SqlError> {
    let (reader, tree) = Reader::read(text)?;
    scalar(&reader, &tree)
}

/// One node of a scalar expression and all below it.
pub(super) fn scalar(reader: &Reader, tree: &Ast) -> Result<Expr, SqlError> {
    let one = |x: &Ast| scalar(reader, x).map(Box::new);
    Ok(match tree {
        Ast::Nested(inner) => scalar(reader, inner)?,
        Ast::Identifier(name) => Expr::Column(name.value.clone()),
        Ast::CompoundIdentifier(_) => {
            let message =
                format!("'{tree}' names a table; write the column alone, quoted if it holds a point");
            return Err(reader.fault_at(tree, message));
        }
        Ast::Value(value) => Expr::Literal(literal(reader, value)?),
        Ast::TypedString(typed) => Expr::Literal(typed_literal(reader, typed)?),
        Ast::UnaryOp { op, expr } => unary(reader, tree, *op, expr)?,
        Ast::BinaryOp { left, op, right } => binary(reader, tree, left, op, right)?,
        Ast::Between { expr, negated, low, high } => {
            let x = one(expr)?;
            let above = Expr::Binary(x.clone(), BinaryOp::GreaterEqual, one(low)?);
            let below = Expr::Binary(x, BinaryOp::LessEqual, one(high)?);
            negate_if(*negated, Expr::Binary(Box::new(above), BinaryOp::And, Box::new(below)))
        }
        Ast::Case { operand, conditions, else_result, .. } => {
            case(reader, operand.as_deref(), conditions, else_result.as_deref())?
        }
        Ast::InList { expr, list, negated } => {
            let literals = list.iter().map(|item| list_literal(reader, item)).collect::<Result<_, _>>()?;
            Expr::InList(one(expr)?, literals, *negated)
        }
        Ast::Like { negated, any: false, expr, pattern, escape_char: None } => {
            Expr::Like(one(expr)?, like_pattern(reader, pattern)?, *negated, false)
        }
        Ast::ILike { negated, any: false, expr, pattern, escape_char: None } => {
            Expr::Like(one(expr)?, like_pattern(reader, pattern)?, *negated, true)
        }
        Ast::IsNull(x) => Expr::IsNull(one(x)?, false),
        Ast::IsNotNull(x) => Expr::IsNull(one(x)?, true),
        Ast::Extract { field, expr, .. } => {
            Expr::DatePart(date_part(reader, expr, &field.to_string())?, one(expr)?)
        }
        Ast::Cast {
            kind: ast::CastKind::Cast,
            expr,
            data_type: DataType::Date,
            array: false,
            format: None,
        } => Expr::ToDate(one(expr)?),
        Ast::Cast { data_type, .. } => {
            let way_out =
                "only cast(... as date) is; numbers are rounded once to their column's scale anyway";
            return Err(
                reader.fault_at(tree, format!("a cast to {data_type} is not part of the grammar; {way_out}"))
            );
        }
        Ast::Function(function) => call(reader, tree, function)?,
        other => {
            let message = format!("'{other}' is not part of the grammar; allowed are {GRAMMAR}");
            return Err(reader.fault_at(other, message));
        }
    })
}

fn negate_if(negated: bool, condition: Expr) -> Expr {
    if negated { Expr::Not(Box::new(condition)) } else { condition }
}

fn unary(reader: &Reader, tree: &Ast, op: UnaryOperator, operand: &Ast) -> Result<Expr, SqlError> {
    let operand = scalar(reader, operand)?;
    match (op, operand) {
        (UnaryOperator::Plus, operand) => Ok(operand),
        (UnaryOperator::Minus, Expr::Literal(Literal::Number(Decimal { mantissa, scale }))) => {
            Ok(Expr::Literal(Literal::Number(Decimal { mantissa: -mantissa, scale })))
        }
        (UnaryOperator::Minus, operand) => Ok(Expr::Negate(Box::new(operand))),
        (UnaryOperator::Not, operand) => Ok(Expr::Not(Box::new(operand))),
        (op, _) => {
            let message = format!("operator '{op}' is not part of the grammar; allowed are {GRAMMAR}");
            Err(reader.fault_at(tree, message))
        }
    }
}

fn binary(
    reader: &Reader,
    tree: &Ast,
    left: &Ast,
    op: &BinaryOperator,
    right: &Ast,
) -> Result<Expr, SqlError> {
    let op = match op {
        BinaryOperator::Plus => BinaryOp::Add,
        BinaryOperator::Minus => BinaryOp::Subtract,
        BinaryOperator::Multiply => BinaryOp::Multiply,
        BinaryOperator::Divide => BinaryOp::Divide,
        BinaryOperator::Eq => BinaryOp::Equal,
        BinaryOperator::NotEq => BinaryOp::NotEqual,
        BinaryOperator::Lt => BinaryOp::Less,
        BinaryOperator::LtEq => BinaryOp::LessEqual,
        BinaryOperator::Gt => BinaryOp::Greater,
        BinaryOperator::GtEq => BinaryOp::GreaterEqual,
        BinaryOperator::And => BinaryOp::And,
        BinaryOperator::Or => BinaryOp::Or,
        other => {
            let message = format!("operator '{other}' is not part of the grammar; allowed are {GRAMMAR}");
            return Err(reader.fault_at(tree, message));
        }
    };
    let (left, divisor) = (scalar(reader, left)?, right);
    let right = scalar(reader, right)?;
    if op == BinaryOp::Divide {
        match &right {
            Expr::Literal(Literal::Number(number)) if number.mantissa != 0 => {}
            Expr::Literal(Literal::Number(_)) => return Err(reader.fault_at(divisor, "division by zero")),
            _ if reader.any_divisor => {}
            _ => {
                let message =
                    format!("division by '{divisor}'; the grammar divides by a number literal only");
                return Err(reader.fault_at(divisor, message));
            }
        }
    }
    Ok(Expr::Binary(Box::new(left), op, Box::new(right)))
}

/// `case x when a then v` becomes `case when x = a then v`.
fn case(
    reader: &Reader,
    operand: Option<&Ast>,
    conditions: &[CaseWhen],
    otherwise: Option<&Ast>,
) -> Result<Expr, SqlError> {
    let operand = operand.map(|x| scalar(reader, x).map(Box::new)).transpose()?;
    let branch = |when: &CaseWhen| {
        let condition = scalar(reader, &when.condition)?;
        let condition = match &operand {
            Some(x) => Expr::Binary(x.clone(), BinaryOp::Equal, Box::new(condition)),
            None => condition,
        };
        Ok((condition, scalar(reader, &when.result)?))
    };
    let branches = conditions.iter().map(branch).collect::<Result<_, _>>()?;
    let otherwise = otherwise.map(|x| scalar(reader, x).map(Box::new)).transpose()?;
    Ok(Expr::Case { branches, otherwise })
}

fn call(reader: &Reader, tree: &Ast, function: &ast::Function) -> Result<Expr, SqlError> {
    let name = function.name.to_string().to_lowercase();
    if AGGREGATES.contains(&name.as_str()) {
        let message =
            format!("aggregate '{name}' in an expression over one row; aggregates belong in a driver");
        return Err(reader.fault_at(tree, message));
    }
    let values = plain_arguments(function).ok_or_else(|| {
        reader
            .fault_at(tree, format!("'{tree}' is not part of the grammar; allowed functions are {FUNCTIONS}"))
    })?;
    let wrong_count = |expected: &str| {
        reader.fault_at(tree, format!("{name}() takes {expected}, found {} arguments", values.len()))
    };
    match (name.as_str(), values.as_slice()) {
        ("abs", [x]) => Ok(Expr::Abs(Box::new(scalar(reader, x)?))),
        ("abs", _) => Err(wrong_count("one argument")),
        ("coalesce", []) => Err(wrong_count("one or more arguments")),
        ("coalesce", values) => {
            Ok(Expr::Coalesce(values.iter().map(|x| scalar(reader, x)).collect::<Result<_, _>>()?))
        }
        ("date_part" | "datepart", [part, x]) => {
            match part {
                Ast::Value(ValueWithSpan { value: Value::SingleQuotedString(word), .. }) => {
                    Ok(Expr::DatePart(date_part(reader, part, word)?, Box::new(scalar(reader, x)?)))
                }
                _ => Err(reader
                    .fault_at(*part, "date_part() takes the part as text, such as date_part('month', x)")),
            }
        }
        ("date_part" | "datepart", _) => Err(wrong_count("two arguments")),
        (part, values) => match (DatePart::named(part), values) {
            (Some(part), [x]) => Ok(Expr::DatePart(part, Box::new(scalar(reader, x)?))),
            (Some(_), _) => Err(wrong_count("one argument")),
            (None, _) => {
                let message =
                    format!("function '{name}' is not part of the grammar; allowed are {FUNCTIONS}");
                Err(reader.fault_at(tree, message))
            }
        },
    }
}

/// The arguments of a call that has nothing but positional ones.
fn plain_arguments(function: &ast::Function) -> Option<Vec<&Ast>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    let bare = function.filter.is_none()
        && function.over.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
        && list.duplicate_treatment.is_none()
        && list.clauses.is_empty();
    let value = |argument| match argument {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref value)) => Some(value),
        _ => None,
    };
    if bare { list.args.iter().map(value).collect() } else { None }
}

impl DatePart {
    fn named(word: &str) -> Option<Self> {
        Some(match word.to_lowercase().as_str() {
            "year" => Self::Year,
            "quarter" => Self::Quarter,
            "month" => Self::Month,
            "day" | "dayofmonth" => Self::Day,
            "dow" | "dayofweek" | "weekday" => Self::DayOfWeek,
            "hour" => Self::Hour,
            _ => return None,
        })
    }
}

fn date_part(reader: &Reader, at: &Ast, word: &str) -> Result<DatePart, SqlError> {
    DatePart::named(word).ok_or_else(|| {
        let parts = "year, quarter, month, day, dow (day of week, Sunday = 0) and hour";
        reader.fault_at(at, format!("date part '{word}' is not part of the grammar; allowed are {parts}"))
    })
}

fn like_pattern(reader: &Reader, pattern: &Ast) -> Result<String, SqlError> {
    match pattern {
        Ast::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Ok(text.clone()),
        other => {
            Err(reader.fault_at(other, format!("like takes a text literal as its pattern, found '{other}'")))
        }
    }
}

fn list_literal(reader: &Reader, item: &Ast) -> Result<Literal, SqlError> {
    match scalar(reader, item)? {
        Expr::Literal(literal) => Ok(literal),
        _ => Err(reader.fault_at(item, format!("in (...) takes literals, found '{item}'"))),
    }
}

fn literal(reader: &Reader, value: &ValueWithSpan) -> Result<Literal, SqlError> {
    Ok(match &value.value {
        Value::Null => Literal::Null,
        Value::Boolean(truth) => Literal::Bool(*truth),
        Value::SingleQuotedString(text) => Literal::Text(text.clone()),
        Value::Number(digits, false) => {
            let number = exact_number(digits).ok_or_else(|| {
                let way_out = "numbers have at most 30 digits";
                reader.fault_at(value, format!("'{digits}' cannot be held exactly; {way_out}"))
            })?;
            Literal::Number(number)
        }
        other => {
            let message = format!(
                "{other} is not part of the grammar; literals are numbers, 'text', true, false, null, date '...' and timestamp '...'"
            );
            return Err(reader.fault_at(value, message));
        }
    })
}

/// `12.50`, `.5`, `1e3`, `2.5e-3`, exactly.
fn exact_number(text: &str) -> Option<Decimal> {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let number: Decimal = digits.parse().ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    let scale = i32::from(number.scale).checked_sub(exponent)?;
    let factor = 10_i128.checked_pow(scale.min(0).unsigned_abs())?;
    let mantissa = number.mantissa.checked_mul(factor)?;
    let scale = u8::try_from(scale.max(0)).ok()?;
    (mantissa < 10_i128.pow(30) && scale <= 30).then_some(Decimal { mantissa, scale })
}

fn typed_literal(reader: &Reader, typed: &ast::TypedString) -> Result<Literal, SqlError> {
    let Value::SingleQuotedString(text) = &typed.value.value else {
        return Err(reader.fault_at(&typed.value, format!("expected a quoted text, found {}", typed.value)));
    };
    match typed.data_type {
        DataType::Date => {
            let day: Day = text.parse().map_err(|message: String| reader.fault_at(&typed.value, message))?;
            Ok(Literal::Date(day))
        }
        DataType::Timestamp(None, TimezoneInfo::None) => {
            let message = "is not a timestamp; expected YYYY-MM-DD HH:MM:SS, wall time without zone";
            let micros = wall_micros(text);
            Ok(Literal::Timestamp(
                micros.ok_or_else(|| reader.fault_at(&typed.value, format!("'{text}' {message}")))?,
            ))
        }
        ref other => {
            let message = format!(
                "a literal of type {other} is not part of the grammar; use date '...' or timestamp '...'"
            );
            Err(reader.fault_at(&typed.value, message))
        }
    }
}

/// `2024-01-31`, `2024-01-31 10:00`, `2024-01-31T10:00:00.5` as microseconds since 1970-01-01.
fn wall_micros(text: &str) -> Option<i64> {
    let (date, time) = text.trim().split_once([' ', 'T']).unwrap_or((text.trim(), "00:00"));
    let day: Day = date.parse().ok()?;
    let time = ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|form| chrono::NaiveTime::parse_from_str(time, form).ok())?;
    let since_midnight = time.signed_duration_since(chrono::NaiveTime::MIN).num_microseconds()?;
    i64::from(day.0).checked_mul(MICROS_PER_DAY)?.checked_add(since_midnight)
}
