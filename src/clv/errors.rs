//! How far expectations lay from what came.

/// Sums over customers of what was expected and what came. Merge in a fixed order: floats add up differently in others.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Errors {
    pub(crate) customers: u64,
    pub(crate) expected: f64,
    pub(crate) actual: f64,
    absolute: f64,
    squared: f64,
    expected_squared: f64,
    actual_squared: f64,
    product: f64,
}

impl Errors {
    pub(crate) fn add(&mut self, expected: f64, actual: f64) {
        let error = expected - actual;
        self.customers += 1;
        self.expected += expected;
        self.actual += actual;
        self.absolute += error.abs();
        self.squared += error * error;
        self.expected_squared += expected * expected;
        self.actual_squared += actual * actual;
        self.product += expected * actual;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        for (sum, more) in [
            (&mut self.expected, other.expected),
            (&mut self.actual, other.actual),
            (&mut self.absolute, other.absolute),
            (&mut self.squared, other.squared),
            (&mut self.expected_squared, other.expected_squared),
            (&mut self.actual_squared, other.actual_squared),
            (&mut self.product, other.product),
        ] {
            *sum += more;
        }
    }

    /// Expected less actual, over actual; none where nothing came.
    pub(crate) fn bias(&self) -> Option<f64> {
        finite((self.expected - self.actual) / self.actual)
    }

    /// Mean absolute error.
    pub(crate) fn mean_absolute(&self) -> Option<f64> {
        finite(self.absolute / self.count())
    }

    /// Mean squared error.
    pub(crate) fn mean_squared(&self) -> Option<f64> {
        finite(self.squared / self.count())
    }

    /// Root mean squared error.
    pub(crate) fn root_mean_squared(&self) -> Option<f64> {
        self.mean_squared().map(f64::sqrt)
    }

    /// Pearson's correlation; none where either does not vary.
    pub(crate) fn correlation(&self) -> Option<f64> {
        let n = self.count();
        let spread = |squares: f64, sum: f64| {
            let spread = squares - sum * sum / n;
            // What cancels to nothing but rounding does not vary.
            (spread > 1e-12 * squares).then_some(spread)
        };
        let expected = spread(self.expected_squared, self.expected)?;
        let actual = spread(self.actual_squared, self.actual)?;
        finite((self.product - self.expected * self.actual / n) / (expected * actual).sqrt())
    }

    /// Squared error per expected unit: 1 where counts scatter as Poisson's would.
    pub(crate) fn dispersion(&self) -> Option<f64> {
        finite(self.squared / self.expected).filter(|dispersion| *dispersion > 0.0)
    }

    #[expect(clippy::cast_precision_loss, reason = "2^53 customers are more than there are")]
    fn count(&self) -> f64 {
        self.customers as f64
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(pairs: &[(f64, f64)]) -> Errors {
        let mut errors = Errors::default();
        pairs.iter().for_each(|(expected, actual)| errors.add(*expected, *actual));
        errors
    }

    #[test]
    fn measures_by_hand() {
        let errors = errors(&[(1.0, 2.0), (2.0, 2.0), (3.0, 5.0)]);
        assert_eq!(errors.bias(), Some(-1.0 / 3.0));
        assert_eq!(errors.mean_absolute(), Some(1.0));
        assert_eq!(errors.root_mean_squared(), Some((5.0_f64 / 3.0).sqrt()));
        let correlation = errors.correlation().unwrap();
        assert!((correlation - 3.0 / (2.0_f64 * 6.0).sqrt()).abs() < 1e-12, "{correlation}");
        assert_eq!(errors.dispersion(), Some(5.0 / 6.0));
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let mut whole = errors(&[(1.0, 2.0)]);
        whole.merge(&errors(&[(2.0, 2.0), (3.0, 5.0)]));
        assert_eq!(whole, errors(&[(1.0, 2.0), (2.0, 2.0), (3.0, 5.0)]));
    }

    #[test]
    fn what_cannot_be_told_is_none() {
        let none = Errors::default();
        assert_eq!((none.bias(), none.mean_absolute(), none.correlation()), (None, None, None));
        let flat = errors(&[(0.1, 2.0), (0.1, 2.0), (0.1, 2.0)]);
        assert_eq!(flat.correlation(), None);
        assert_eq!(errors(&[(0.0, 0.0)]).dispersion(), None);
    }
}
