//! Settles names and types: from the grammar's trees to typed ones.

use super::bind_arithmetic::{divide, float, multiply, quotient, scaled, too_many_digits};
use super::cast::kind_after;
use super::common_kind::{common_kind, sign, subject, unify};
use super::node::{Cast, Comparison, Format, Kind, Node, Pattern, TextCall};
use super::{BindError, Bound, Plan, Type, column, time};
use crate::pipeline::sql::{BinaryOp, DatePart, Expr, Literal, SqlType};
use crate::units::Decimal;
use arrow::datatypes::Schema;
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Settles an expression's names and types.
///
/// Names resolve to roles first (which are expanded once; names inside them are file columns), then to file columns:
/// as written, else without regard to case if that is unique. Days and date parts of zoned timestamps are those of
/// `zone`.
///
/// # Errors
/// When a name is unknown or types do not fit.
pub fn bind(
    expr: &Expr,
    schema: &Schema,
    roles: &BTreeMap<String, Expr>,
    zone: Tz,
) -> Result<Bound, BindError> {
    let mut binder = Binder { schema, roles, zone, in_role: false, columns: BTreeSet::new() };
    let Typed { node, kind } = binder.bind(expr)?;
    let columns = binder.columns.into_iter().collect();
    Ok(Bound { plan: Arc::new(Plan { node, kind, columns, zone }) })
}

pub(super) struct Binder<'a> {
    schema: &'a Schema,
    roles: &'a BTreeMap<String, Expr>,
    zone: Tz,
    in_role: bool,
    columns: BTreeSet<String>,
}

pub(super) struct Typed {
    pub(super) node: Node,
    pub(super) kind: Kind,
}

pub(super) type Bind = Result<Typed, BindError>;

pub(super) fn fault<T>(message: String) -> Result<T, BindError> {
    Err(BindError { message })
}

