//! A linear scale from values to per cent of a picture's width or height.

/// From the lowest to the highest value of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Over these values exactly.
    pub(crate) fn between(low: f64, high: f64) -> Self {
        assert!(low.is_finite() && high.is_finite() && low <= high, "from {low} to {high}");
        // One value alone lies in the middle of something.
        if low == high { Self { low: low - 0.5, high: high + 0.5 } } else { Self { low, high } }
    }

    /// Over all of the values.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high { Self::between(0.0, 1.0) } else { Self::between(low, high) }
    }

    /// Over all of the values and zero.
    pub(crate) fn with_zero(values: impl IntoIterator<Item = f64>) -> Self {
        Self::of(values.into_iter().chain([0.0]))
    }

    /// Wider by so much of its width, at both ends.
    pub(crate) fn wider(self, part: f64) -> Self {
        let more = part * (self.high - self.low);
        Self { low: self.low - more, high: self.high + more }
    }

    /// Its lowest value.
    pub(crate) fn low(self) -> f64 {
        self.low
    }

    /// Its highest value.
    pub(crate) fn high(self) -> f64 {
        self.high
    }

    /// Where a value lies: 0 the lowest, 100 the highest.
    pub(crate) fn at(self, value: f64) -> f64 {
        100.0 * ((value - self.low) / (self.high - self.low))
    }

    /// Round values within it, a handful: multiples of 1, 2, 2.5 or 5 times a power of ten.
    pub(crate) fn ticks(self) -> Vec<f64> {
        let rough = (self.high - self.low) / 4.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|part| part * power).find(|step| *step >= rough);
        let step = step.expect("ten times the power is above");
        let first = (self.low / step).ceil();
        (0..10).map(|index| (first + f64::from(index)) * step).take_while(|tick| *tick <= self.high).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(Scale::between(0.0, 670_000.0).ticks(), [0.0, 200_000.0, 400_000.0, 600_000.0]);
        assert_eq!(Scale::between(-150.0, 50.0).ticks(), [-150.0, -100.0, -50.0, 0.0, 50.0]);
    }

    #[test]
    fn a_scale_of_one_value_or_none_has_a_width() {
        assert_eq!(Scale::of([3.0]).at(3.0), 50.0);
        assert_eq!(Scale::of([]).at(0.5), 50.0);
    }
}
