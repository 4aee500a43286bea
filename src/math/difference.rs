//! A difference of means and its normal interval of 95 %.

/// Normal quantile of a two-sided interval of 95 %.
pub const SIGMAS: f64 = 1.959_963_984_540_054;

/// A difference and its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The difference.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

impl Difference {
    /// The interval of 95 %.
    pub fn interval(&self) -> [f64; 2] {
        [self.value - SIGMAS * self.error, self.value + SIGMAS * self.error]
    }

    /// Whether 0 lies outside of the interval.
    pub fn is_beyond_chance(&self) -> bool {
        let [low, high] = self.interval();
        low > 0.0 || high < 0.0
    }
}
