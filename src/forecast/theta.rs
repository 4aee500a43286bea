//! The Theta method (Assimakopoulos and Nikolopoulos, "The theta model: a decomposition approach to forecasting",
//! *International Journal of Forecasting* 16, 2000): the best of the M3 competition. It is simple exponential smoothing with a
//! drift of half the linear trend (Hyndman and Billah, "Unmasking the Theta method", *International Journal of Forecasting* 19,
//! 2003, equations 7 and 8), of the series without its season, where a test says that it has one.

use super::method::Expected;

/// Quantile of the two-sided test of the season at 10 %, as in the M4 competition.
const SEASON_QUANTILE: f64 = 1.645;

/// Forecasts so many periods; none of fewer than three values.
pub(super) fn theta(series: &[f64], season: usize, periods: usize) -> Option<Expected> {
    if series.len() < 3 {
        return None;
    }
    let indices = seasonal_indices(series, season);
    let index = |at: usize| indices.as_ref().map_or(1.0, |indices| indices[at % season]);
    let adjusted: Vec<f64> = series.iter().enumerate().map(|(at, value)| value / index(at)).collect();
    let alpha = smoothing(&adjusted);
    let (level, _) = smoothed(&adjusted, alpha);
    let drift = slope(&adjusted) / 2.0;
    let count = series.len() as f64;
    let behind = (1.0 - (1.0 - alpha).powf(count)) / alpha;
    let ahead = |ahead: usize| index(series.len() + ahead) * (level + drift * (ahead as f64 + behind));
    let variances = (0..periods).map(|ahead| 1.0 + ahead as f64 * alpha * alpha).collect();
    Some(Expected { values: (0..periods).map(ahead).collect(), variances })
}

/// Multiplicative seasonal indices by classical decomposition, by place in the series modulo the season; none where the series
/// is shorter than two years, has values that are not above 0, or shows no season.
fn seasonal_indices(series: &[f64], season: usize) -> Option<Vec<f64>> {
    let is_long = season > 1 && series.len() >= 2 * season;
    if !is_long || series.iter().any(|value| *value <= 0.0) || !has_season(series, season) {
        return None;
    }
    let mut ratios = vec![(0.0, 0_u32); season];
    let half = season / 2;
    for at in half..series.len() - half {
        let trend = centred_mean(series, at, season);
        let (sum, count) = &mut ratios[at % season];
        *sum += series[at] / trend;
        *count += 1;
    }
    let means: Vec<f64> = ratios.iter().map(|(sum, count)| sum / f64::from((*count).max(1))).collect();
    let mean = means.iter().sum::<f64>() / season as f64;
    let is_known = ratios.iter().all(|(sum, count)| *count > 0 && *sum > 0.0);
    is_known.then(|| means.iter().map(|of| of / mean).collect())
}

/// Moving average over a year; of an even number of periods the two at the ends count half.
fn centred_mean(series: &[f64], at: usize, season: usize) -> f64 {
    let half = season / 2;
    let window = &series[at - half..=at + half];
    let mut sum: f64 = window.iter().sum();
    if season.is_multiple_of(2) {
        sum -= (window[0] + window[window.len() - 1]) / 2.0;
    }
    sum / season as f64
}

/// Whether the autocorrelation at a year is beyond what Bartlett's standard error allows.
fn has_season(series: &[f64], season: usize) -> bool {
    let correlation = |lag| autocorrelation(series, lag);
    let squares: f64 = (1..season).map(|lag| correlation(lag).powi(2)).sum();
    let error = ((1.0 + 2.0 * squares) / series.len() as f64).sqrt();
    correlation(season).abs() > SEASON_QUANTILE * error
}

fn autocorrelation(series: &[f64], lag: usize) -> f64 {
    let mean = series.iter().sum::<f64>() / series.len() as f64;
    let product = |a: f64, b: f64| (a - mean) * (b - mean);
    let all: f64 = series.iter().map(|value| product(*value, *value)).sum();
    let lagged: f64 = series.iter().zip(&series[lag..]).map(|(a, b)| product(*a, *b)).sum();
    if all > 0.0 { lagged / all } else { 0.0 }
}

/// Least-squares slope over time.
fn slope(series: &[f64]) -> f64 {
    let count = series.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = series.iter().sum::<f64>() / count;
    let times = (0..series.len()).map(|at| at as f64 - middle);
    let moment: f64 = times.zip(series).map(|(time, value)| time * (value - mean)).sum();
    moment / (count * (count * count - 1.0) / 12.0)
}

