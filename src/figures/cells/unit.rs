//! How numbers of a column are shown.

use crate::publish::PublishedColumn;

/// How numbers of a column are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Two digits after the point, with the name of the currency.
    Money(String),
    /// Per cent.
    Share,
    /// With this word, such as customers.
    Named(String),
}

impl Unit {
    /// Of a column, as the data dictionary has it.
    pub(crate) fn of(column: &PublishedColumn, currency: &str) -> Self {
        match column.unit.as_str() {
            "1" => Self::Share,
            unit if unit == currency => Self::Money(unit.to_owned()),
            unit => Self::Named(unit.to_owned()),
        }
    }
}
