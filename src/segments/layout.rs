//! What the tables of the room share: kinds of columns.

use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::Day;
use std::borrow::Cow;

/// What every table needs to know of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout<'r> {
    pub(crate) currency: &'r str,
    pub(crate) money_scale: u8,
    pub(crate) as_of: Day,
}

impl Layout<'_> {
    /// Money of one customer.
    pub(crate) fn money(&self, name: &'static str, meaning: &'static str) -> Column {
        Column::new(name, ColumnKind::Money(self.money_scale), self.currency.to_owned(), meaning)
    }

    /// Money of many customers.
    pub(crate) fn total(&self, name: &'static str, meaning: impl Into<Cow<'static, str>>) -> Column {
        Column::new(name, ColumnKind::Total(self.money_scale), self.currency.to_owned(), meaning)
    }

    /// The as-of date, constant over the table.
    pub(crate) fn add_as_of(&self, sheet: &mut Sheet, rows: usize) {
        let meaning = "Exclusive end of the history the row is made from";
        let column = Column::new("as_of_date", ColumnKind::Date, "", meaning);
        sheet.days(column, (0..rows).map(|_| Some(self.as_of.0)));
    }
}

/// A ratio or mean shown rounded; null where it is not defined.
pub(crate) fn float(name: &'static str, unit: &'static str, meaning: &'static str) -> Column {
    Column::new(name, ColumnKind::Float, unit, meaning).nullable()
}

/// A count.
pub(crate) fn count(name: &'static str, unit: &'static str, meaning: &'static str) -> Column {
    Column::new(name, ColumnKind::Integer, unit, meaning)
}

/// Names from a short list.
pub(crate) fn name(name: &'static str, meaning: impl Into<Cow<'static, str>>) -> Column {
    Column::new(name, ColumnKind::Name, "", meaning)
}

/// A count as tables hold it.
pub(crate) fn whole(count: usize) -> i64 {
    i64::try_from(count).expect("a count fits 64 bits")
}

/// `part / whole`; none of a whole that is not above 0.
pub(crate) fn share(part: i128, whole: i128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
