//! `customer_need`: the need segment of every customer, as answered or by traits.

use super::segments::NeedSegments;
use crate::facts::schema::Customers;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;

/// One customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NeedRow {
    pub(super) rank: u32,
    /// None where there are no segments.
    pub(super) segment: Option<usize>,
    pub(super) is_asked: bool,
    pub(super) is_held_out: bool,
    /// Of the segment; 1 where the customer answered.
    pub(super) probability: Option<f64>,
    /// By traits alone, of everybody; of those held out by respondents who are not.
    pub(super) expected: Option<usize>,
}

/// The rows of a slice.
pub(super) fn customer_need(
    format: TableFormat<'_>,
    customers: &Customers,
    segments: &NeedSegments,
    rows: &[NeedRow],
) -> Sheet {
    let mut draft = format.draft("customer_need", "customer", Some("as_of"), rows);
    draft.customer("Customer", customers.ids(rows.iter().map(|row| row.rank)), false);
    draft.as_of();
    let meaning =
        "Segment by needs: as answered, else the most probable by traits; (none) where there are no segments";
    draft.name("need_segment", meaning, |row| segments.name(row.segment));
    draft.flag("is_asked", "Whether the customer rated the importance of all attributes", |row| row.is_asked);
    let meaning = "Probability of need_segment by traits; 1 where is_asked; null where there are no segments";
    draft.float("probability", "1", meaning, |row| row.probability);
    let meaning = "The most probable segment by traits, of those asked too; where is_held_out, by the others; null where there are no segments";
    draft.name("expected_need_segment", meaning, |row| {
        row.expected.map(|segment| segments.name(Some(segment)))
    });
    let meaning = "Whether the customer was asked and held out to measure expected_need_segment in need_segment_holdout";
    draft.flag("is_held_out", meaning, |row| row.is_held_out);
    draft.finish()
}
