//! Settles names and types: from the grammar's trees to typed ones.

use super::cast::kind_after;
use super::node::{Cast, Comparison, Format, Kind, Node, Pattern, TextCall, gcd};
use super::{BindError, Bound, Plan, Type, column, time};
use crate::pipeline::sql::{BinaryOp, DatePart, Expr, Literal, SqlType};
use crate::units::{Decimal, format_fixed};
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

/// `x / y` of columns: a fraction where both are exact, with the quotient of their denominators as its format.
fn quotient(x: Typed, y: Typed) -> Bind {
    let (Some(over), Some(under)) = (x.kind.format(), y.kind.format()) else {
        let node = Node::Divide(Box::new(to_float(x)), Box::new(to_float(y)));
        return Ok(Typed { node, kind: Kind::Float });
    };
    let (over, under) = (over.denominator(), under.denominator());
    let common = gcd(over, under);
    let format = Format::of_denominator(over / common).checked().ok_or_else(|| too_many_digits("'/'"))?;
    let node = Node::Quotient(Box::new(scaled(x.node, under / common)), Box::new(y.node));
    Ok(Typed { node, kind: Kind::Ratio(format) })
}

fn multiply(a: Typed, b: Typed) -> Bind {
    let (kind, a, b) = match (a.kind.format(), b.kind.format()) {
        (Some(left), Some(right)) => {
            let format = left.product(right).ok_or_else(|| too_many_digits("'*'"))?;
            let kind = if matches!(b.kind, Kind::Ratio(_)) { b.kind } else { a.kind };
            (kind.with(format), a.node, b.node)
        }
        _ => (Kind::Float, to_float(a), to_float(b)),
    };
    Ok(Typed { node: Node::Multiply(Box::new(a), Box::new(b)), kind })
}

pub(super) fn to_float(typed: Typed) -> Node {
    match (typed.kind, typed.node) {
        (Kind::Number(format), Node::Number(mantissa)) => Node::Float(float(mantissa, format)),
        (Kind::Number(format) | Kind::Ratio(format), node) => Node::ToFloat(Box::new(node), format),
        (_, node) => node,
    }
}

/// `x / (m / 10^s)` = `x × (10^s × c) / 10^k / r`, where m = ± 10^k × r / c and r has no factor 2 or 5.
///
/// The 10^k moves the scale, r goes to the divisor, and only what is left multiplies the mantissa: `x / 100` is free.
fn divide(x: Typed, divisor: Decimal) -> Bind {
    let Decimal { mantissa, scale } = divisor.normalised();
    let Some(format) = x.kind.format() else {
        let divisor = Node::Float(float(mantissa, Format::decimal(scale)));
        let node = Node::Divide(Box::new(x.node), Box::new(divisor));
        return Ok(Typed { node, kind: Kind::Float });
    };
    let (mut rest, mut twos, mut fives) = (mantissa.abs(), 0_u8, 0_u8);
    while rest % 2 == 0 {
        (rest, twos) = (rest / 2, twos + 1);
    }
    while rest % 5 == 0 {
        (rest, fives) = (rest / 5, fives + 1);
    }
    let tens = twos.max(fives);
    let power = |base: i128, exponent: u8| base.checked_pow(u32::from(exponent));
    let exact = || {
        let completed = power(2, tens - twos)?.checked_mul(power(5, tens - fives)?)?;
        let factor = completed.checked_mul(power(10, scale.saturating_sub(tens))?)?;
        let scale = format.scale.checked_add(tens.saturating_sub(scale))?;
        let divisor = format.divisor.checked_mul(rest)?;
        Some((factor * mantissa.signum(), Format { scale, divisor }.checked()?))
    };
    let (factor, format) = exact().ok_or_else(|| too_many_digits("'/'"))?;
    Ok(Typed { node: scaled(x.node, factor), kind: x.kind.with(format) })
}

pub(super) fn scaled(node: Node, factor: i128) -> Node {
    if factor == 1 { node } else { Node::Scale(Box::new(node), factor) }
}

/// The float nearest to a decimal.
fn float(mantissa: i128, format: Format) -> f64 {
    debug_assert_eq!(gcd(format.divisor, 1), format.divisor, "literals are decimals");
    format_fixed(mantissa, format.scale).parse().expect("a decimal number reads as a float")
}

