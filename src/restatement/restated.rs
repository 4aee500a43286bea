//! A part of the change of a control total.

use crate::units::Decimal;
use serde::Serialize;

/// A part of the change of a control total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restated {
    /// Its name in the manifest.
    pub control_total: String,
    /// First day of the period; none of what belongs to no period.
    pub period: Option<String>,
    /// What changed it.
    pub cause: String,
    /// By how much; money at the scale of the release, counts as they are.
    #[serde(serialize_with = "as_text")]
    pub change: Decimal,
    /// What the total was in the period, in the release that is compared with.
    #[serde(serialize_with = "as_text")]
    pub before: Decimal,
}

fn as_text<S: serde::Serializer>(number: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}
