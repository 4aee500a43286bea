//! What an expression of a check yields, as far as its arithmetic must know.

use sqlparser::ast::{
    BinaryOperator, DataType, ExactNumberInfo, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Query, SelectItem, SetExpr, UnaryOperator, Value, Visit, Visitor,
};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// What an expression yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberKind {
    /// A whole number.
    Integer,
    /// A number with so many digits after the point.
    Decimal(u64),
    /// A 64-bit float.
    Double,
    /// Nothing but null.
    Null,
    /// No number.
    Other,
    /// Not known: a column of that name is of two kinds.
    Unknown,
}

use NumberKind::{Decimal, Double, Integer, Null, Other, Unknown};

impl NumberKind {
    /// What holds values of both.
    fn union(self, other: Self) -> Self {
        match (self, other) {
            (Null, kind) | (kind, Null) => kind,
            (Unknown, _) | (_, Unknown) => Unknown,
            (Other, Other) => Other,
            (Other, _) | (_, Other) => Unknown,
            (Double, _) | (_, Double) => Double,
            _ => Decimal(self.digits().max(other.digits())).narrowed(),
        }
    }

    /// Digits after the point of an exact number.
    pub(super) fn digits(self) -> u64 {
        if let Decimal(digits) = self { digits } else { 0 }
    }

    /// Whether arithmetic over it can be exact.
    pub(super) fn is_exact(self) -> bool {
        matches!(self, Integer | Decimal(_) | Null)
    }

    fn narrowed(self) -> Self {
        if self == Decimal(0) { Integer } else { self }
    }
}

/// Kinds by the name of a column or of an alias.
#[derive(Debug, Default, Clone)]
pub(super) struct Kinds(HashMap<String, NumberKind>);

impl Kinds {
    /// Notes a column; one name of two kinds is not known.
    pub(super) fn add(&mut self, name: &str, kind: NumberKind) {
        let known = self.0.entry(name.to_owned()).or_insert(kind);
        if *known != kind {
            *known = Unknown;
        }
    }

    /// Notes the aliases of a query, of its inner queries before those of its outer ones.
    pub(super) fn add_aliases(&mut self, query: &impl Visit) {
        // An alias may speak of another, which a second pass sees.
        for _ in 0..2 {
            let mut aliases = Aliases { kinds: self, found: Vec::new() };
            let _ = query.visit(&mut aliases);
            let found = aliases.found;
            for (name, kind) in found.into_iter().filter(|(_, kind)| *kind != Unknown) {
                self.add(&name, kind);
            }
        }
    }

    /// What an expression yields.
    pub(super) fn of(&self, expr: &Expr) -> NumberKind {
        match expr {
            Expr::Identifier(name) => self.named(&name.value),
            Expr::CompoundIdentifier(names) => names.last().map_or(Unknown, |name| self.named(&name.value)),
            Expr::Value(value) => of_value(&value.value),
            Expr::Nested(inner) => self.of(inner),
            Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => self.of(expr),
            Expr::BinaryOp { left, op, right } => self.of_operation(left, op, right),
            Expr::Floor { expr, .. } | Expr::Ceil { expr, .. } => self.of(expr),
            Expr::Extract { .. } => Integer,
            Expr::Cast { data_type, .. } => of_type(data_type),
            Expr::Case { conditions, else_result, .. } => {
                let results = conditions.iter().map(|branch| &branch.result);
                self.of_all(results.chain(else_result.as_deref()))
            }
            Expr::Function(function) => self.of_function(function),
            Expr::Subquery(query) => self.of_query(query),
            _ => Other,
        }
    }

    /// Names of columns and aliases, as they are spelled.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn named(&self, name: &str) -> NumberKind {
        self.0.get(name).copied().unwrap_or(Unknown)
    }

    fn of_all<'e>(&self, exprs: impl Iterator<Item = &'e Expr>) -> NumberKind {
        exprs.fold(Null, |kind, expr| kind.union(self.of(expr)))
    }

    fn of_operation(&self, left: &Expr, op: &BinaryOperator, right: &Expr) -> NumberKind {
        let (left, right) = (self.of(left), self.of(right));
        match op {
            BinaryOperator::Divide => Double,
            BinaryOperator::Multiply if left.is_exact() && right.is_exact() => {
                Decimal(left.digits() + right.digits()).narrowed()
            }
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Modulo
            | BinaryOperator::Multiply => left.union(right),
            _ => Other,
        }
    }

    fn of_function(&self, function: &Function) -> NumberKind {
        match function.name.to_string().to_lowercase().as_str() {
            "count" | "length" | "year" | "quarter" | "month" | "day" => Integer,
            "sum" if self.of_all(arguments(function).into_iter()) == Other => Integer,
            "sum" | "min" | "max" | "abs" | "round" | "coalesce" | "nullif" | "ifnull" | "greatest"
            | "least" => self.of_all(arguments(function).into_iter()),
            "lower" | "upper" | "trim" => Other,
            _ => Double,
        }
    }

    fn of_query(&self, query: &Query) -> NumberKind {
        let SetExpr::Select(select) = query.body.as_ref() else { return Unknown };
        match &select.projection[..] {
            [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] => self.of(expr),
            _ => Unknown,
        }
    }
}

struct Aliases<'k> {
    kinds: &'k Kinds,
    found: Vec<(String, NumberKind)>,
}

impl Visitor for Aliases<'_> {
    type Break = ();

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if let SetExpr::Select(select) = query.body.as_ref() {
            for item in &select.projection {
                if let SelectItem::ExprWithAlias { expr, alias } = item {
                    self.found.push((alias.value.clone(), self.kinds.of(expr)));
                }
            }
        }
        ControlFlow::Continue(())
    }
}

/// The expressions a function is called with.
pub(super) fn arguments(function: &Function) -> Vec<&Expr> {
    let FunctionArguments::List(list) = &function.args else { return Vec::new() };
    let expr = |arg| match arg {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref expr)) => Some(expr),
        _ => None,
    };
    list.args.iter().filter_map(expr).collect()
}

fn of_value(value: &Value) -> NumberKind {
    match value {
        Value::Null => Null,
        Value::Number(text, _) if text.contains(['e', 'E']) => Double,
        Value::Number(text, _) => {
            text.split_once('.').map_or(Integer, |(_, decimals)| Decimal(decimals.len() as u64))
        }
        _ => Other,
    }
}

fn of_type(data_type: &DataType) -> NumberKind {
    match data_type {
        DataType::Decimal(info) | DataType::Numeric(info) | DataType::Dec(info) => match info {
            ExactNumberInfo::PrecisionAndScale(_, scale) => Decimal(scale.unsigned_abs()).narrowed(),
            ExactNumberInfo::Precision(_) => Integer,
            ExactNumberInfo::None => Decimal(3),
        },
        DataType::Float(_)
        | DataType::Real
        | DataType::Float8
        | DataType::DoublePrecision
        | DataType::Double(_) => Double,
        whole if is_whole(whole) => Integer,
        _ => Other,
    }
}

/// Whether a type holds whole numbers.
pub(super) fn is_whole(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::TinyInt(_)
            | DataType::SmallInt(_)
            | DataType::Int(_)
            | DataType::Integer(_)
            | DataType::BigInt(_)
            | DataType::HugeInt
            | DataType::Int2(_)
            | DataType::Int4(_)
            | DataType::Int8(_)
            | DataType::Int64
            | DataType::UBigInt
    )
}
