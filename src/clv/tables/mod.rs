//! The published tables, column by column.

pub(crate) mod customer_equity;
pub(crate) mod customer_value;
pub(crate) mod value_backtest;
pub(crate) mod value_counts;
pub(crate) mod value_model;

use super::segments::Segments;
use crate::facts::FactSet;
use crate::pipeline::{ClvDef, Definition};
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// What all tables share.
pub(crate) struct Layout<'r> {
    pub(crate) definition: &'r Definition,
    pub(crate) facts: &'r FactSet,
    pub(crate) segments: &'r Segments,
}

impl Layout<'_> {
    /// What `[clv]` says.
    pub(crate) fn clv(&self) -> &ClvDef {
        self.definition.clv.as_ref().expect("the stage runs where [clv] is")
    }

    pub(crate) fn currency(&self) -> String {
        self.definition.facts.currency.clone()
    }

    /// The segment column of rows that belong to these segments.
    pub(crate) fn add_segments(&self, sheet: &mut Sheet, segments: impl IntoIterator<Item = Option<usize>>) {
        let meaning = match &self.clv().segment {
            Some(attribute) => format!("Value of attribute '{attribute}'; null for customers without one"),
            None => "Null: all customers are one base".to_owned(),
        };
        let name =
            |segment: Option<usize>| segment.and_then(|segment| self.segments.names()[segment].as_deref());
        let column = Column::new("segment", ColumnKind::Name, "", meaning).nullable();
        sheet.texts(column, segments.into_iter().map(name));
    }

    /// Whether rows are of one segment or of all customers.
    pub(crate) fn add_scopes(&self, sheet: &mut Sheet, segments: impl IntoIterator<Item = Option<usize>>) {
        let meaning = "segment, or all: every customer together";
        let scope = |segment: Option<usize>| Some(if segment.is_some() { "segment" } else { "all" });
        sheet.texts(Column::new("scope", ColumnKind::Name, "", meaning), segments.into_iter().map(scope));
    }

    pub(crate) fn add_as_of(&self, sheet: &mut Sheet, rows: usize) {
        let meaning = "Exclusive end of the history the row is made from";
        let column = Column::new("as_of_date", ColumnKind::Date, "", meaning);
        sheet.days(column, (0..rows).map(|_| Some(self.facts.as_of.0)));
    }
}

/// Counts as 64-bit integers.
pub(crate) fn integer(count: u64) -> i64 {
    i64::try_from(count).expect("counts fit 63 bits")
}

/// A ratio as tables hold it: null in place of what is no number.
pub(crate) fn shown(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
