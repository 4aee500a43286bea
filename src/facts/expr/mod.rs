//! Binds scalar expressions to file columns and evaluates them batch by batch.
//!
//! Numbers are exact wherever the columns are: integers and decimals stay integer mantissas, a quotient keeps its
//! divisor, a column divided by a column is a fraction, and `fixed` rounds once. A bound on every column proves per batch
//! that 64 bits suffice, so that the loops need no checks; where it cannot, the same operation runs in 128 bits and marks
//! the rows that overflow. Logic is SQL's, with three values. What fails in a row, such as a cast, stays a fault of the row
//! until it is quarantined, unless the result does not need it. Knows files' columns and the roles given to it, and nothing of what they mean.

mod bind;
mod bind_arithmetic;
mod bind_call;
mod bound_value;
mod calendar;
mod cast;
mod column;
mod common_kind;
mod compare;
mod eval;
mod fixed;
mod keys;
pub(crate) mod node;
mod number;
mod outcome;
pub mod parse;
mod ratio;
pub(crate) mod rounding;
mod rows;
mod strptime;
mod text;
mod text_call;
mod time;
mod value;
mod vector;
mod widen;
mod write;

#[cfg(test)]
mod tests;

pub use bind::bind;
pub(crate) use bind::way_to_a_moment;
pub(crate) use column::as_uuid;
pub use rows::Rows;
pub(crate) use time::to_utc;
pub(crate) use widen::{SAMPLES, are_read_alike, kind_words, sample, widened, wider};

use crate::error::Result;
use crate::units::Fixed18;
use arrow::array::StringArray;
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use node::{Kind, Node};
use std::fmt;
use std::sync::Arc;

/// What an expression yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Only ever null.
    Null,
    /// A whole number.
    Integer,
    /// A number with this many digits after the point.
    Decimal(u8),
    /// A float, or an exact quotient without finite decimals.
    Float,
    /// A condition.
    Bool,
    /// Text.
    Text,
    /// A civil day.
    Date,
    /// A point in time.
    Timestamp {
        /// Whether it is an instant (UTC) rather than local wall time.
        zoned: bool,
    },
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Null => "null",
            Type::Integer => "an integer",
            Type::Decimal(_) => "a decimal number",
            Type::Float => "a float",
            Type::Bool => "a condition",
            Type::Text => "text",
            Type::Date => "a date",
            Type::Timestamp { .. } => "a timestamp",
        })
    }
}

impl Type {
    /// Whether `Bound::fixed` takes it.
    pub fn is_number(self) -> bool {
        matches!(self, Type::Null | Type::Integer | Type::Decimal(_) | Type::Float | Type::Bool)
    }

    /// Whether `Bound::truth` takes it.
    pub fn is_condition(self) -> bool {
        matches!(self, Type::Null | Type::Bool)
    }

    /// Whether `Bound::instants` takes it.
    pub fn is_instant(self) -> bool {
        matches!(self, Type::Null | Type::Date | Type::Timestamp { .. })
    }
}

/// Why an expression does not fit the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindError {
    /// Lower case, no full stop, with the way out.
    pub message: String,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BindError {}

/// An expression whose names and types are settled. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bound {
    plan: Arc<Plan>,
}

#[derive(Debug)]
struct Plan {
    node: Node,
    kind: Kind,
    columns: Vec<String>,
    zone: chrono_tz::Tz,
}

/// Why a row's value cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// NaN or infinity.
    NotFinite,
    /// More digits than money and volumes hold.
    Overflow,
    /// A date before 1900 or from 2200 on.
    OutOfRange,
    /// A division by 0.
    DivisionByZero,
    /// Bytes that are no text.
    NotText,
    /// A key that is neither whole nor text.
    NotWhole(Arc<str>),
    /// A value that the type of a cast, or a format, does not hold.
    Cast(Arc<str>, Arc<str>),
}

impl Fault {
    /// The words in the quarantine's reason column.
    pub fn reason(&self) -> String {
        match self {
            Fault::NotFinite => "not finite".into(),
            Fault::Overflow => "overflow".into(),
            Fault::OutOfRange => "date out of range".into(),
            Fault::DivisionByZero => "division by zero".into(),
            Fault::NotText => "bytes that are no UTF-8 text".into(),
            Fault::NotWhole(value) => format!("a key of {value} is not a whole number"),
            Fault::Cast(value, to) => format!("'{value}' is no {to}"),
        }
    }
}

/// Something of every row, and the rows for which it is not known.
#[derive(Debug, Clone)]
pub struct Checked<T> {
    /// Keys are null and conditions false in faulty rows.
    pub value: T,
    /// By row, ascending.
    pub faults: Vec<(u32, Fault)>,
}

