//! What the tables of the room share: kinds of columns, and money that fits them.

use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::facts::schema::Customers;
use crate::pipeline::{Definition, KeyType};
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::{Day, PeriodKind};
use std::borrow::Cow;

/// What every table needs to know of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout<'r> {
    pub(crate) customers: &'r Customers,
    pub(crate) currency: &'r str,
    pub(crate) money_scale: u8,
    pub(crate) period: PeriodKind,
}

impl<'r> Layout<'r> {
    pub(crate) fn new(definition: &'r Definition, facts: &'r FactSet) -> Self {
        Self {
            customers: &facts.customers,
            currency: &definition.facts.currency,
            money_scale: facts.money_scale,
            period: definition.facts.period,
        }
    }

    /// What a period is called: `month`.
    pub(crate) fn period_name(&self) -> &'static str {
        let named = PeriodKind::ALL.into_iter().find(|(_, kind)| *kind == self.period);
        named.expect("every kind has a name").0
    }

    /// The customer key.
    pub(crate) fn key(&self) -> Column {
        let kind = match self.customers.keys.key_type() {
            KeyType::Int => ColumnKind::IntKey,
            KeyType::Text => ColumnKind::Text,
        };
        let column = Column::new("customer_id", kind, "", "Customer");
        // The ids of any ranks may be those of the unidentified cost object, which is no customer of this room.
        column.nullable()
    }

    /// Money of one customer.
    pub(crate) fn money(&self, name: &'static str, meaning: impl Into<Cow<'static, str>>) -> Column {
        Column::new(name, ColumnKind::Money(self.money_scale), self.currency.to_owned(), meaning)
    }

    /// Money of many customers.
    pub(crate) fn total(&self, name: &'static str, meaning: impl Into<Cow<'static, str>>) -> Column {
        Column::new(name, ColumnKind::Total(self.money_scale), self.currency.to_owned(), meaning)
    }

    /// The as-of date, constant over the table.
    pub(crate) fn add_as_of(sheet: &mut Sheet, as_of: Day, rows: usize) {
        let meaning = "Exclusive end of the history the row is made from";
        sheet
            .days(Column::new("as_of_date", ColumnKind::Date, "", meaning), (0..rows).map(|_| Some(as_of.0)));
    }
}

/// A ratio, a mean or another number shown rounded; null where it is not defined.
pub(crate) fn float(name: &'static str, unit: &'static str, meaning: impl Into<Cow<'static, str>>) -> Column {
    Column::new(name, ColumnKind::Float, unit, meaning).nullable()
}

/// A count.
pub(crate) fn count(name: &'static str, unit: &'static str, meaning: impl Into<Cow<'static, str>>) -> Column {
    Column::new(name, ColumnKind::Integer, unit, meaning)
}

/// Names from a short list.
pub(crate) fn name(name: &'static str, meaning: impl Into<Cow<'static, str>>) -> Column {
    Column::new(name, ColumnKind::Name, "", meaning)
}

/// A day.
pub(crate) fn date(name: &'static str, meaning: impl Into<Cow<'static, str>>) -> Column {
    Column::new(name, ColumnKind::Date, "", meaning)
}

/// A count as tables hold it.
pub(crate) fn whole(count: u64) -> i64 {
    i64::try_from(count).expect("a count fits 64 bits")
}

/// A count for a ratio, exact below 2^53.
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

/// `part / whole`; none of nothing.
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| real(part) / real(whole))
}

/// Amounts of 19 digits do not fit a column.
const LIMIT: u64 = 10_u64.pow(18);

/// An amount as a column of customers holds it.
///
/// # Errors
/// More than 18 digits.
pub(crate) fn money(name: &str, amount: i128) -> Result<i64> {
    let fitting = i64::try_from(amount).ok().filter(|amount| amount.unsigned_abs() < LIMIT);
    fitting.ok_or_else(|| {
        Error::check(format!("lifecycle: a value of '{name}' exceeds 18 digits; lower facts.money_scale"))
    })
}
