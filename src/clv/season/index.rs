//! Indices of seasons by conditional maximum likelihood, free of customers' rates and of how they lapse.
//!
//! ln L = Σ over purchases ln s − Σ over spans (x − 1) ln (τ(last) − τ(first)), see [`super::activity`]. By the logarithm of
//! a season's index its derivative is purchases less expected ones, a span's purchases being expected on its days in
//! proportion to the index: at the maximum seasons have as many purchases as the customers active in them should have made.
//! Newton's method, with the information of [`super::information`] while it is far and a fixed one when it is near.
//!
//! With seasons of months and spans of a year this is the ratio to a moving year of classical decomposition (F. R. Macaulay,
//! *The Smoothing of Time Series*, NBER 1931) by customer; it needs no full year on either side of a month, and no trend.

use super::activity::Activity;
use super::estimate::NoClock;
use super::information::Information;
use crate::pipeline::Season;
use crate::units::Day;

/// Steps of the search.
const MOST_STEPS: usize = 200;
/// Those with an information of their own; of later ones, one in ten.
const FAR: usize = 3;
/// A smaller step is the last.
const SETTLED: f64 = 1e-11;
/// No step goes further: an index at most triples at once.
const LONGEST: f64 = 1.0;
/// The index of a season without any purchase, whose likelihood has no maximum above 0.
pub(super) const NONE: f64 = 0.001;

/// Estimates of the seasons of a year.
#[derive(Debug, Clone)]
pub(super) struct Indices<const N: usize> {
    /// With a mean of 1 over the days of a common year.
    pub(super) ratio: [f64; N],
    /// Purchases between first and last ones.
    pub(super) purchases: [u64; N],
    /// What these would be without seasons: spans' purchases spread evenly over their days.
    pub(super) even: [f64; N],
    /// Of the ratios.
    pub(super) variance: [f64; N],
    /// The same if there were no seasons: what chance alone would make of ratios.
    pub(super) even_variance: [f64; N],
    /// Variance of purchases of seasons of single years over that of a Poisson law, at least 1.
    pub(super) dispersion: f64,
}

/// The days of a history by their seasons.
pub(super) struct Calendar<const N: usize> {
    /// Of each day since the start.
    pub(super) season_of: Vec<usize>,
    /// Days of a common year.
    pub(super) days: [f64; N],
}

impl<const N: usize> Calendar<N> {
    pub(super) fn new(season: Season, start: Day, date: Day) -> Self {
        let days = season.days();
        Self {
            season_of: (start.0..date.0).map(|day| season.of_day(Day(day))).collect(),
            days: std::array::from_fn(|season| f64::from(days[season])),
        }
    }

    /// Days of a common year on the clock.
    pub(super) fn mean(&self, indices: &[f64; N]) -> f64 {
        let sum: f64 = indices.iter().zip(&self.days).map(|(index, days)| index * days).sum();
        sum / self.days.iter().sum::<f64>()
    }

    /// Parts of a year on the clock.
    fn parts(&self, indices: &[f64; N]) -> [f64; N] {
        let year = self.mean(indices) * self.days.iter().sum::<f64>();
        std::array::from_fn(|season| indices[season] * self.days[season] / year)
    }

    pub(super) fn by_season(&self, of_days: impl Iterator<Item = f64>) -> [f64; N] {
        let mut sums = [0.0; N];
        self.season_of.iter().zip(of_days).for_each(|(season, of_day)| sums[*season] += of_day);
        sums
    }
}