/// Money or a volume: fixed-point integers at the scale asked for.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// 0 where null or fault; |value| < 10^18.
    pub values: ScalarBuffer<i64>,
    /// Absent when no row is null.
    pub nulls: Option<NullBuffer>,
    /// By row, ascending.
    pub faults: Vec<(u32, Fault)>,
    /// No |value| is above this; it may be up to twice the greatest.
    pub max_abs: i64,
}

/// Points in time and their local days.
#[derive(Debug, Clone)]
pub struct Instants {
    /// Days since 1970-01-01 in the zone, within `Day::MIN..Day::END`; 0 where null or fault.
    pub days: Vec<i32>,
    /// Microseconds since 1970-01-01: UTC when zoned, wall time otherwise; anything where null or fault.
    pub micros: ScalarBuffer<i64>,
    /// Absent when no row is null.
    pub nulls: Option<NullBuffer>,
    /// By row, ascending.
    pub faults: Vec<(u32, Fault)>,
}

/// Keys of one batch.
#[derive(Debug, Clone)]
pub enum KeyColumn {
    /// Integers; dates as days, timestamps as microseconds, conditions as 0 and 1.
    Int {
        /// 0 where null.
        values: ScalarBuffer<i64>,
        /// Absent when no row is null.
        nulls: Option<NullBuffer>,
    },
    /// Text as codes into a dictionary, whose entries may repeat or be unused.
    Text {
        /// The distinct texts, or about that. No entry that is used is null.
        dictionary: StringArray,
        /// One per row; 0 where null.
        codes: ScalarBuffer<i32>,
        /// Absent when no row is null.
        nulls: Option<NullBuffer>,
    },
    /// Text, one value per row.
    PlainText(StringArray),
}

impl Bound {
    /// What it yields.
    pub fn ty(&self) -> Type {
        self.plan.kind.ty()
    }

    /// The typed tree.
    pub(crate) fn node(&self) -> &Node {
        &self.plan.node
    }

    /// What it yields, as it is held.
    pub(crate) fn kind(&self) -> Kind {
        self.plan.kind
    }

    /// The file columns it needs, as the file spells them, sorted and distinct.
    pub fn columns(&self) -> &[String] {
        &self.plan.columns
    }

    /// The file column, if the expression is nothing but one.
    pub fn is_column(&self) -> Option<&str> {
        match &self.plan.node {
            Node::Column(name, _) => Some(name),
            _ => None,
        }
    }

    /// Digits after the point that hold it exactly, at most `cap`; `cap` for floats.
    pub fn natural_scale(&self, cap: u8) -> u8 {
        match self.ty() {
            Type::Integer | Type::Bool | Type::Null => 0,
            Type::Decimal(scale) => scale.min(cap),
            _ => cap,
        }
    }

    /// Money or a volume, rounded once, half away from zero. For numbers and conditions (1 or 0).
    pub fn fixed(&self, rows: &Rows<'_>, scale: u8) -> Result<Fixed> {
        self.fixed_below(rows, scale, Fixed18::LIMIT)
    }

    /// The same, for what will be held at a finer scale: with that many digits more it still has |values| < 10^18.
    pub fn fixed_with_room(&self, rows: &Rows<'_>, scale: u8, digits: u8) -> Result<Fixed> {
        self.fixed_below(rows, scale, Fixed18::LIMIT / 10_i64.pow(u32::from(digits)))
    }

    fn fixed_below(&self, rows: &Rows<'_>, scale: u8, limit: i64) -> Result<Fixed> {
        assert!(self.ty().is_number(), "fixed() of {}", self.ty());
        Ok(fixed::fixed(self.evaluate(rows)?, self.plan.kind, scale, limit, rows.count()))
    }

    /// Where the condition holds; null counts as false.
    pub fn truth(&self, rows: &Rows<'_>) -> Result<Checked<BooleanBuffer>> {
        assert!(self.ty().is_condition(), "truth() of {}", self.ty());
        let outcome = self.evaluate(rows)?;
        Ok(Checked { value: eval::truth(outcome.value, rows.count()), faults: outcome.faults })
    }

    /// Points in time with their days in the zone given to `bind`.
    pub fn instants(&self, rows: &Rows<'_>) -> Result<Instants> {
        assert!(self.ty().is_instant(), "instants() of {}", self.ty());
        Ok(time::instants(self.evaluate(rows)?, self.plan.kind, self.plan.zone, rows.count()))
    }

    /// Keys; a dictionary stays one. A number that is not whole is a fault.
    ///
    /// # Errors
    /// A whole number of more than 63 bits.
    pub fn keys(&self, rows: &Rows<'_>) -> Result<Checked<KeyColumn>> {
        keys::keys(self.evaluate(rows)?, self.plan.kind, rows.count())
    }

    fn evaluate(&self, rows: &Rows<'_>) -> Result<outcome::Outcome> {
        eval::Evaluation { rows, zone: self.plan.zone }.outcome(&self.plan.node)
    }
}
