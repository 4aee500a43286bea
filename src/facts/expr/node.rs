//! Typed trees: what is left of an expression once names and types are settled.

use super::Type;
use crate::pipeline::sql::{BinaryOp, DatePart};
use crate::units::pow10;

/// How exact numbers of one column are held: value = mantissa / (10^scale × divisor).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) scale: u8,
    /// At least 1; 1 unless something was divided by a number with a prime factor other than 2 and 5.
    pub(super) divisor: i128,
}

impl Format {
    pub(super) const INTEGER: Format = Format::decimal(0);

    pub(super) const fn decimal(scale: u8) -> Self {
        Self { scale, divisor: 1 }
    }

    /// 10^scale × divisor.
    pub(super) fn denominator(self) -> i128 {
        pow10(self.scale) * self.divisor
    }

    /// `None` when the denominator has too many digits.
    pub(super) fn checked(self) -> Option<Self> {
        let limit = i128::MAX / MANTISSA_ROOM;
        let denominator = 10_i128.checked_pow(u32::from(self.scale))?.checked_mul(self.divisor)?;
        (denominator <= limit).then_some(self)
    }

    /// The least format that holds both.
    pub(super) fn common(self, other: Self) -> Option<Self> {
        let divisor = (self.divisor / gcd(self.divisor, other.divisor)).checked_mul(other.divisor)?;
        Self { scale: self.scale.max(other.scale), divisor }.checked()
    }

    pub(super) fn product(self, other: Self) -> Option<Self> {
        let scale = self.scale.checked_add(other.scale)?;
        Self { scale, divisor: self.divisor.checked_mul(other.divisor)? }.checked()
    }

    /// What a mantissa is multiplied by when it moves to a format that holds it.
    pub(super) fn factor_to(self, to: Self) -> i128 {
        to.denominator() / self.denominator()
    }
}

/// Denominators leave room for mantissas of a few digits when they are aligned.
const MANTISSA_ROOM: i128 = 1_000;

pub(super) fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// What a node yields, as it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Number(Format),
    Float,
    Bool,
    Text,
    Date,
    Instant { zoned: bool },
}

impl Kind {
    pub(super) fn ty(self) -> Type {
        match self {
            Kind::Null => Type::Null,
            Kind::Number(Format { scale: 0, divisor: 1 }) => Type::Integer,
            Kind::Number(Format { scale, divisor: 1 }) => Type::Decimal(scale),
            Kind::Number(_) | Kind::Float => Type::Float,
            Kind::Bool => Type::Bool,
            Kind::Text => Type::Text,
            Kind::Date => Type::Date,
            Kind::Instant { zoned } => Type::Timestamp { zoned },
        }
    }
}

/// A typed tree. Operands of one node have one kind, aligned by the nodes that convert.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// A file column, as the file spells it, and what it held when it was bound.
    Column(String, Kind),
    /// Null of a kind.
    Null(Kind),
    /// The mantissa of an exact number.
    Number(i128),
    Float(f64),
    Bool(bool),
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01.
    Instant(i64),
    Negate(Box<Node>),
    Abs(Box<Node>),
    Add(Box<Node>, Box<Node>),
    Subtract(Box<Node>, Box<Node>),
    Multiply(Box<Node>, Box<Node>),
    /// A float by a number.
    Divide(Box<Node>, f64),
    /// A mantissa times a constant: alignment, or what remains of a division.
    Scale(Box<Node>, i128),
    ToFloat(Box<Node>, Format),
    /// Midnight of a date; UTC when zoned.
    Midnight(Box<Node>, bool),
    /// The local day of an instant; it is zoned or not.
    ToDay(Box<Node>, bool),
    Compare(Box<Node>, Comparison, Box<Node>),
    /// The flag is negated.
    InList(Box<Node>, Vec<Node>, bool),
    Like(Box<Node>, Pattern),
    /// The flag is negated.
    IsNull(Box<Node>, bool),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Case(Vec<(Node, Node)>, Box<Node>),
    Coalesce(Vec<Node>),
    /// Of a date, or of an instant that is zoned or not.
    DatePart(DatePart, Box<Node>, Kind),
}

/// What `like` looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) text: String,
    pub(super) negated: bool,
    pub(super) ignores_case: bool,
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Comparison {
    pub(super) fn of(op: BinaryOp) -> Option<Self> {
        Some(match op {
            BinaryOp::Equal => Self::Equal,
            BinaryOp::NotEqual => Self::NotEqual,
            BinaryOp::Less => Self::Less,
            BinaryOp::LessEqual => Self::LessEqual,
            BinaryOp::Greater => Self::Greater,
            BinaryOp::GreaterEqual => Self::GreaterEqual,
            _ => return None,
        })
    }
}
