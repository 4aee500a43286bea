//! Shares of exact sums.

/// `part / whole`; none of a whole that is not above 0.
pub(crate) fn share(part: i128, whole: i128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
