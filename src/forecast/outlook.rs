//! A volume over the next periods: by the method that was nearest, with an interval, as decimals of the volume's own digits.

use super::backtest::{Accuracy, backtest, nearest};
use super::method::Method;
use crate::error::{Error, Result};
use crate::units::{Decimal, pow10};

/// Normal quantile of a two-sided interval of 95 %.
const QUANTILE: f64 = 1.959_963_984_540_054;

/// What is expected of a volume.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outlook {
    pub(super) method: Method,
    pub(super) accuracies: Vec<Accuracy>,
    /// By period ahead.
    pub(super) volumes: Vec<Interval>,
}

/// A volume, and the interval of 95 %; none where the series is too short for a back-test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) expected: Decimal,
    pub(super) bounds: Option<[Decimal; 2]>,
}

impl Outlook {
    /// Of the volumes of complete periods, all at `scale`; none where there are none.
    ///
    /// # Errors
    /// A volume beyond 18 digits; `name` says of what.
    pub(super) fn of(
        volumes: &[i128],
        scale: u8,
        season: usize,
        periods: usize,
        name: &str,
    ) -> Result<Option<Self>> {
        let unit = pow10(scale) as f64;
        let series: Vec<f64> = volumes.iter().map(|volume| *volume as f64 / unit).collect();
        let accuracies = backtest(&series, season);
        let best = nearest(&accuracies);
        let method = best.map_or(Method::Last, |best| best.method);
        let Some(expected) = method.forecast(&series, season, periods) else { return Ok(None) };
        let (deviation, never_negative) =
            (best.map(|best| best.one_ahead), series.iter().all(|value| *value >= 0.0));
        let decimal = |value: f64| {
            let value = if never_negative { value.max(0.0) } else { value };
            rounded(value, scale)
                .ok_or_else(|| Error::too_many_digits(format!("forecast: the volume of {name}")))
        };
        let interval = |(value, variance): (&f64, &f64)| {
            let half = deviation.map(|deviation| QUANTILE * deviation * variance.sqrt());
            let bounds = half.map(|half| Ok([decimal(value - half)?, decimal(value + half)?])).transpose()?;
            Ok(Interval { expected: decimal(*value)?, bounds })
        };
        let volumes = expected.values.iter().zip(&expected.variances).map(interval);
        Ok(Some(Self { method, volumes: volumes.collect::<Result<_>>()?, accuracies }))
    }
}

/// The nearest decimal with these digits after the point; `None` beyond 18 digits in all.
#[allow(clippy::cast_possible_truncation, reason = "bounded before")]
fn rounded(value: f64, scale: u8) -> Option<Decimal> {
    let mantissa = (value * pow10(scale) as f64).round();
    (mantissa.abs() < 1e18).then_some(Decimal { mantissa: mantissa as i128, scale })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(mantissa: i128) -> Decimal {
        Decimal { mantissa, scale: 1 }
    }

    #[test]
    fn a_volume_has_its_digits_and_is_not_below_zero() {
        let found = Outlook::of(&[10, 0, 10, 0, 10, 0, 10], 1, 12, 2, "x").unwrap().unwrap();
        assert_eq!(found.volumes.len(), 2);
        for of in &found.volumes {
            let [low, high] = of.bounds.unwrap();
            assert!(low == decimal(0) && high.mantissa > of.expected.mantissa, "{of:?}");
        }
        let short = Outlook::of(&[15], 1, 12, 1, "x").unwrap().unwrap();
        assert_eq!(short.volumes, [Interval { expected: decimal(15), bounds: None }]);
        assert_eq!(Outlook::of(&[], 1, 12, 1, "x").unwrap(), None);
    }
}
