//! Ratios of counts.

/// A count for a ratio, exact below 2^53.
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

/// `part / whole`; none of nothing.
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| real(part) / real(whole))
}