impl<const N: usize> Indices<N> {
    /// The estimate of the history's purchases.
    pub(super) fn estimate(calendar: &Calendar<N>, activity: &Activity) -> Result<Self, NoClock> {
        let mut purchases = [0; N];
        for (season, of_day) in calendar.season_of.iter().zip(&activity.purchases) {
            purchases[*season] += of_day;
        }
        let information = Information::new(&calendar.season_of, activity);
        let all = information.inverse(&[1.0; N], &calendar.parts(&[1.0; N]), &[true; N]);
        let even_variance = all.ok_or(NoClock::Unlinked)?.variance();
        let is_free = purchases.map(|purchases| purchases > 0);
        let ratio = maximise(calendar, activity, &information, &purchases.map(float), &is_free)?;
        let inverse =
            information.inverse(&ratio, &calendar.parts(&ratio), &is_free).ok_or(NoClock::Unlinked)?;
        let variance = inverse.variance();
        Ok(Self {
            purchases,
            even: calendar.by_season(expected(calendar, activity, &[1.0; N]).into_iter()),
            variance: std::array::from_fn(|season| match is_free[season] {
                true => variance[season] * ratio[season].powi(2),
                false => even_variance[season],
            }),
            even_variance,
            dispersion: dispersion(calendar, activity, &ratio),
            ratio,
        })
    }
}

/// Seasons that are not free have no purchases.
fn maximise<const N: usize>(
    calendar: &Calendar<N>,
    activity: &Activity,
    information: &Information<N>,
    purchases: &[f64; N],
    is_free: &[bool; N],
) -> Result<[f64; N], NoClock> {
    let mut ratio = is_free.map(|is_free| if is_free { 1.0 } else { NONE });
    let mut curvature = None;
    for step in 0..MOST_STEPS {
        if step < FAR || step % 10 == 0 {
            curvature = information.inverse(&ratio, &calendar.parts(&ratio), is_free);
        }
        let curvature = curvature.as_ref().ok_or(NoClock::Unlinked)?;
        let expected = calendar.by_season(expected(calendar, activity, &ratio).into_iter());
        let free = || (0..N).filter(|season| is_free[*season]);
        let before = ratio;
        for season in free() {
            let row = &curvature.damped[season];
            let by: f64 = free().map(|other| row[other] * (purchases[other] - expected[other])).sum();
            ratio[season] *= by.clamp(-LONGEST, LONGEST).exp();
        }
        let mean = calendar.mean(&ratio);
        free().for_each(|season| ratio[season] /= mean);
        // What all free seasons do alike, the mean takes back.
        let step = |season: usize| (ratio[season] / before[season]).ln().abs();
        if free().map(step).fold(0.0, f64::max) < SETTLED {
            return Ok(ratio);
        }
    }
    Err(NoClock::Unsettled)
}

/// Purchases of each day: those of a span in proportion to the indices of its days.
fn expected<const N: usize>(calendar: &Calendar<N>, activity: &Activity, indices: &[f64; N]) -> Vec<f64> {
    let mut time = vec![0.0];
    for season in &calendar.season_of {
        time.push(time[time.len() - 1] + indices[*season]);
    }
    let mut change = vec![0.0; calendar.season_of.len() + 1];
    for span in &activity.spans {
        let days = span.days();
        let rate = float(span.purchases) / (time[days.end] - time[days.start]);
        change[days.start] += rate;
        change[days.end] -= rate;
    }
    let mut rate = 0.0;
    for (change, season) in change.iter_mut().zip(&calendar.season_of) {
        rate += *change;
        *change = rate * indices[*season];
    }
    change.pop();
    change
}

