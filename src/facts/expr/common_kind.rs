//! The type that holds the values of two expressions, with words for those that have none.

use super::bind::{Typed, fault};
use super::bind_arithmetic::too_many_digits;
use super::node::{Kind, Node};
use super::{BindError, Type};
use crate::pipeline::sql::{BinaryOp, Expr, Literal};

/// The kind that holds both, if there is one.
pub(super) fn unify(a: Kind, b: Kind) -> Option<Kind> {
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

/// An operator as messages name it.
pub(super) fn sign(op: BinaryOp) -> &'static str {
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

/// An expression as messages name it.
pub(super) fn subject(expr: &Expr) -> String {
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
