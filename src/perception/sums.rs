//! Exact sums of fixed-point scores, and what follows from them. The order of scores changes nothing.

/// Digits after the point of scores.
pub(crate) const SCORE_SCALE: u8 = 4;

/// 10^`SCORE_SCALE`.
pub(crate) const SCORE_UNIT: f64 = 10_000.0;

/// Scores that were added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) count: i64,
    sum: i128,
    squares: i128,
}

impl Sum {
    /// Adds a score at `SCORE_SCALE`; none is not counted.
    pub(crate) fn add(&mut self, score: Option<i64>) {
        let Some(score) = score.map(i128::from) else { return };
        self.count += 1;
        self.sum += score;
        // 18 digits squared are below 2^120, which leaves room for a hundred of them; beyond, the error is unknown.
        self.squares = self.squares.saturating_add(score * score);
    }

    /// Adds other scores.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares = self.squares.saturating_add(other.squares);
    }

    /// Mean; none without a score.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64 / SCORE_UNIT)
    }

    /// Σ (x − mean)² / (n − 1); none below two scores.
    pub(crate) fn variance(&self) -> Option<f64> {
        let count = i128::from(self.count);
        let about_mean = count.checked_mul(self.squares)?.checked_sub(self.sum.checked_mul(self.sum)?)?;
        (count > 1).then(|| about_mean as f64 / (count * (count - 1)) as f64 / (SCORE_UNIT * SCORE_UNIT))
    }

    /// Standard error of the mean; none below two scores.
    pub(crate) fn error(&self) -> Option<f64> {
        self.variance().map(|variance| (variance / self.count as f64).sqrt())
    }
}

/// A score as a number.
pub(crate) fn real(score: i64) -> f64 {
    score as f64 / SCORE_UNIT
}

/// A ratio; none where it has no value.
pub(crate) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    let ratio = numerator / denominator;
    (denominator != 0.0 && ratio.is_finite()).then_some(ratio)
}

/// Parts of a count.
pub(crate) fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_errors_are_those_of_the_scores() {
        let mut sum = Sum::default();
        for score in [Some(20_000), None, Some(40_000), Some(60_000)] {
            sum.add(score);
        }
        assert_eq!((sum.count, sum.mean(), sum.variance()), (3, Some(4.0), Some(4.0)));
        assert!((sum.error().unwrap() - 1.154_700_538_379_25).abs() < 1e-12);
        assert_eq!((Sum::default().mean(), Sum::default().error()), (None, None));
    }
}
