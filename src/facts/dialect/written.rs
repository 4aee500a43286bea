//! What a node became: text, and what kind of value it gives.

use super::digits::Digits;
use super::sql::Sql;

/// An exact number: the node's mantissa is the text's value × 10^claim.
///
/// Nodes speak of mantissas; engines of decimals. Keeping the power of ten apart leaves `quantity * price + discount` as it
/// is: what the binder aligned by multiplying a mantissa needs no text at all.
#[derive(Debug, Clone)]
pub(super) struct Exact {
    pub(super) sql: Sql,
    pub(super) digits: Digits,
    pub(super) claim: i16,
    /// Where 38 digits may not suffice: what an engine is asked instead, if nothing but a role's value depends on it.
    pub(super) strain: Option<Strain>,
}

/// A result that may have more digits than an engine holds.
#[derive(Debug, Clone)]
pub(super) struct Strain {
    /// Whether its parts are known.
    pub(super) known: String,
    /// The result, or null where it has too many digits.
    pub(super) tried: String,
}

/// An exact fraction, `over` / `under`, until it is rounded.
#[derive(Debug, Clone)]
pub(super) struct Fraction {
    pub(super) over: Exact,
    pub(super) under: Exact,
    /// Why there is none, as for a division by 0.
    pub(super) fault: Option<String>,
}

/// A node as text.
#[derive(Debug, Clone)]
pub(super) enum Written {
    Exact(Exact),
    Fraction(Box<Fraction>),
    Float(Sql),
    Bool(Sql),
    Text(Sql),
    Date(Sql),
    Instant(Sql, bool),
    /// Null of no kind.
    Null,
}

impl Written {
    /// The text, where it is one.
    pub(super) fn sql(&self) -> Option<&Sql> {
        match self {
            Written::Exact(exact) => Some(&exact.sql),
            Written::Float(sql) | Written::Bool(sql) | Written::Text(sql) => Some(sql),
            Written::Date(sql) | Written::Instant(sql, _) => Some(sql),
            Written::Fraction(_) | Written::Null => None,
        }
    }

    /// The power of ten between text and mantissa.
    pub(super) fn claim(&self) -> Option<i16> {
        match self {
            Written::Exact(exact) => Some(exact.claim),
            _ => None,
        }
    }

    /// The same kind of value with another text.
    pub(super) fn with(self, sql: Sql) -> Self {
        match self {
            Written::Exact(exact) => Written::Exact(Exact { sql, ..exact }),
            Written::Float(_) => Written::Float(sql),
            Written::Bool(_) => Written::Bool(sql),
            Written::Text(_) => Written::Text(sql),
            Written::Date(_) => Written::Date(sql),
            Written::Instant(_, zoned) => Written::Instant(sql, zoned),
            other @ (Written::Fraction(_) | Written::Null) => other,
        }
    }
}
