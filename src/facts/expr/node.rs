//! Typed trees: what is left of an expression once names and types are settled.

use super::Type;
use super::rounding::Mode;
use crate::pipeline::sql::{BinaryOp, DatePart, ScalarFunction, SqlType, TimeFormat};
use crate::units::pow10;

/// How exact numbers of one column are held: value = mantissa / (10^scale × divisor).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) scale: u8,
    /// At least 1; 1 unless something was divided by a number with a prime factor other than 2 and 5.
    pub(crate) divisor: i128,
}

impl Format {
    pub(crate) const INTEGER: Format = Format::decimal(0);

    pub(crate) const fn decimal(scale: u8) -> Self {
        Self { scale, divisor: 1 }
    }

    /// 10^scale × divisor.
    pub(crate) fn denominator(self) -> i128 {
        pow10(self.scale) * self.divisor
    }

    /// `None` when the denominator has too many digits.
    pub(crate) fn checked(self) -> Option<Self> {
        let limit = i128::MAX / MANTISSA_ROOM;
        let denominator = 10_i128.checked_pow(u32::from(self.scale))?.checked_mul(self.divisor)?;
        (denominator <= limit).then_some(self)
    }

    /// The least format that holds both.
    pub(crate) fn common(self, other: Self) -> Option<Self> {
        let divisor = (self.divisor / gcd(self.divisor, other.divisor)).checked_mul(other.divisor)?;
        Self { scale: self.scale.max(other.scale), divisor }.checked()
    }

    pub(crate) fn product(self, other: Self) -> Option<Self> {
        let scale = self.scale.checked_add(other.scale)?;
        Self { scale, divisor: self.divisor.checked_mul(other.divisor)? }.checked()
    }

    /// The format of numbers with this denominator, with as many digits after the point as can be.
    pub(crate) fn of_denominator(mut divisor: i128) -> Self {
        let mut scale = 0;
        while divisor % 10 == 0 {
            (divisor, scale) = (divisor / 10, scale + 1);
        }
        Self { scale, divisor }
    }

    /// What a mantissa is multiplied by when it moves to a format that holds it.
    pub(crate) fn factor_to(self, to: Self) -> i128 {
        to.denominator() / self.denominator()
    }
}

/// Denominators leave room for mantissas of a few digits when they are aligned.
const MANTISSA_ROOM: i128 = 1_000;

pub(crate) fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// What a node yields, as it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Number(Format),
    /// A fraction with a denominator of its own in each row, besides that of the format.
    Ratio(Format),
    Float,
    Bool,
    Text,
    Date,
    Instant {
        zoned: bool,
    },
}

impl Kind {
    /// How exact numbers of this kind are held.
    pub(crate) fn format(self) -> Option<Format> {
        match self {
            Kind::Number(format) | Kind::Ratio(format) => Some(format),
            _ => None,
        }
    }

    /// Exact numbers of another format.
    pub(crate) fn with(self, format: Format) -> Self {
        if matches!(self, Kind::Ratio(_)) { Kind::Ratio(format) } else { Kind::Number(format) }
    }

    pub(crate) fn ty(self) -> Type {
        match self {
            Kind::Null => Type::Null,
            Kind::Number(Format { scale: 0, divisor: 1 }) => Type::Integer,
            Kind::Number(Format { scale, divisor: 1 }) => Type::Decimal(scale),
            Kind::Number(_) | Kind::Ratio(_) | Kind::Float => Type::Float,
            Kind::Bool => Type::Bool,
            Kind::Text => Type::Text,
            Kind::Date => Type::Date,
            Kind::Instant { zoned } => Type::Timestamp { zoned },
        }
    }
}

/// A typed tree. Operands of one node have one kind, aligned by the nodes that convert.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
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
    /// Of floats.
    Divide(Box<Node>, Box<Node>),
    /// Of exact numbers: a fraction.
    Quotient(Box<Node>, Box<Node>),
    Remainder(Box<Node>, Box<Node>),
    /// A mantissa times a constant: alignment, or what remains of a division.
    Scale(Box<Node>, i128),
    ToFloat(Box<Node>, Format),
    /// mantissa × up / down of an exact number, rounded to a whole mantissa.
    Rounded(Box<Node>, i128, i128, Mode),
    /// A float rounded to digits, which may be negative.
    RoundedFloat(Box<Node>, Mode, i32),
    Sign(Box<Node>),
    /// The greatest, or with the flag the least; nulls are left out.
    Extreme(Vec<Node>, bool),
    Cast(Box<Node>, Cast),
    /// A function of texts and whole numbers.
    Call(TextCall, Vec<Node>),
    /// Text of a format; the flag says whether it is null where it is not of the format.
    Strptime(Box<Node>, TimeFormat, bool),
    /// Microseconds since 1970-01-01 from this many of these units.
    FromEpoch(Box<Node>, Epoch),
    MakeDate(Box<Node>, Box<Node>, Box<Node>),
    /// The beginning of a unit, of a date or of an instant that is zoned or not.
    DateTrunc(DatePart, Box<Node>, Kind),
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

/// What is done with texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextCall {
    Function(ScalarFunction),
    /// `||`, which is null if a side is.
    Join,
}

/// A cast of one kind to a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cast {
    pub(crate) from: Kind,
    pub(crate) to: SqlType,
    /// Whether a failed cast is null.
    pub(crate) or_null: bool,
}

/// What a number of time since 1970-01-01 counts, and in which format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Epoch {
    /// `None` for floats.
    pub(crate) format: Option<Format>,
    pub(crate) micros_per_unit: i64,
    /// Whether it is an instant rather than wall time.
    pub(crate) zoned: bool,
}

/// What `like` looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    pub(crate) negated: bool,
    pub(crate) ignores_case: bool,
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Comparison {
    pub(crate) fn of(op: BinaryOp) -> Option<Self> {
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
