//! The closed SQL grammar of a pipeline file, as trees.
//!
//! Scalar expressions: columns, literals, arithmetic, comparisons, and/or/not, case, coalesce, in, between, like,
//! is null, casts, parts of dates and the functions of `functions.rs`. Drivers: sums of coefficient × aggregate.

mod cast;
mod date_part;
mod driver;
mod functions;
mod length;
mod query;
mod reader;
mod rule;
mod scalar;
mod text;
mod time_format;
mod words;

pub use cast::SqlType;
pub use date_part::DatePart;
pub use driver::parse_driver;
pub use functions::{FUNCTIONS, FunctionEntry, ScalarFunction};
pub use length::{STACK_BYTES, check_query};
pub use query::{NamesOfQuery, Placed, names_of_query};
pub use rule::{Rule, parse_rule};
pub use scalar::parse_scalar;
pub use time_format::{TimeFormat, TimeItem};

use crate::units::{Day, Decimal};
use std::fmt;

/// A scalar expression over one row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A role (`customer`, `order`, `quantity`, …) or a file column.
    Column(String),
    /// A constant.
    Literal(Literal),
    /// `-x`.
    Negate(Box<Expr>),
    /// `not x`.
    Not(Box<Expr>),
    /// Arithmetic, comparison, `and`, `or`.
    Binary(Box<Expr>, BinaryOp, Box<Expr>),
    /// `case when c then v … else e end`; `case x when …` is rewritten to comparisons.
    Case {
        /// (condition, value), first true wins.
        branches: Vec<(Expr, Expr)>,
        /// Null when absent.
        otherwise: Option<Box<Expr>>,
    },
    /// First value that is not null.
    Coalesce(Vec<Expr>),
    /// Absolute value.
    Abs(Box<Expr>),
    /// `x [not] in (literals)`.
    InList(Box<Expr>, Vec<Literal>, bool),
    /// `x [not] like 'pattern'`; the flags are (negated, case insensitive).
    Like(Box<Expr>, String, bool, bool),
    /// `x is [not] null`; the flag is negated.
    IsNull(Box<Expr>, bool),
    /// `extract(part from x)` or `part(x)`.
    DatePart(DatePart, Box<Expr>),
    /// `cast(x as type)`, or `try_cast`, which is null where the cast fails.
    Cast {
        /// What is cast.
        of: Box<Expr>,
        /// The type it gets.
        to: SqlType,
        /// Whether a failed cast is null.
        or_null: bool,
    },
    /// A function of its arguments, as many as its entry allows.
    Call(ScalarFunction, Vec<Expr>),
}

impl Expr {
    /// The names it speaks of, sorted and distinct.
    pub fn columns(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.visit(&mut |expr| {
            if let Expr::Column(name) = expr {
                names.push(name.as_str());
            }
        });
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Visits it and every part of it, from the outside in.
    pub fn visit<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        visit(self);
        match self {
            Expr::Column(_) | Expr::Literal(_) => {}
            Expr::Negate(x)
            | Expr::Not(x)
            | Expr::Abs(x)
            | Expr::InList(x, ..)
            | Expr::Like(x, ..)
            | Expr::IsNull(x, _)
            | Expr::DatePart(_, x)
            | Expr::Cast { of: x, .. } => x.visit(visit),
            Expr::Binary(left, _, right) => {
                left.visit(visit);
                right.visit(visit);
            }
            Expr::Case { branches, otherwise } => {
                for (condition, value) in branches {
                    condition.visit(visit);
                    value.visit(visit);
                }
                if let Some(value) = otherwise {
                    value.visit(visit);
                }
            }
            Expr::Coalesce(values) | Expr::Call(_, values) => {
                values.iter().for_each(|value| value.visit(visit));
            }
        }
    }
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// An integer (scale 0) or a decimal number, exact.
    Number(Decimal),
    /// `'text'`.
    Text(String),
    /// `date '2024-01-31'`.
    Date(Day),
    /// `timestamp '2024-01-31 10:00:00'`, microseconds since 1970-01-01, wall time.
    Timestamp(i64),
}

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`; never by the literal 0.
    Divide,
    /// `%`, with the sign of the dividend.
    Remainder,
    /// `||`.
    Concat,
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `and`
    And,
    /// `or`
    Or,
}

/// One aggregate per customer × period.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Aggregate {
    /// What is taken together.
    pub function: Function,
    /// `filter (where …)`.
    pub filter: Option<Expr>,
}

impl Aggregate {
    /// Whether a customer's orders each have a part of it, and these add up to the whole.
    pub fn adds_up_over_orders(&self) -> bool {
        match &self.function {
            Function::CountRows | Function::Count(_) | Function::Sum(_) | Function::Money(_) => true,
            Function::CountDistinct(x) => matches!(x, Expr::Column(name) if name == "order"),
        }
    }

    /// The names it speaks of, sorted and distinct.
    pub fn columns(&self) -> Vec<&str> {
        let mut names = Vec::new();
        match &self.function {
            Function::CountRows => {}
            Function::Count(x) | Function::CountDistinct(x) | Function::Sum(x) | Function::Money(x) => {
                names.extend(x.columns());
            }
        }
        if let Some(filter) = &self.filter {
            names.extend(filter.columns());
        }
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// What an aggregate takes together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Function {
    /// `count(*)`.
    CountRows,
    /// `count(x)`: rows where x is not null.
    Count(Expr),
    /// `count(distinct x)`.
    CountDistinct(Expr),
    /// `sum(x)`.
    Sum(Expr),
    /// `sum(x)` of money: each row is rounded once to the digits of money. No driver of a pipeline file is one.
    Money(Expr),
}

/// Σ coefficient × aggregate: an activity driver, or minutes of a time equation.
///
/// `per active customer` is written as `count(distinct customer)`: 1 for a customer with at least one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// In the order written, equal aggregates joined, coefficients never 0.
    pub terms: Vec<(Decimal, Aggregate)>,
}

/// What is wrong with a SQL text, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    /// Lower case, no full stop, with what was expected.
    pub message: String,
    /// Byte offset into the text.
    pub offset: usize,
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.message, self.offset)
    }
}

impl std::error::Error for SqlError {}

#[cfg(test)]
mod tests;