/// Pearson's χ² of the seasons of single years, over its degrees of freedom.
fn dispersion<const N: usize>(calendar: &Calendar<N>, activity: &Activity, ratio: &[f64; N]) -> f64 {
    let expected = expected(calendar, activity, ratio);
    let days = calendar.season_of.iter().zip(&activity.purchases).zip(&expected);
    let (mut sum, mut cells, mut seen) = (0.0, 0, [false; N]);
    let days: Vec<_> = days.collect();
    for cell in days.chunk_by(|((left, _), _), ((right, _), _)| left == right) {
        let came: u64 = cell.iter().map(|((_, came), _)| **came).sum();
        let expected: f64 = cell.iter().map(|(_, expected)| **expected).sum();
        if expected >= 1.0 {
            sum += (float(came) - expected).powi(2) / expected;
            cells += 1;
            seen[*cell[0].0.0] = true;
        }
    }
    let free = cells - seen.iter().filter(|seen| **seen).count();
    if free == 0 { 1.0 } else { (sum / free as f64).max(1.0) }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 purchases are more than there are")]
fn float(purchases: u64) -> f64 {
    purchases as f64
}

#[cfg(test)]
mod tests {
    use super::super::drawn::{counted, drawn};
    use super::*;

    fn estimated(customers: &[Vec<i32>], start: Day, end: Day) -> Indices<12> {
        let activity = counted(customers, start, end);
        Indices::estimate(&Calendar::new(Season::Month, start, end), &activity).unwrap()
    }

    /// Every span is a common year or two of them, whole, so that purchases are expected in proportion to the days of months:
    /// the index is the month's part of purchases over its part of days.
    #[test]
    fn ratios_by_hand() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let (start, end) = (day("2021-01-01"), day("2024-01-01"));
        let mut customers = Vec::new();
        for (first, last) in
            [("2020-12-31", "2022-01-01"), ("2021-12-31", "2023-01-01"), ("2020-12-31", "2023-01-01")]
        {
            let (first, last) = (day(first).0.max(start.0 - 1) + 1, day(last).0);
            // The first purchase is on 1 January, so its day is left out: 364 or 729 days.
            customers.push((first, last));
        }
        let mut histories = Vec::new();
        for (first, last) in customers {
            for (month, purchases) in [(1, 2), (2, 1), (5, 3), (8, 1), (11, 2), (12, 6)] {
                let year = Day(first).ymd().0;
                let begin = Day::from_ymd(year, month, 3).unwrap().0;
                for place in 0..purchases {
                    histories.push(vec![first, begin + place, last]);
                }
            }
        }
        let found = estimated(&histories, start, end);
        // 15 purchases of each of three spans. January has 30 of 364 days, once 61 of 729: nearly its part of a year.
        assert_eq!(found.purchases, [6, 3, 0, 0, 9, 0, 0, 3, 0, 0, 6, 18]);
        for (month, part) in [(1, 3.0 / 45.0), (4, 9.0 / 45.0), (7, 3.0 / 45.0), (11, 18.0 / 45.0)] {
            let days = f64::from(Season::Month.days()[month]);
            let by_hand = part * 365.0 / days;
            let apart = found.ratio[month] / by_hand - 1.0;
            assert!(apart.abs() < 0.01, "month {month}: {} for {by_hand}", found.ratio[month]);
        }
        assert!(found.ratio[2] < 0.002, "a month without purchase: {}", found.ratio[2]);
    }

    /// `scipy.optimize.minimize` (BFGS, gradient below 1e-10) of the conditional likelihood written day by day, and the
    /// inverse of the exact information.
    #[test]
    fn scipy_finds_the_same_indices() {
        let (customers, start, end) = drawn();
        let found = estimated(&customers, start, end);
        assert_eq!(found.purchases, [28, 20, 33, 34, 41, 31, 21, 43, 27, 36, 46, 29]);
        let ratio = [
            0.884_039_118,
            0.719_264_874,
            1.087_614_808,
            1.045_674_536,
            1.151_492_215,
            0.908_279_488,
            0.582_779_032,
            1.214_081_387,
            0.854_496_167,
            1.141_921_125,
            1.476_808_618,
            0.915_582_614,
        ];
        let even = [
            31.734_266, 27.792_453, 30.352_322, 32.520_177, 35.446_579, 33.724_475, 35.563_994, 35.177_15,
            31.583_398, 31.766_195, 31.450_145, 31.888_845,
        ];
        let error =
            [0.1831, 0.2186, 0.1685, 0.1675, 0.1516, 0.1764, 0.216, 0.1486, 0.1883, 0.16, 0.1402, 0.1799];
        for month in 0..12 {
            assert!((found.ratio[month] - ratio[month]).abs() < 1e-7, "{month}: {}", found.ratio[month]);
            assert!((found.even[month] - even[month]).abs() < 1e-5, "{month}: {}", found.even[month]);
            let deviation = found.variance[month].sqrt() / found.ratio[month] / error[month];
            assert!((0.9..1.1).contains(&deviation), "{month}: {deviation} of the exact error");
        }
    }
}