impl Binder<'_> {
    pub(super) fn bind(&mut self, expr: &Expr) -> Bind {
        match expr {
            Expr::Column(name) => self.name(name),
            Expr::Literal(literal) => literal_of(literal),
            Expr::Negate(x) => Ok(self.number(x, "'-'")?.map(Node::Negate)),
            Expr::Abs(x) => Ok(self.number(x, "abs()")?.map(Node::Abs)),
            Expr::Not(x) => Ok(self.condition(x, "'not'")?.map(Node::Not)),
            Expr::Binary(left, op, right) => self.binary(left, *op, right),
            Expr::Case { branches, otherwise } => self.case(branches, otherwise.as_deref()),
            Expr::Coalesce(values) => self.coalesce(values),
            Expr::InList(x, literals, negated) => self.in_list(x, literals, *negated),
            Expr::Like(x, pattern, negated, ignores_case) => {
                let text = self.text(x, "'like'")?;
                let pattern =
                    Pattern { text: pattern.clone(), negated: *negated, ignores_case: *ignores_case };
                Ok(Typed { node: Node::Like(Box::new(text), pattern), kind: Kind::Bool })
            }
            Expr::IsNull(x, negated) => {
                let node = Node::IsNull(Box::new(self.bind(x)?.node), *negated);
                Ok(Typed { node, kind: Kind::Bool })
            }
            Expr::DatePart(part, x) => {
                let Typed { node, kind } = self.moment(x, "a date part")?;
                let node = Node::DatePart(*part, Box::new(node), kind);
                // Microseconds are the sixth digit of the epoch's seconds.
                let scale = if *part == DatePart::Epoch { 6 } else { 0 };
                Ok(Typed { node, kind: Kind::Number(Format::decimal(scale)) })
            }
            Expr::Cast { of, to, or_null } => self.cast(of, *to, *or_null),
            Expr::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    fn name(&mut self, name: &str) -> Bind {
        let role_names = || self.roles.keys().filter(|_| !self.in_role).map(String::as_str);
        let column_names = || self.schema.fields().iter().map(|field| field.name().as_str());
        let exact_role = role_names().find(|role| *role == name);
        let exact_column = column_names().find(|column| *column == name);
        let role = exact_role
            .or_else(|| unique_ignoring_case(role_names(), name).filter(|_| exact_column.is_none()));
        if let Some(role) = role {
            let expr = &self.roles[role];
            self.in_role = true;
            let bound = self.bind(expr);
            self.in_role = false;
            return bound;
        }
        let column = exact_column.or_else(|| unique_ignoring_case(column_names(), name));
        let Some(column) = column else {
            return fault(unknown_column(name, role_names().chain(column_names()).collect()));
        };
        let field = self.schema.field_with_name(column).expect("the name is one of the schema's");
        let kind = column::kind_of(field)
            .map_err(|what| BindError { message: format!("column '{column}' {what}") })?;
        self.columns.insert(column.to_owned());
        Ok(Typed { node: Node::Column(column.to_owned(), kind), kind })
    }

    fn binary(&mut self, left: &Expr, op: BinaryOp, right: &Expr) -> Bind {
        if let Some(comparison) = Comparison::of(op) {
            return self.compare(left, comparison, right);
        }
        let sign = sign(op);
        let logic = |a: Typed, b: Typed, of: fn(Box<Node>, Box<Node>) -> Node| {
            Ok(Typed { node: of(Box::new(a.node), Box::new(b.node)), kind: Kind::Bool })
        };
        match op {
            BinaryOp::And => logic(self.condition(left, sign)?, self.condition(right, sign)?, Node::And),
            BinaryOp::Or => logic(self.condition(left, sign)?, self.condition(right, sign)?, Node::Or),
            BinaryOp::Divide => match right {
                Expr::Literal(Literal::Number(number)) => divide(self.number(left, sign)?, *number),
                _ => quotient(self.number(left, sign)?, self.number(right, sign)?),
            },
            BinaryOp::Remainder => self.remainder(left, right),
            BinaryOp::Concat => self.join(left, right),
            BinaryOp::Multiply => multiply(self.number(left, sign)?, self.number(right, sign)?),
            _ => {
                let (a, b) = (self.number(left, sign)?, self.number(right, sign)?);
                let kind = unify(a.kind, b.kind).ok_or_else(|| too_many_digits(sign))?;
                let (a, b) = (Box::new(self.to(a, kind)?), Box::new(self.to(b, kind)?));
                let node = if op == BinaryOp::Add { Node::Add(a, b) } else { Node::Subtract(a, b) };
                Ok(Typed { node, kind })
            }
        }
    }

    fn remainder(&mut self, left: &Expr, right: &Expr) -> Bind {
        let (a, b) = (self.number(left, "'%'")?, self.number(right, "'%'")?);
        let is_exact = |typed: &Typed| matches!(typed.kind, Kind::Number(_));
        let kind = if is_exact(&a) && is_exact(&b) { unify(a.kind, b.kind) } else { Some(Kind::Float) };
        let kind = kind.ok_or_else(|| too_many_digits("'%'"))?;
        let (a, b) = (Box::new(self.to(a, kind)?), Box::new(self.to(b, kind)?));
        Ok(Typed { node: Node::Remainder(a, b), kind })
    }

    fn join(&mut self, left: &Expr, right: &Expr) -> Bind {
        let mut parts = Vec::new();
        for side in [left, right] {
            match as_text(self.bind(side)?) {
                Node::Call(TextCall::Join, more) => parts.extend(more),
                part => parts.push(part),
            }
        }
        Ok(Typed { node: Node::Call(TextCall::Join, parts), kind: Kind::Text })
    }

    fn cast(&mut self, of: &Expr, to: SqlType, or_null: bool) -> Bind {
        let typed = self.bind(of)?;
        let Some(kind) = kind_after(typed.kind, to) else {
            let way_out = match (typed.kind, to) {
                (Kind::Date | Kind::Instant { .. }, _) => {
                    format!("take a part, such as year({of}), or epoch({of}) for seconds")
                }
                (Kind::Number(_) | Kind::Float, _) => {
                    format!(
                        "write to_timestamp({of}) if it counts seconds since 1970, or \
                         strptime(cast({of} as varchar), '%Y%m%d') if its digits are those of a date"
                    )
                }
                _ => "cast it to varchar first".to_owned(),
            };
            let (subject, found) = (subject(of), typed.kind.ty());
            return fault(format!("{subject} is {found}, which cannot be cast to {to}; {way_out}"));
        };
        let keeps_all = match to {
            SqlType::Text | SqlType::Date | SqlType::Timestamp | SqlType::Instant => typed.kind == kind,
            SqlType::Double | SqlType::Bool => typed.kind == kind,
            SqlType::Integer { .. } | SqlType::Decimal { .. } | SqlType::Float => false,
        };
        if typed.kind == Kind::Null {
            return Ok(Typed::null(kind));
        }
        if keeps_all {
            return Ok(typed);
        }
        if let (Kind::Instant { zoned }, SqlType::Date) = (typed.kind, to) {
            return Ok(Typed { node: Node::ToDay(Box::new(typed.node), zoned), kind });
        }
        let how = Cast { from: typed.kind, to, or_null };
        Ok(Typed { node: Node::Cast(Box::new(typed.node), how), kind })
    }

    fn compare(&mut self, left: &Expr, comparison: Comparison, right: &Expr) -> Bind {
        let (a, b) = (self.bind(left)?, self.bind(right)?);
        let kind = common_kind(left, &a, right, &b)?;
        let (a, b) = (Box::new(self.to(a, kind)?), Box::new(self.to(b, kind)?));
        Ok(Typed { node: Node::Compare(a, comparison, b), kind: Kind::Bool })
    }

    fn in_list(&mut self, x: &Expr, literals: &[Literal], negated: bool) -> Bind {
        let operand = self.bind(x)?;
        let mut kind = operand.kind;
        for literal in literals {
            let (side, item) = (Typed { node: operand.node.clone(), kind }, literal_of(literal)?);
            kind = common_kind(x, &side, &Expr::Literal(literal.clone()), &item)?;
        }
        let list =
            literals.iter().map(|literal| self.to(literal_of(literal)?, kind)).collect::<Result<_, _>>()?;
        let node = Node::InList(Box::new(self.to(operand, kind)?), list, negated);
        Ok(Typed { node, kind: Kind::Bool })
    }

    fn case(&mut self, branches: &[(Expr, Expr)], otherwise: Option<&Expr>) -> Bind {
        let null = Expr::Literal(Literal::Null);
        let conditions = branches
            .iter()
            .map(|(condition, _)| Ok(self.condition(condition, "'when'")?.node))
            .collect::<Result<Vec<_>, _>>()?;
        let values: Vec<&Expr> =
            branches.iter().map(|(_, value)| value).chain([otherwise.unwrap_or(&null)]).collect();
        let (mut values, kind) = self.alike(&values)?;
        let otherwise = Box::new(values.pop().expect("a case has at least its else"));
        Ok(Typed { node: Node::Case(conditions.into_iter().zip(values).collect(), otherwise), kind })
    }

    fn coalesce(&mut self, values: &[Expr]) -> Bind {
        let (values, kind) = self.alike(&values.iter().collect::<Vec<_>>())?;
        Ok(Typed { node: Node::Coalesce(values), kind })
    }

    /// Values that must have one kind.
    pub(super) fn alike(&mut self, values: &[&Expr]) -> Result<(Vec<Node>, Kind), BindError> {
        let bound = values.iter().map(|value| self.bind(value)).collect::<Result<Vec<_>, _>>()?;
        let mut kind = Kind::Null;
        for (index, typed) in bound.iter().enumerate() {
            let literal =
                |typed: &Typed| matches!(typed.node, Node::Instant(_) | Node::Date(_) | Node::Null(_));
            let node = if bound[..index].iter().all(literal) { Node::Instant(0) } else { Node::Null(kind) };
            let so_far = Typed { node, kind };
            kind = common_kind(values[index.saturating_sub(1)], &so_far, values[index], typed)?;
        }
        let nodes = bound.into_iter().map(|typed| self.to(typed, kind)).collect::<Result<_, _>>()?;
        Ok((nodes, kind))
    }

    pub(super) fn number(&mut self, expr: &Expr, context: &str) -> Bind {
        let typed = self.bind(expr)?;
        let way_out = match typed.kind {
            Kind::Number(_) | Kind::Ratio(_) | Kind::Float => return Ok(typed),
            Kind::Null => return Ok(Typed::null(Kind::Number(Format::INTEGER))),
            Kind::Bool => "write case when ... then 1 else 0 end".to_owned(),
            Kind::Text => format!("write cast({expr} as decimal(18, 2))"),
            _ => format!("take a part of it, such as year({expr})"),
        };
        let (subject, found) = (subject(expr), typed.kind.ty());
        fault(format!("{subject} is {found}, expected a number in {context}; {way_out}"))
    }

    /// A whole number, such as a count of characters.
    pub(super) fn whole(&mut self, expr: &Expr, context: &str) -> Result<Node, BindError> {
        let typed = self.number(expr, context)?;
        match typed.kind {
            Kind::Number(Format::INTEGER) => Ok(typed.node),
            other => {
                let (subject, found) = (subject(expr), other.ty());
                let way_out = format!("write cast({expr} as bigint)");
                fault(format!("{subject} is {found}, expected a whole number in {context}; {way_out}"))
            }
        }
    }

    /// Text.
    pub(super) fn text(&mut self, expr: &Expr, context: &str) -> Result<Node, BindError> {
        let typed = self.bind(expr)?;
        match typed.kind {
            Kind::Text => Ok(typed.node),
            Kind::Null => Ok(Node::Null(Kind::Text)),
            other => {
                let (subject, found) = (subject(expr), other.ty());
                fault(format!(
                    "{subject} is {found}, expected text in {context}; write cast({expr} as varchar)"
                ))
            }
        }
    }

    fn condition(&mut self, expr: &Expr, context: &str) -> Bind {
        let typed = self.bind(expr)?;
        let way_out = match typed.kind {
            Kind::Bool => return Ok(typed),
            Kind::Null => return Ok(Typed::null(Kind::Bool)),
            Kind::Number(_) | Kind::Ratio(_) | Kind::Float => format!("write {expr} <> 0"),
            Kind::Text => format!("write {expr} = '...' or cast({expr} as boolean)"),
            _ => "write a comparison".to_owned(),
        };
        let (subject, found) = (subject(expr), typed.kind.ty());
        fault(format!("{subject} is {found}, expected a condition in {context}; {way_out}"))
    }

    pub(super) fn moment(&mut self, expr: &Expr, context: &str) -> Bind {
        let typed = self.bind(expr)?;
        let way_out = match typed.kind {
            Kind::Date | Kind::Instant { .. } => return Ok(typed),
            Kind::Null => return Ok(Typed::null(Kind::Date)),
            other => way_to_a_moment(other.ty(), &expr.to_string()),
        };
        let (subject, found) = (subject(expr), typed.kind.ty());
        fault(format!("{subject} is {found}, expected a date or timestamp in {context}; {way_out}"))
    }

    /// Converts to a kind that `unify` gave.
    pub(super) fn to(&self, typed: Typed, kind: Kind) -> Result<Node, BindError> {
        let Typed { node, kind: from } = typed;
        Ok(match (from, kind, node) {
            (Kind::Null, to, _) => Node::Null(to),
            (from, to, Node::Null(_)) if from != to => Node::Null(to),
            (from, to, node) if from == to => node,
            (Kind::Number(from), Kind::Number(to) | Kind::Ratio(to), Node::Number(mantissa)) => {
                let aligned = mantissa.checked_mul(from.factor_to(to));
                Node::Number(aligned.ok_or_else(|| too_many_digits("a literal"))?)
            }
            (Kind::Number(from), Kind::Number(to), node)
            | (Kind::Number(from) | Kind::Ratio(from), Kind::Ratio(to), node) => {
                scaled(node, from.factor_to(to))
            }
            (Kind::Number(from), Kind::Float, Node::Number(mantissa)) => Node::Float(float(mantissa, from)),
            (Kind::Number(from) | Kind::Ratio(from), Kind::Float, node) => {
                Node::ToFloat(Box::new(node), from)
            }
            (Kind::Date, Kind::Instant { zoned }, Node::Date(day)) => {
                Node::Instant(time::midnight(day, zoned.then_some(self.zone)))
            }
            (Kind::Date, Kind::Instant { zoned }, node) => Node::Midnight(Box::new(node), zoned),
            (Kind::Instant { zoned: false }, Kind::Instant { zoned: true }, Node::Instant(wall)) => {
                Node::Instant(time::to_utc(wall, self.zone))
            }
            (from, to, _) => unreachable!("no conversion from {from:?} to {to:?}"),
        })
    }
}

impl Typed {
    pub(super) fn null(kind: Kind) -> Self {
        Self { node: Node::Null(kind), kind }
    }

    fn map(self, of: fn(Box<Node>) -> Node) -> Self {
        Self { node: of(Box::new(self.node)), kind: self.kind }
    }
}

fn literal_of(literal: &Literal) -> Bind {
    Ok(match literal {
        Literal::Null => Typed::null(Kind::Null),
        Literal::Bool(truth) => Typed { node: Node::Bool(*truth), kind: Kind::Bool },
        Literal::Number(number) => {
            let Decimal { mantissa, scale } = number.normalised();
            Typed { node: Node::Number(mantissa), kind: Kind::Number(Format::decimal(scale)) }
        }
        Literal::Text(text) => Typed { node: Node::Text(text.clone()), kind: Kind::Text },
        Literal::Date(day) => Typed { node: Node::Date(day.0), kind: Kind::Date },
        Literal::Timestamp(micros) => {
            Typed { node: Node::Instant(*micros), kind: Kind::Instant { zoned: false } }
        }
    })
}

/// What a moment is made from.
pub(crate) fn way_to_a_moment(found: Type, text: &str) -> String {
    match found {
        Type::Text => {
            format!("write cast({text} as date), or strptime({text}, '%d.%m.%Y') for another format")
        }
        Type::Integer | Type::Decimal(_) | Type::Float => {
            format!(
                "write to_timestamp({text}) if it counts seconds since 1970, epoch_ms({text}) for milliseconds"
            )
        }
        _ => "name a column of dates or timestamps".to_owned(),
    }
}

/// A value as text.
pub(super) fn as_text(typed: Typed) -> Node {
    match (typed.kind, typed.node) {
        (Kind::Text, node) => node,
        (Kind::Null, _) => Node::Null(Kind::Text),
        (from, node) => Node::Cast(Box::new(node), Cast { from, to: SqlType::Text, or_null: false }),
    }
}

fn unique_ignoring_case<'a>(names: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let mut alike = names.filter(|candidate| candidate.to_lowercase() == wanted);
    alike.next().filter(|_| alike.next().is_none())
}

/// A message lists at most this many names.
const MOST_NAMES: usize = 20;

fn unknown_column(name: &str, known: Vec<&str>) -> String {
    let wanted = name.to_lowercase();
    if known.iter().filter(|candidate| candidate.to_lowercase() == wanted).count() > 1 {
        return format!("column '{name}' is ambiguous; write it in double quotes, spelt as in the file");
    }
    let near = |candidate: &&str| strsim::jaro_winkler(&wanted, &candidate.to_lowercase());
    let best = known.iter().copied().max_by(|a, b| near(a).total_cmp(&near(b)));
    match best {
        Some(best) if near(&best) >= 0.8 => format!("column '{name}' does not exist; did you mean '{best}'?"),
        _ => {
            let more = if known.len() > MOST_NAMES { ", and more" } else { "" };
            let names = known.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
            format!("column '{name}' does not exist; there are {names}{more}")
        }
    }
}
