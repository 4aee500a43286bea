//! Scalar expressions: from sqlparser's trees to the closed grammar.

use super::cast::TYPES;
use super::functions::FUNCTIONS;
use super::reader::Reader;
use super::{
    BinaryOp, DatePart, Expr, FunctionEntry, Literal, ScalarFunction, SqlError, SqlType, TimeFormat,
};
use crate::units::{Day, Decimal, MICROS_PER_DAY};
use sqlparser::ast::{
    self, BinaryOperator, CaseWhen, DataType, Expr as Ast, FunctionArg, FunctionArgExpr, FunctionArguments,
    TimezoneInfo, UnaryOperator, Value, ValueWithSpan,
};

const GRAMMAR: &str = "columns, literals, + - * / % ||, comparisons, and, or, not, case, coalesce, in, between, like, \
    ilike, is null, casts, parts of dates and functions";
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
        Ast::Cast { kind, expr, data_type, array: false, format: None } => {
            let or_null = matches!(kind, ast::CastKind::TryCast | ast::CastKind::SafeCast);
            Expr::Cast { of: one(expr)?, to: cast_type(reader, tree, data_type)?, or_null }
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
        BinaryOperator::Modulo => BinaryOp::Remainder,
        BinaryOperator::StringConcat => BinaryOp::Concat,
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
    if let (BinaryOp::Divide | BinaryOp::Remainder, Expr::Literal(Literal::Number(number))) = (op, &right)
        && number.mantissa == 0
    {
        return Err(reader.fault_at(divisor, "division by zero"));
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
        reader.fault_at(tree, format!("'{tree}' is not part of the grammar; allowed are {GRAMMAR}"))
    })?;
    let wrong_count = |expected: &str| {
        reader.fault_at(tree, format!("{name}() takes {expected}, found {} arguments", values.len()))
    };
    let scalars = || values.iter().map(|x| scalar(reader, x)).collect::<Result<Vec<_>, _>>();
    match (name.as_str(), values.as_slice()) {
        ("abs", [x]) => Ok(Expr::Abs(Box::new(scalar(reader, x)?))),
        ("abs", _) => Err(wrong_count("one argument")),
        ("coalesce", []) => Err(wrong_count("one or more arguments")),
        ("coalesce", _) => Ok(Expr::Coalesce(scalars()?)),
        ("mod", [_, _]) => {
            let [left, right] = scalars()?.try_into().expect("two were found");
            Ok(Expr::Binary(Box::new(left), BinaryOp::Remainder, Box::new(right)))
        }
        ("date_part" | "datepart", [part, x]) => {
            let word = text_literal(
                reader,
                part,
                "date_part() takes the part as text, such as date_part('month', x)",
            )?;
            Ok(Expr::DatePart(date_part(reader, part, word)?, Box::new(scalar(reader, x)?)))
        }
        ("mod" | "date_part" | "datepart", _) => Err(wrong_count("two arguments")),
        (name, values) => match (ScalarFunction::named(name), DatePart::named(name)) {
            (Some(entry), _) if !entry.arguments.contains(&values.len()) => {
                Err(wrong_count(&entry.expected()))
            }
            (Some(entry), _) => {
                check_literals(reader, entry, values)?;
                Ok(Expr::Call(entry.function, scalars()?))
            }
            (None, Some(part)) if values.len() == 1 => {
                Ok(Expr::DatePart(part, Box::new(scalar(reader, values[0])?)))
            }
            (None, Some(_)) => Err(wrong_count("one argument")),
            (None, None) => Err(reader.fault_at(tree, unknown_function(name))),
        },
    }
}

/// Arguments that have to be literals, since the whole column shares what they say.
fn check_literals(reader: &Reader, entry: &FunctionEntry, values: &[&Ast]) -> Result<(), SqlError> {
    let usage = || format!("{}() takes it as a literal: {}", entry.name, entry.usage);
    match (entry.function, values) {
        (ScalarFunction::DateTrunc, [unit, _]) => {
            let word = text_literal(reader, unit, &usage())?;
            match DatePart::named(word) {
                Some(part) if part.is_unit() => Ok(()),
                _ => {
                    let units = DatePart::list(true);
                    Err(reader.fault_at(*unit, format!("'{word}' is no unit to cut to; allowed are {units}")))
                }
            }
        }
        (ScalarFunction::Strptime | ScalarFunction::TryStrptime, [_, format]) => {
            let text = text_literal(reader, format, &usage())?;
            TimeFormat::read(text).map(|_| ()).map_err(|message| reader.fault_at(*format, message))
        }
        (ScalarFunction::Round, [_, digits]) => match scalar(reader, digits)? {
            Expr::Literal(Literal::Number(number))
                if number.scale == 0 && number.mantissa.unsigned_abs() <= MOST_ROUNDED =>
            {
                Ok(())
            }
            _ => {
                let message = format!("round() takes its digits as a whole number, at most {MOST_ROUNDED}");
                Err(reader.fault_at(*digits, message))
            }
        },
        _ => Ok(()),
    }
}

/// More digits than any number has.
const MOST_ROUNDED: u128 = 35;

fn unknown_function(name: &str) -> String {
    let names = || {
        let functions = FUNCTIONS
            .iter()
            .flat_map(|entry| std::iter::once(entry.name).chain(entry.aliases.iter().copied()));
        ["abs", "coalesce", "mod", "date_part"].into_iter().chain(functions).chain(DatePart::functions())
    };
    let near = |candidate: &&str| strsim::jaro_winkler(name, candidate);
    let best = names().max_by(|a, b| near(a).total_cmp(&near(b))).filter(|best| near(best) >= 0.8);
    let hint = best.map_or_else(String::new, |best| format!("did you mean '{best}'? "));
    let entries = FUNCTIONS.iter().map(|entry| entry.name);
    let all: Vec<&str> = ["abs", "coalesce", "mod"].into_iter().chain(entries).collect();
    let (all, parts) = (all.join(", "), DatePart::list(false));
    format!(
        "function '{name}' is not part of the grammar; {hint}allowed are {all}, and the parts of dates {parts}"
    )
}

fn cast_type(reader: &Reader, tree: &Ast, data_type: &DataType) -> Result<SqlType, SqlError> {
    SqlType::named(&data_type.to_string()).ok_or_else(|| {
        reader
            .fault_at(tree, format!("a cast to {data_type} is not part of the grammar; allowed are {TYPES}"))
    })
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

fn date_part(reader: &Reader, at: &Ast, word: &str) -> Result<DatePart, SqlError> {
    DatePart::named(word).ok_or_else(|| {
        let parts = DatePart::list(false);
        reader.fault_at(at, format!("date part '{word}' is not part of the grammar; allowed are {parts}"))
    })
}

fn like_pattern(reader: &Reader, pattern: &Ast) -> Result<String, SqlError> {
    let message = format!("like takes a text literal as its pattern, found '{pattern}'");
    text_literal(reader, pattern, &message).map(str::to_owned)
}

fn text_literal<'a>(reader: &Reader, tree: &'a Ast, message: &str) -> Result<&'a str, SqlError> {
    match tree {
        Ast::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Ok(text),
        other => Err(reader.fault_at(other, message)),
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
