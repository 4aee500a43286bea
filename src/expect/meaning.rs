//! Gives a check's arithmetic the meaning it has in DuckDB.
//!
//! Polars evaluates the checks, and its SQL differs where money is concerned: a quotient or product of decimals keeps
//! the digits of its operands, a literal such as 0.1 is a float, a sum of integers wraps, halves round to even, and
//! nulls are first in a descending order. So the query is rewritten before it is run: sums, differences and products
//! of exact numbers stay exact, quotients and averages are doubles of exact operands. What has no such form is
//! refused by name.

use super::kind::{Kinds, NumberKind, arguments, is_whole};
use super::spelling::Spelling;
use sqlparser::ast::{
    BinaryOperator, DataType, ExactNumberInfo, Expr, Function, Ident, OrderBy, OrderByKind, Query, Select,
    SelectItem, SetExpr, Value, VisitMut, VisitorMut, visit_expressions,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use std::ops::ControlFlow;

/// Digits of the widest decimal.
const MOST_DIGITS: u64 = 38;

/// The query as Polars must be asked it to answer as DuckDB does.
///
/// # Errors
/// A function or operator whose answer would differ, by name.
pub(super) fn rewritten(sql: &str, kinds: &Kinds) -> Result<String, String> {
    let mut statements = Parser::parse_sql(&GenericDialect {}, sql).map_err(|fault| fault.to_string())?;
    let ControlFlow::Continue(()) = statements.visit(&mut Spelling::of(kinds));
    let mut kinds = kinds.clone();
    kinds.add_aliases(&statements);
    match statements.visit(&mut Rewriter { kinds }) {
        ControlFlow::Break(fault) => Err(fault),
        ControlFlow::Continue(()) => {
            Ok(statements.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
    }
}

struct Rewriter {
    kinds: Kinds,
}

type Rewritten = Result<Option<String>, String>;

impl VisitorMut for Rewriter {
    type Break = String;

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<String> {
        if let Some(OrderBy { kind: OrderByKind::Expressions(orders), .. }) = &mut query.order_by {
            for order in orders {
                order.options.nulls_first.get_or_insert(false);
            }
            name_expressions(&mut query.body);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<String> {
        match select.projection.iter().find_map(existence) {
            None => ControlFlow::Continue(()),
            Some(expr) => ControlFlow::Break(format!(
                "'{expr}' is not computed as what a query yields; select count(*) of the inner query and write at_least = 1"
            )),
        }
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        match self.rewrite(expr).and_then(|text| text.map(|text| parsed(&text)).transpose()) {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some(new)) => {
                *expr = new;
                ControlFlow::Continue(())
            }
            Err(fault) => ControlFlow::Break(fault),
        }
    }
}

/// Polars names an expression after its first column, and would sort by it where the column is meant.
fn name_expressions(body: &mut SetExpr) {
    let SetExpr::Select(select) = body else { return };
    for (number, item) in select.projection.iter_mut().enumerate() {
        if let SelectItem::UnnamedExpr(expr) = item
            && !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        {
            let (expr, alias) = (expr.clone(), Ident::with_quote('"', format!("expression {number}")));
            *item = SelectItem::ExprWithAlias { expr, alias };
        }
    }
}

/// An `exists` that a query would yield; in a `where` it is computed.
fn existence(item: &SelectItem) -> Option<String> {
    let found = visit_expressions(item, |expr| match expr {
        Expr::Exists { .. } => ControlFlow::Break(expr.to_string()),
        _ => ControlFlow::Continue(()),
    });
    found.break_value()
}

fn parsed(text: &str) -> Result<Expr, String> {
    let parser = Parser::new(&GenericDialect {}).try_with_sql(text);
    parser.and_then(|mut parser| parser.parse_expr()).map_err(|fault| fault.to_string())
}

fn double(expr: &Expr) -> String {
    format!("CAST({expr} AS DOUBLE)")
}

fn decimal(expr: &Expr, digits: u64) -> String {
    format!("CAST({expr} AS DECIMAL({MOST_DIGITS}, {digits}))")
}

impl Rewriter {
    /// The text of what stands in its place; none if it may stay.
    fn rewrite(&self, expr: &Expr) -> Rewritten {
        match expr {
            Expr::Value(value) => literal(&value.value),
            Expr::BinaryOp { left, op, right } => self.operation(left, op, right),
            Expr::Function(function) => self.function(function),
            Expr::Cast { expr, data_type, .. } => self.cast(expr, data_type),
            Expr::InList { expr, list, negated } => Ok(self.in_list(expr, list, *negated)),
            Expr::IsTrue(x) => Ok(Some(format!("COALESCE({x}, FALSE)"))),
            Expr::IsNotTrue(x) => Ok(Some(format!("(NOT COALESCE({x}, FALSE))"))),
            Expr::IsFalse(x) => Ok(Some(format!("(NOT COALESCE({x}, TRUE))"))),
            Expr::IsNotFalse(x) => Ok(Some(format!("COALESCE({x}, TRUE)"))),
            _ => Ok(None),
        }
    }

    fn operation(&self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Rewritten {
        if [left, right].iter().any(|side| matches!(side, Expr::Subquery(_))) {
            return Err(format!(
                "a subquery beside '{op}' is not computed; join both: select a.x {op} b.y from (…) as a cross join (…) as b"
            ));
        }
        let (left_kind, right_kind) = (self.kinds.of(left), self.kinds.of(right));
        let is_exact = left_kind.is_exact() && right_kind.is_exact();
        Ok(match op {
            BinaryOperator::Divide => Some(format!("({} / {})", double(left), double(right))),
            BinaryOperator::Multiply if is_exact => {
                let digits = left_kind.digits() + right_kind.digits();
                if digits > MOST_DIGITS {
                    return Err(format!(
                        "'{left} * {right}' has more than {MOST_DIGITS} digits after the point; cast one side to double"
                    ));
                }
                Some(format!("({} * {})", decimal(left, digits), decimal(right, digits)))
            }
            BinaryOperator::Multiply => Some(format!("({} * {})", double(left), double(right))),
            // Two 64-bit integers would wrap.
            BinaryOperator::Plus | BinaryOperator::Minus
                if left_kind == NumberKind::Integer && right_kind == NumberKind::Integer =>
            {
                Some(format!("({} {op} {})", decimal(left, 0), decimal(right, 0)))
            }
            BinaryOperator::Modulo => {
                return Err("'%' is not computed as in DuckDB; write x - y * floor(x / y)".to_owned());
            }
            BinaryOperator::DuckIntegerDivide | BinaryOperator::MyIntegerDivide => {
                return Err(format!("'{op}' is not computed as in DuckDB; write floor(x / y)"));
            }
            BinaryOperator::BitwiseXor | BinaryOperator::PGExp => {
                return Err(format!("'{op}' is not computed as in DuckDB; write power(x, y)"));
            }
            BinaryOperator::BitwiseAnd | BinaryOperator::BitwiseOr | BinaryOperator::Xor => {
                return Err(format!("'{op}' is not computed as in DuckDB; write and, or, not"));
            }
            _ => None,
        })
    }

    fn function(&self, function: &Function) -> Rewritten {
        let name = function.name.to_string().to_lowercase();
        let arguments = arguments(function);
        let Some(first) = arguments.first() else { return known(&name).map(|()| None) };
        if AGGREGATES.contains(&name.as_str()) {
            if !has_column(first) {
                return of_constant(function, &name, first);
            }
            if is_distinct(function) && !["count", "min", "max"].contains(&name.as_str()) {
                return Err(format!(
                    "'{function}' is not computed; take {name}() of a subquery with select distinct"
                ));
            }
        }
        let kind = self.kinds.of(first);
        Ok(match name.as_str() {
            "sum" if kind == NumberKind::Integer => Some(called(function, "SUM", &decimal(first, 0))),
            "avg" | "mean" if kind.is_exact() => {
                let whole = if kind == NumberKind::Integer { decimal(first, 0) } else { first.to_string() };
                let (sum, count) =
                    (called(function, "SUM", &whole), called(function, "COUNT", &first.to_string()));
                Some(format!("(CAST({sum} AS DOUBLE) / CAST({count} AS DOUBLE))"))
            }
            "avg" | "mean" | "median" | "stddev" | "stddev_samp" | "variance" | "var_samp" => {
                let name = if name == "mean" { "avg" } else { &name };
                Some(called(function, name, &double(first)))
            }
            "sqrt" | "exp" | "ln" => Some(called(function, &name, &double(first))),
            "power" | "pow" => {
                let [x, y] = arguments[..] else { return Err(format!("'{name}' takes two numbers")) };
                Some(format!("POWER({}, {})", double(x), double(y)))
            }
            "round" => self.round(&arguments)?,
            part if PARTS.contains(&part) => Some(format!("EXTRACT({} FROM {first})", part.to_uppercase())),
            _ => {
                known(&name)?;
                None
            }
        })
    }

    /// Halves away from zero, as in DuckDB.
    fn round(&self, arguments: &[&Expr]) -> Rewritten {
        let digits = match arguments {
            [_] => Some(0),
            [_, digits] => digits.to_string().parse::<u64>().ok().filter(|digits| *digits <= 15),
            _ => None,
        };
        let digits = digits.ok_or("'round' takes a number and a count of digits from 0 to 15".to_owned())?;
        let x = arguments[0];
        Ok(Some(match self.kinds.of(x) {
            NumberKind::Integer | NumberKind::Null => x.to_string(),
            NumberKind::Decimal(scale) if scale <= digits => x.to_string(),
            // Less than one unit away from zero: of all numbers, only halves round otherwise than they would.
            NumberKind::Decimal(scale) if scale < MOST_DIGITS => {
                let zeros = "0".repeat(usize::try_from(scale).unwrap_or(0));
                let nudge = format!("CAST('0.{zeros}1' AS DECIMAL({MOST_DIGITS}, {}))", scale + 1);
                format!("ROUND({x} + CASE WHEN {x} < 0 THEN -{nudge} ELSE {nudge} END, {digits})")
            }
            _ => {
                let (x, unit) =
                    (double(x), format!("1{}.0", "0".repeat(usize::try_from(digits).unwrap_or(0))));
                format!(
                    "(CASE WHEN {x} < 0 THEN CEIL({x} * {unit} - 0.5) ELSE FLOOR({x} * {unit} + 0.5) END / {unit})"
                )
            }
        }))
    }

    /// Casts of numbers round in DuckDB and cut off in Polars.
    fn cast(&self, expr: &Expr, data_type: &DataType) -> Rewritten {
        let kind = self.kinds.of(expr);
        let digits = match data_type {
            DataType::Float(_) | DataType::Real => {
                return Err(format!("'{data_type}' has 7 digits; cast to double"));
            }
            DataType::Decimal(info) | DataType::Numeric(info) | DataType::Dec(info) => match info {
                ExactNumberInfo::PrecisionAndScale(_, scale) => scale.unsigned_abs(),
                ExactNumberInfo::Precision(_) => 0,
                ExactNumberInfo::None => {
                    return Err(format!("'{data_type}' needs its digits, such as decimal(18, 3)"));
                }
            },
            whole if is_whole(whole) => 0,
            _ => return Ok(None),
        };
        let rounded = match kind {
            NumberKind::Decimal(scale) if scale > digits => Some(format!("round({expr}, {digits})")),
            // A cast of a double to a whole number rounds halves to even, there and here.
            NumberKind::Double if is_whole(data_type) => {
                return Ok(Some(format!("CAST(ROUND({expr}, 0) AS BIGINT)")));
            }
            NumberKind::Double => Some(format!("round({expr}, {digits})")),
            NumberKind::Unknown => {
                return Err(format!(
                    "'cast({expr} as {data_type})' is of a column that two tables have in two types; name it otherwise"
                ));
            }
            _ => None,
        };
        let Some(rounded) = rounded else { return Ok(None) };
        let rounded = parsed(&rounded)?;
        let rounded = self.rewrite(&rounded)?.unwrap_or_else(|| rounded.to_string());
        Ok(Some(format!("CAST({rounded} AS {data_type})")))
    }

    /// A list with decimals, which the list's own literals would make floats.
    fn in_list(&self, expr: &Expr, list: &[Expr], negated: bool) -> Option<String> {
        let is_decimal = |expr: &Expr| matches!(self.kinds.of(expr), NumberKind::Decimal(_));
        if !is_decimal(expr) && !list.iter().any(is_decimal) {
            return None;
        }
        let equal: Vec<String> = list.iter().map(|item| format!("{expr} = {item}")).collect();
        Some(format!("({}({}))", if negated { "NOT " } else { "" }, equal.join(" OR ")))
    }
}

/// A number with a point is exact.
fn literal(value: &Value) -> Rewritten {
    let Value::Number(text, _) = value else { return Ok(None) };
    if text.contains(['e', 'E']) {
        return Ok(Some(format!("CAST('{text}' AS DOUBLE)")));
    }
    let Some((_, decimals)) = text.split_once('.') else { return Ok(None) };
    if text.len() > 38 {
        return Err(format!("{text} has more than {MOST_DIGITS} digits"));
    }
    Ok(Some(format!("CAST('{text}' AS DECIMAL({MOST_DIGITS}, {}))", decimals.len())))
}

/// Aggregates, over all rows of a group.
const AGGREGATES: [&str; 10] =
    ["count", "sum", "min", "max", "avg", "mean", "median", "stddev", "stddev_samp", "variance"];

/// To Polars a constant is one row, however many the table has.
fn of_constant(function: &Function, name: &str, constant: &Expr) -> Rewritten {
    if name == "count"
        && !is_distinct(function)
        && !matches!(constant, Expr::Value(value) if value.value == Value::Null)
    {
        return Ok(Some(called(function, "COUNT", "*")));
    }
    Err(format!("'{function}' has no column in it; write count(*) times a number, or the number"))
}

fn has_column(expr: &Expr) -> bool {
    let is_column = |expr: &Expr| match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    visit_expressions(expr, is_column).is_break()
}

fn is_distinct(function: &Function) -> bool {
    use sqlparser::ast::{DuplicateTreatment, FunctionArguments};
    matches!(&function.args, FunctionArguments::List(list) if list.duplicate_treatment == Some(DuplicateTreatment::Distinct))
}

/// An aggregate like this one, with another name and argument.
fn called(function: &Function, name: &str, argument: &str) -> String {
    let filter =
        function.filter.as_ref().map(|filter| format!(" FILTER (WHERE {filter})")).unwrap_or_default();
    let over = function.over.as_ref().map(|over| format!(" OVER {over}")).unwrap_or_default();
    format!("{name}({argument}){filter}{over}")
}

/// Functions that answer as in DuckDB as they are.
const SAME: [&str; 15] = [
    "count",
    "sum",
    "min",
    "max",
    "abs",
    "coalesce",
    "nullif",
    "ifnull",
    "greatest",
    "least",
    "lower",
    "upper",
    "trim",
    "length",
    "starts_with",
];

/// Parts of dates, which Polars knows by `extract` only.
const PARTS: [&str; 4] = ["year", "quarter", "month", "day"];

/// Functions that answer as in DuckDB once rewritten.
const REWRITTEN: [&str; 11] =
    ["avg", "mean", "median", "stddev", "stddev_samp", "variance", "var_samp", "sqrt", "exp", "ln", "power"];

fn known(name: &str) -> Result<(), String> {
    if names().any(|known| known == name) {
        return Ok(());
    }
    let names: Vec<&str> = names().collect();
    Err(format!(
        "function '{name}' is none that checks know; they know {}, round, floor and ceil",
        names.join(", ")
    ))
}

/// Every function that is called by its name.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SAME.into_iter().chain(PARTS).chain(REWRITTEN)
}