/// Level after exponential smoothing from the first value on, and the sum of squared errors of one period ahead.
fn smoothed(series: &[f64], alpha: f64) -> (f64, f64) {
    let mut level = series[0];
    let mut squares = 0.0;
    for value in &series[1..] {
        let error = value - level;
        squares += error * error;
        level += alpha * error;
    }
    (level, squares)
}

/// The smoothing with the smallest sum of squared errors, to a hundredth: it may have several minima, and is flat near the best.
fn smoothing(series: &[f64]) -> f64 {
    let mut best = (f64::INFINITY, 1.0);
    for hundredths in 1..=100 {
        let alpha = f64::from(hundredths) / 100.0;
        let (_, squares) = smoothed(series, alpha);
        if squares < best.0 {
            best = (squares, alpha);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "{found}, expected {expected}");
    }

    #[test]
    fn a_straight_line_goes_on_at_half_its_slope() {
        let line: Vec<f64> = (0..40).map(|at| 100.0 + 2.0 * f64::from(at)).collect();
        let found = theta(&line, 12, 3).unwrap();
        // Smoothed by 1 the level is the last value, and drift is 1 a period.
        for (ahead, value) in found.values.iter().enumerate() {
            near(*value, 178.0 + 1.0 + ahead as f64, 1e-9);
        }
        assert_eq!(found.variances, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn seasonal_indices_of_a_pure_season_are_the_season() {
        let season = [0.5, 1.5, 1.25, 0.75];
        let series: Vec<f64> = (0..16).map(|at| 200.0 * season[at % 4]).collect();
        let indices = seasonal_indices(&series, 4).unwrap();
        indices.iter().zip(season).for_each(|(found, expected)| near(*found, expected, 1e-12));
        let found = theta(&series, 4, 4).unwrap();
        found.values.iter().zip(season).for_each(|(found, expected)| near(*found, 200.0 * expected, 1e-6));
        assert_eq!(seasonal_indices(&series[..7], 4), None, "less than two years");
        assert_eq!(seasonal_indices(&[1.0; 16], 4), None, "no season");
    }

    /// Monthly international airline passengers in thousands, 1949 to 1960 (Box and Jenkins, *Time Series Analysis*, 1976, series
    /// G). statsmodels 0.15, `ThetaModel(…, period=12, method="multiplicative").fit(use_mle=False)`, forecasts 1961 with α = 0.839.
    #[test]
    fn airline_passengers_are_forecast_as_by_statsmodels() {
        let expected = [
            440.068, 428.374, 489.696, 475.694, 479.659, 545.354, 602.738, 601.087, 523.940, 456.617,
            397.945, 447.635,
        ];
        let found = theta(&AIRLINE_PASSENGERS, 12, 12).unwrap();
        for (found, expected) in found.values.iter().zip(expected) {
            near(*found, expected, 0.0005 * expected);
        }
    }

    #[rustfmt::skip]
    const AIRLINE_PASSENGERS: [f64; 144] = [
        112.0, 118.0, 132.0, 129.0, 121.0, 135.0, 148.0, 148.0, 136.0, 119.0, 104.0, 118.0,
        115.0, 126.0, 141.0, 135.0, 125.0, 149.0, 170.0, 170.0, 158.0, 133.0, 114.0, 140.0,
        145.0, 150.0, 178.0, 163.0, 172.0, 178.0, 199.0, 199.0, 184.0, 162.0, 146.0, 166.0,
        171.0, 180.0, 193.0, 181.0, 183.0, 218.0, 230.0, 242.0, 209.0, 191.0, 172.0, 194.0,
        196.0, 196.0, 236.0, 235.0, 229.0, 243.0, 264.0, 272.0, 237.0, 211.0, 180.0, 201.0,
        204.0, 188.0, 235.0, 227.0, 234.0, 264.0, 302.0, 293.0, 259.0, 229.0, 203.0, 229.0,
        242.0, 233.0, 267.0, 269.0, 270.0, 315.0, 364.0, 347.0, 312.0, 274.0, 237.0, 278.0,
        284.0, 277.0, 317.0, 313.0, 318.0, 374.0, 413.0, 405.0, 355.0, 306.0, 271.0, 306.0,
        315.0, 301.0, 356.0, 348.0, 355.0, 422.0, 465.0, 467.0, 404.0, 347.0, 305.0, 336.0,
        340.0, 318.0, 362.0, 348.0, 363.0, 435.0, 491.0, 505.0, 404.0, 359.0, 310.0, 337.0,
        360.0, 342.0, 406.0, 396.0, 420.0, 472.0, 548.0, 559.0, 463.0, 407.0, 362.0, 405.0,
        417.0, 391.0, 419.0, 461.0, 472.0, 535.0, 622.0, 606.0, 508.0, 461.0, 390.0, 432.0,
    ];
}
