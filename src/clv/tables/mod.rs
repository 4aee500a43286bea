//! The published tables, column by column.

pub(crate) mod contextual_factor;
pub(crate) mod customer_equity;
pub(crate) mod customer_value;
pub(crate) mod purchase_season;
pub(crate) mod value_backtest;
pub(crate) mod value_counts;
pub(crate) mod value_model;

use super::contextual_factors::ContextualFactors;
use super::covariates::Covariates;
use super::segments::Segments;
use super::timing_kind::TimingKind;
use crate::pipeline::ClvDef;
use crate::publish::{ALL_CUSTOMERS, Draft, SegmentKey, TableFormat};

/// What all tables share.
#[derive(Clone, Copy)]
pub(crate) struct TableContext<'r> {
    pub(crate) format: TableFormat<'r>,
    /// What `[clv]` says.
    pub(crate) clv: &'r ClvDef,
    pub(crate) segments: &'r Segments,
    pub(crate) covariates: &'r Covariates,
    /// None where none are declared.
    pub(crate) factors: Option<&'r ContextualFactors>,
}

impl<'r> TableContext<'r> {
    /// The segment a row belongs to; none is all customers together.
    pub(crate) fn add_segment<R>(self, draft: &mut Draft<'r, R>, segment: impl Fn(&R) -> Option<usize>) {
        draft.segment(|row| self.key(segment(row)));
    }

    /// The contextual factors that a timing follows, for a column.
    pub(crate) fn factors_word(self, timing: TimingKind) -> &'r str {
        self.factors.map_or("none", |factors| factors.word(timing.has_factors))
    }

    /// The key of a segment; none is all customers together.
    fn key(self, segment: Option<usize>) -> SegmentKey<'r> {
        let by = self.clv.segment.as_deref().unwrap_or(ALL_CUSTOMERS);
        match segment {
            Some(segment) => SegmentKey::of(by, self.segments.names()[segment].as_deref()),
            None => SegmentKey::ALL,
        }
    }
}