/// The kind that holds both, if there is one.
fn unify(a: Kind, b: Kind) -> Option<Kind> {
    Some(match (a, b) {
        (a, b) if a == b => a,
        (Kind::Null, other) | (other, Kind::Null) => other,
        (Kind::Number(a), Kind::Number(b)) => Kind::Number(a.common(b)?),
        (Kind::Ratio(a), Kind::Ratio(b) | Kind::Number(b)) | (Kind::Number(a), Kind::Ratio(b)) => {
            Kind::Ratio(a.common(b)?)
        }
        (Kind::Number(_) | Kind::Ratio(_), Kind::Float) | (Kind::Float, Kind::Number(_) | Kind::Ratio(_)) => {
            Kind::Float
        }
        (Kind::Date, Kind::Instant { zoned }) | (Kind::Instant { zoned }, Kind::Date) => {
            Kind::Instant { zoned }
        }
        _ => return None,
    })
}

/// `unify` for a comparison, a list or a case, with words for what does not fit.
pub(super) fn common_kind(left: &Expr, a: &Typed, right: &Expr, b: &Typed) -> Result<Kind, BindError> {
    if let Some(kind) = unify(a.kind, b.kind) {
        return Ok(kind);
    }
    let literals = (matches!(a.node, Node::Instant(_)), matches!(b.node, Node::Instant(_)));
    let is_literal = |expr: &Expr| matches!(expr, Expr::Literal(_));
    let way_out = match (a.kind, b.kind) {
        (Kind::Instant { .. }, Kind::Instant { .. }) if literals.0 || literals.1 => {
            return Ok(Kind::Instant { zoned: true });
        }
        (Kind::Number(_) | Kind::Ratio(_), Kind::Number(_) | Kind::Ratio(_)) => {
            return Err(too_many_digits("the values"));
        }
        (Kind::Instant { .. }, Kind::Instant { .. }) => {
            "use timestamps that both have a zone, or neither; cast(x as timestamptz) takes a wall time of the \
             pipeline's zone as an instant"
                .to_owned()
        }
        (Kind::Date | Kind::Instant { .. }, Kind::Text) if is_literal(right) => LITERAL_MOMENT.to_owned(),
        (Kind::Text, Kind::Date | Kind::Instant { .. }) if is_literal(left) => LITERAL_MOMENT.to_owned(),
        (Kind::Date | Kind::Instant { .. }, Kind::Text) => format!("write cast({right} as date)"),
        (Kind::Text, Kind::Date | Kind::Instant { .. }) => format!("write cast({left} as date)"),
        (Kind::Text, Kind::Number(_) | Kind::Ratio(_) | Kind::Float) => {
            format!("put the number in single quotes, or write cast({left} as decimal(18, 2))")
        }
        (Kind::Number(_) | Kind::Ratio(_) | Kind::Float, Kind::Text) if is_literal(right) => {
            "write the number without quotes, or name a text column".to_owned()
        }
        (_, Kind::Text) => format!("write cast({left} as varchar)"),
        (Kind::Text, _) => format!("write cast({right} as varchar)"),
        _ => "use values of one type".to_owned(),
    };
    fault(format!(
        "{} is {}, but {} is {}; {way_out}",
        subject(left),
        zone_aware(a.kind),
        subject(right),
        zone_aware(b.kind)
    ))
}

const LITERAL_MOMENT: &str = "write date '2024-01-31' or timestamp '2024-01-31 10:00:00'";

fn zone_aware(kind: Kind) -> String {
    match kind.ty() {
        Type::Timestamp { zoned: true } => "a timestamp with zone".into(),
        Type::Timestamp { zoned: false } => "a timestamp without zone".into(),
        other => other.to_string(),
    }
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "'+'",
        BinaryOp::Subtract => "'-'",
        BinaryOp::Multiply => "'*'",
        BinaryOp::Divide => "'/'",
        BinaryOp::Remainder => "'%'",
        BinaryOp::Concat => "'||'",
        BinaryOp::And => "'and'",
        BinaryOp::Or => "'or'",
        BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Less => "a comparison",
        BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => "a comparison",
    }
}

fn subject(expr: &Expr) -> String {
    match expr {
        Expr::Column(name) => format!("'{name}'"),
        Expr::Literal(Literal::Text(text)) => format!("the literal '{text}'"),
        Expr::Literal(Literal::Number(number)) => format!("the literal {number}"),
        Expr::Literal(_) => "the literal".into(),
        Expr::Binary(_, op, _) => format!("the result of {}", sign(*op)),
        Expr::Case { .. } => "the case".into(),
        Expr::Cast { .. } => "the cast".into(),
        Expr::Call(function, _) => format!("{}()", function.entry().name),
        _ => "the expression".into(),
    }
}

pub(super) fn too_many_digits(context: &str) -> BindError {
    let message = format!("{context} needs more than 35 digits after the point; divide by shorter numbers");
    BindError { message }
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
