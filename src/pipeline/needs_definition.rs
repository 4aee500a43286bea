//! The part of the checked definition that asks what customers need: `[needs]`.

use super::definition::Position;
use crate::units::Decimal;

/// `[needs]`.
#[derive(Debug, Clone)]
pub struct NeedsDef {
    /// By what customers who were not asked are assigned to segments, in the order written.
    pub traits: Vec<NeedTrait>,
    /// The fewest and the most segments that are tried. Default 2 and 6.
    pub segments: [u32; 2],
    /// By what their number is chosen. Default the variance ratio of Caliński and Harabasz.
    pub criterion: NeedCriterion,
    /// Share of respondents held out to measure the assignment. Default 0.25.
    pub holdout: Decimal,
    /// Another seed begins elsewhere and holds out others.
    pub seed: u32,
    /// Where the section begins.
    pub at: Position,
}

/// What is known of customers whether they were asked or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NeedTrait {
    /// An attribute of the customers source.
    Attribute(String),
    /// A column of `customer_segment`.
    Segment(&'static str),
}

impl NeedTrait {
    /// Columns of `customer_segment` that are traits.
    pub const SEGMENTS: [&'static str; 5] = ["rfm_segment", "tier", "profit_class", "size_class", "state"];

    /// As a pipeline file writes it.
    pub fn name(&self) -> &str {
        match self {
            Self::Attribute(name) => name,
            Self::Segment(name) => name,
        }
    }
}

/// By what the number of segments is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeedCriterion {
    /// Variance between segments over that within.
    CalinskiHarabasz,
    /// Mean silhouette.
    Silhouette,
}

impl NeedCriterion {
    /// As a pipeline file writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::CalinskiHarabasz => "calinski_harabasz",
            Self::Silhouette => "silhouette",
        }
    }
}
