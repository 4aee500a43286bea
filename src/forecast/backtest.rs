//! Back-test of forecasts with a rolling origin (Tashman, "Out-of-sample tests of forecasting accuracy", *International Journal
//! of Forecasting* 16, 2000): the last periods are forecast from what was known before each of them.

use super::method::Method;

/// How near a method was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Accuracy {
    pub(super) method: Method,
    /// Periods forecast, each from every origin before it.
    pub(super) forecasts: usize,
    /// Mean absolute error over that of the last value one period ahead, over the whole series: the mean absolute scaled error
    /// of Hyndman and Koehler ("Another look at measures of forecast accuracy", 2006). None where the series never changed.
    pub(super) scaled_error: Option<f64>,
    /// Mean absolute error.
    pub(super) absolute_error: f64,
    /// Root mean squared error one period ahead.
    pub(super) one_ahead: f64,
}

/// Periods before which the series is forecast.
fn origins(length: usize, season: usize) -> std::ops::Range<usize> {
    let wanted = (season / 2).max(LEAST_ORIGINS);
    length.saturating_sub(wanted).max(LEAST_KNOWN)..length
}

const LEAST_ORIGINS: usize = 3;

/// Values that a method is to know at least.
const LEAST_KNOWN: usize = 3;

/// Every method that can forecast from each origin, by the same forecasts.
pub(super) fn backtest(series: &[f64], season: usize) -> Vec<Accuracy> {
    Method::ALL.into_iter().filter_map(|method| accuracy(method, series, season)).collect()
}

fn accuracy(method: Method, series: &[f64], season: usize) -> Option<Accuracy> {
    let origins = origins(series.len(), season);
    if origins.is_empty() {
        return None;
    }
    let (mut sum, mut count, mut squares, mut ahead) = (0.0, 0_usize, 0.0, 0_usize);
    for origin in origins {
        let (known, came) = series.split_at(origin);
        let expected = method.forecast(known, season, came.len())?.values;
        for (value, expected) in came.iter().zip(&expected) {
            sum += (value - expected).abs();
            count += 1;
        }
        squares += (came[0] - expected[0]).powi(2);
        ahead += 1;
    }
    let absolute_error = sum / count as f64;
    let steps: f64 = series.windows(2).map(|two| (two[1] - two[0]).abs()).sum();
    let scale = steps / (series.len() - 1) as f64;
    Some(Accuracy {
        method,
        forecasts: count,
        scaled_error: (scale > 0.0).then(|| absolute_error / scale),
        absolute_error,
        one_ahead: (squares / ahead as f64).sqrt(),
    })
}

/// The nearest method, the first of those that are equally near.
pub(super) fn nearest(accuracies: &[Accuracy]) -> Option<&Accuracy> {
    accuracies.iter().min_by(|a, b| a.absolute_error.total_cmp(&b.absolute_error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_period_is_forecast_from_every_origin_before_it() {
        // Origins 3, 4 and 5; the last value misses by 1 for each period ahead.
        let found = backtest(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 1);
        let last = found[0];
        assert_eq!((last.method, last.forecasts), (Method::Last, 6));
        assert_eq!((last.absolute_error, last.one_ahead), ((1.0 + 2.0 + 3.0 + 1.0 + 2.0 + 1.0) / 6.0, 1.0));
        assert_eq!(last.scaled_error, Some(10.0 / 6.0));
        assert!(backtest(&[1.0, 2.0, 3.0], 1).is_empty(), "too short");
    }

    #[test]
    fn a_season_is_forecast_by_the_year_before() {
        let series: Vec<f64> = (0..24).map(|at| f64::from(100 + 10 * (at % 12))).collect();
        let found = backtest(&series, 12);
        assert_eq!(nearest(&found).unwrap().method, Method::YearBefore);
        let constant = backtest(&[7.0; 24], 12);
        assert_eq!(nearest(&constant).unwrap().method, Method::Last);
        assert_eq!(constant[0].scaled_error, None);
    }
}
