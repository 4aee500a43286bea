//! Methods that forecast a time series, and how their uncertainty grows with the horizon.
//!
//! The first two and their variances are the benchmarks of Hyndman and Athanasopoulos, *Forecasting: Principles and Practice*
//! (3rd edition, 2021), sections 5.2 and 5.5; the third adds the growth that planners see in the last quarter; the fourth is
//! the Theta method (see `theta`).

use super::theta::theta;

/// A method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// The last value (naive, a random walk).
    Last,
    /// The value of the same season a year before (seasonal naive).
    YearBefore,
    /// The same, grown as the last quarter of a year has grown since the one a year before it.
    GrownYearBefore,
    /// Exponential smoothing with half the trend, seasonally adjusted where there is a season.
    Theta,
}

/// What a method expects.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expected {
    /// By period ahead.
    pub(super) values: Vec<f64>,
    /// By period ahead: variance of the error as a multiple of that of one period ahead.
    pub(super) variances: Vec<f64>,
}

impl Method {
    /// In the order in which the first of several equally good ones is taken.
    pub(super) const ALL: [Self; 4] = [Self::Last, Self::YearBefore, Self::GrownYearBefore, Self::Theta];

    /// Its name in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Last => "last value",
            Self::YearBefore => "year before",
            Self::GrownYearBefore => "year before, grown",
            Self::Theta => "theta",
        }
    }

    /// Forecasts so many periods after a series with `season` periods a year; none where the series is too short for it.
    pub(super) fn forecast(self, series: &[f64], season: usize, periods: usize) -> Option<Expected> {
        match self {
            Self::Last => {
                let last = *series.last()?;
                let variances = (1..=periods).map(|ahead| ahead as f64).collect();
                Some(Expected { values: vec![last; periods], variances })
            }
            Self::YearBefore => year_before(series, season, periods, 1.0),
            Self::GrownYearBefore => {
                year_before(series, season, periods, growth(series, season, season.div_ceil(4))?)
            }
            Self::Theta => theta(series, season, periods),
        }
    }
}

/// Where a year is one period, the year before is the last value, which is a method already.
fn year_before(series: &[f64], season: usize, periods: usize, growth: f64) -> Option<Expected> {
    let first = series.len().checked_sub(season).filter(|_| season > 1)?;
    let values = (0..periods).map(|ahead| growth * series[first + ahead % season]).collect();
    let variances = (0..periods).map(|ahead| (1 + ahead / season) as f64).collect();
    Some(Expected { values, variances })
}

/// What the last `recent` periods are of the same ones a year before; none where these are not above 0.
fn growth(series: &[f64], season: usize, recent: usize) -> Option<f64> {
    let end = series.len().checked_sub(season)?;
    let before: f64 = series[end.checked_sub(recent)?..end].iter().sum();
    let now: f64 = series[series.len() - recent..].iter().sum();
    (before > 0.0 && now >= 0.0).then_some(now / before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_before_is_the_same_season_and_grows_as_the_last_quarter_did() {
        let year: Vec<f64> = (1..=12).map(f64::from).collect();
        let series: Vec<f64> =
            year.iter().chain(&year).enumerate().map(|(at, v)| if at < 21 { *v } else { 1.5 * v }).collect();
        let plain = Method::YearBefore.forecast(&series, 12, 14).unwrap();
        assert_eq!(plain.values[..3], [1.0, 2.0, 3.0]);
        assert_eq!((plain.values[11], plain.values[12]), (18.0, 1.0));
        assert_eq!((plain.variances[11], plain.variances[12]), (1.0, 2.0));
        let grown = Method::GrownYearBefore.forecast(&series, 12, 2).unwrap();
        assert_eq!(grown.values, [1.5, 3.0]);
        assert_eq!(
            Method::GrownYearBefore.forecast(&series[..14], 12, 2),
            None,
            "a quarter of the year before is missing"
        );
        assert_eq!(Method::YearBefore.forecast(&series[..11], 12, 2), None);
        assert_eq!(Method::YearBefore.forecast(&series, 1, 2), None);
    }

    #[test]
    fn a_random_walk_is_as_uncertain_as_it_is_far() {
        let last = Method::Last.forecast(&[3.0, 5.0], 12, 3).unwrap();
        assert_eq!(last, Expected { values: vec![5.0; 3], variances: vec![1.0, 2.0, 3.0] });
        assert_eq!(Method::Last.forecast(&[], 12, 3), None);
    }
}
