//! Columns of a table from its rows: each column is named where its value is taken.

use crate::facts::FactSet;
use crate::pipeline::{Definition, KeyType};
use crate::publish::schema::{Column, ColumnKind, Sheet};
use std::borrow::Cow;

/// What every table shares.
#[derive(Clone, Copy)]
pub(crate) struct Layout<'r> {
    pub(crate) definition: &'r Definition,
    pub(crate) facts: &'r FactSet,
}

/// A table being filled from rows.
pub(crate) struct Draft<'r, R> {
    sheet: Sheet,
    rows: &'r [R],
    layout: Layout<'r>,
}

impl<'r> Layout<'r> {
    /// A table of these rows; its first column is the as-of date.
    pub(crate) fn draft<R>(
        self,
        name: &'static str,
        grain: &'static str,
        partition: Option<&'static str>,
        rows: &'r [R],
    ) -> Draft<'r, R> {
        let mut sheet = Sheet::new(name, grain, partition);
        if partition.is_none() {
            let meaning = "Exclusive end of the history the row is made from";
            let column = Column::new("as_of_date", ColumnKind::Date, "", meaning);
            sheet.days(column, rows.iter().map(|_| Some(self.facts.as_of.0)));
        }
        Draft { sheet, rows, layout: self }
    }

    pub(crate) fn currency(self) -> &'r str {
        &self.definition.facts.currency
    }
}

type Text = Cow<'static, str>;

impl<'r, R> Draft<'r, R> {
    /// The customer key, and after it the as-of date.
    pub(crate) fn customer(&mut self, rank: impl Fn(&R) -> u32) {
        let customers = &self.layout.facts.customers;
        let kind = match customers.keys.key_type() {
            KeyType::Int => ColumnKind::IntKey,
            KeyType::Text => ColumnKind::Text,
        };
        let ranks: Vec<u32> = self.rows.iter().map(rank).collect();
        self.sheet.add(Column::new("customer_id", kind, "", "Customer"), customers.ids(&ranks));
        let meaning = "Exclusive end of the history the row is made from";
        let as_of = self.layout.facts.as_of.0;
        let column = Column::new("as_of_date", ColumnKind::Date, "", meaning);
        self.sheet.days(column, self.rows.iter().map(|_| Some(as_of)));
    }

    /// Names from a short list, some of them null.
    pub(crate) fn name<'t>(
        &mut self,
        name: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&'t R) -> Option<&'t str>,
    ) where
        'r: 't,
        R: 't,
    {
        let column = Column::new(name, ColumnKind::Name, "", meaning).nullable();
        self.sheet.texts(column, self.rows.iter().map(of));
    }

    /// Ratios and scores.
    pub(crate) fn float(
        &mut self,
        name: impl Into<Text>,
        unit: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&R) -> Option<f64>,
    ) {
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        let column = Column::new(name, ColumnKind::Float, unit, meaning).nullable();
        self.sheet.floats(column, self.rows.iter().map(|row| finite(of(row))));
    }

    /// Counts.
    pub(crate) fn count(
        &mut self,
        name: impl Into<Text>,
        unit: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&R) -> i64,
    ) {
        let column = Column::new(name, ColumnKind::Integer, unit, meaning);
        self.sheet.fixed(column, self.rows.iter().map(of).collect::<Vec<i64>>());
    }

    /// Counts that may not be known.
    pub(crate) fn count_or_null(
        &mut self,
        name: impl Into<Text>,
        unit: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&R) -> Option<i64>,
    ) {
        let column = Column::new(name, ColumnKind::Integer, unit, meaning);
        self.sheet.fixed_or_null(column, self.rows.iter().map(of).collect());
    }

    /// Money of a customer, or points at its scale.
    pub(crate) fn money(
        &mut self,
        name: impl Into<Text>,
        unit: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&R) -> Option<i64>,
    ) {
        let kind = ColumnKind::Money(self.layout.facts.money_scale);
        self.sheet.fixed_or_null(Column::new(name, kind, unit, meaning), self.rows.iter().map(of).collect());
    }

    /// Money of many customers.
    pub(crate) fn total(
        &mut self,
        name: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&R) -> Option<i128>,
    ) {
        let kind = ColumnKind::Total(self.layout.facts.money_scale);
        let column = Column::new(name, kind, self.layout.currency().to_owned(), meaning).nullable();
        self.sheet.totals(column, self.rows.iter().map(of).collect());
    }

    /// Days.
    pub(crate) fn day(
        &mut self,
        name: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&R) -> Option<i32>,
    ) {
        let column = Column::new(name, ColumnKind::Date, "", meaning).nullable();
        self.sheet.days(column, self.rows.iter().map(of));
    }

    /// Flags.
    pub(crate) fn flag(&mut self, name: impl Into<Text>, meaning: impl Into<Text>, of: impl Fn(&R) -> bool) {
        self.sheet.flags(Column::new(name, ColumnKind::Bool, "", meaning), self.rows.iter().map(of));
    }

    pub(crate) fn finish(self) -> Sheet {
        self.sheet
    }
}
