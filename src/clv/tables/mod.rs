//! The published tables, column by column.

pub(crate) mod customer_equity;
pub(crate) mod customer_value;
pub(crate) mod value_backtest;
pub(crate) mod value_counts;
pub(crate) mod value_model;

use super::segments::Segments;
use crate::pipeline::ClvDef;
use crate::publish::{Draft, TableFormat};

/// What all tables share.
#[derive(Clone, Copy)]
pub(crate) struct TableContext<'r> {
    pub(crate) format: TableFormat<'r>,
    /// What `[clv]` says.
    pub(crate) clv: &'r ClvDef,
    pub(crate) segments: &'r Segments,
}

impl<'r> TableContext<'r> {
    /// The segment a row belongs to.
    pub(crate) fn add_segment<R>(self, draft: &mut Draft<'r, R>, segment: impl Fn(&R) -> Option<usize>) {
        let meaning = match &self.clv.segment {
            Some(attribute) => format!("Value of attribute '{attribute}'; null for customers without one"),
            None => "Null: all customers are one base".to_owned(),
        };
        draft.name("segment", meaning, |row| self.segments.names()[segment(row)?].as_deref());
    }

    /// Whether a row is of one segment or of all customers.
    pub(crate) fn add_scope<R>(self, draft: &mut Draft<'r, R>, segment: impl Fn(&R) -> Option<usize>) {
        draft.name("scope", "segment, or all: every customer together", |row| {
            if segment(row).is_some() { "segment" } else { "all" }
        });
    }
}
