//! A clock from contextual factors, alone or together with seasons, from what came before a date.

use super::activity::Activity;
use super::clock::Clock;
use super::estimate::{Estimate, History, NoClock, season_estimates};
use super::factor_design::{FactorDesign, FactorReason};
use super::index::{Calendar, Indices};
use super::intensity::Intensity;
use super::maximum::{Maximum, Year, covariance, maximise};
use super::shrinkage::Shrunken;
use crate::clv::contextual_factors::ContextualFactors;
use crate::pipeline::Season;
use crate::units::Day;

/// What is known of one factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FactorEstimate {
    /// γ: the logarithm of the ratio of rates per unit; none where it is left out.
    pub(crate) coefficient: Option<f64>,
    /// None too where the coefficient is held.
    pub(crate) standard_error: Option<f64>,
    pub(crate) reason: Option<FactorReason>,
}

/// The clock of factors alone.
pub(super) fn of_factors(
    history: History<'_>,
    factors: &ContextualFactors,
    activity: &Activity,
    date: Day,
) -> Result<Estimate, NoClock> {
    let season_of = vec![0; factors.days_before(date)];
    let design = design(factors, date, &season_of)?;
    let intensity = intensity(activity, &season_of, 0, &design);
    let found = maximise(&intensity, Year(&[]))?;
    let months = part_of_year(Season::Month, history, date);
    // What purchases of all customers are in all is given, as the mean of a season is.
    let dispersion = intensity.dispersion(&found.parameters, &months, 1 + estimated(&found, 0));
    Ok(Estimate {
        clock: clock(Clock::CALENDAR, history, factors, &design, &found, date),
        seasons: Vec::new(),
        factors: estimates(&design, &found, 0, dispersion),
        dispersion,
    })
}

/// The clock of factors and seasons.
pub(super) fn of_both<const N: usize>(
    season: Season,
    history: History<'_>,
    factors: &ContextualFactors,
    activity: &Activity,
    date: Day,
) -> Result<Estimate, NoClock> {
    let calendar = Calendar::<N>::new(season, history.start, date);
    let design = design(factors, date, &calendar.season_of)?;
    let intensity = intensity(activity, &calendar.season_of, N, &design);
    let year = Year(&calendar.days);
    let found = maximise(&intensity, year)?;
    let seen = (0..N).filter(|season| calendar.season_of.contains(season)).count();
    let dispersion =
        intensity.dispersion(&found.parameters, &calendar.season_of, seen + estimated(&found, N));
    let indices = indices::<N>(&intensity, &calendar, year, &found, dispersion)?;
    let shrunken = Shrunken::new(&calendar, &indices)?;
    let by_season = Clock::new(season, &shrunken.indices, history.start..history.end);
    Ok(Estimate {
        clock: clock(by_season, history, factors, &design, &found, date),
        seasons: season_estimates(season, &indices, &shrunken),
        factors: estimates(&design, &found, N, dispersion),
        dispersion,
    })
}

/// # Errors
/// No factor whose days can be told from others.
fn design(factors: &ContextualFactors, date: Day, season_of: &[usize]) -> Result<FactorDesign, NoClock> {
    let design = FactorDesign::new(factors, date, season_of);
    if design.columns.is_empty() { Err(NoClock::NoFactor) } else { Ok(design) }
}

fn intensity<'a>(
    activity: &'a Activity,
    season_of: &'a [usize],
    seasons: usize,
    design: &'a FactorDesign,
) -> Intensity<'a> {
    let columns = design.columns.iter().map(|column| &column.values[..]).collect();
    Intensity { activity, season_of, seasons, columns }
}

/// Coefficients that are not held.
fn estimated(found: &Maximum, seasons: usize) -> usize {
    found.is_held[seasons..].iter().filter(|is_held| !**is_held).count()
}

fn part_of_year(season: Season, history: History<'_>, date: Day) -> Vec<usize> {
    (history.start.0..date.0).map(|day| season.of_day(Day(day))).collect()
}

/// Seasons' indices as [`Indices::estimate`] has them where there are no factors.
fn indices<const N: usize>(
    intensity: &Intensity<'_>,
    calendar: &Calendar<N>,
    year: Year<'_>,
    found: &Maximum,
    dispersion: f64,
) -> Result<Indices<N>, NoClock> {
    let mut even = found.parameters.clone();
    even[..N].fill(0.0);
    let mut held: Vec<Option<f64>> = vec![None; even.len()];
    for parameter in (N..even.len()).filter(|parameter| found.is_held[*parameter]) {
        held[parameter] = Some(even[parameter]);
    }
    let by_chance = covariance(intensity, year, &even, &held).ok_or(NoClock::UnlinkedFactors)?;
    let even_variance: [f64; N] = std::array::from_fn(|season| by_chance[season][season]);
    let purchases = intensity.purchases_of_seasons();
    let ratio: [f64; N] = std::array::from_fn(|season| found.parameters[season].exp());
    Ok(Indices {
        ratio,
        purchases: std::array::from_fn(|season| purchases[season]),
        even: calendar.by_season(intensity.expected(&even).into_iter()),
        variance: std::array::from_fn(|season| match found.is_held[season] {
            true => even_variance[season],
            false => found.covariance[season][season] * ratio[season].powi(2),
        }),
        even_variance,
        dispersion,
    })
}

fn clock(
    base: Clock,
    history: History<'_>,
    factors: &ContextualFactors,
    design: &FactorDesign,
    found: &Maximum,
    date: Day,
) -> Clock {
    let coefficients = &found.parameters[found.parameters.len() - design.columns.len()..];
    base.with_speeds(history.start, date, &design.speeds(factors, coefficients))
}

/// By factor, in units of its values.
fn estimates(design: &FactorDesign, found: &Maximum, seasons: usize, dispersion: f64) -> Vec<FactorEstimate> {
    let left_out = |reason: &Option<FactorReason>| FactorEstimate {
        coefficient: None,
        standard_error: None,
        reason: *reason,
    };
    let mut estimates: Vec<FactorEstimate> = design.left_out.iter().map(left_out).collect();
    for (place, column) in design.columns.iter().enumerate() {
        let parameter = seasons + place;
        let is_held = found.is_held[parameter];
        let error = (dispersion * found.covariance[parameter][parameter]).sqrt() / column.range;
        estimates[column.factor] = FactorEstimate {
            coefficient: Some(found.parameters[parameter] / column.range),
            standard_error: (!is_held).then_some(error),
            reason: is_held.then_some(FactorReason::Unbounded),
        };
    }
    estimates
}

#[cfg(test)]
mod tests {
    use super::super::drawn::{counted, drawn};
    use super::*;

    fn history(start: Day, end: Day) -> History<'static> {
        History { start, end, repeats: &[] }
    }

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() < tolerance, "{found} for {expected}");
    }

    /// A week in thirty days, and a number that jumps from day to day.
    fn factors(start: Day, end: Day) -> ContextualFactors {
        let days = 0..end.0 - start.0;
        let week = days.clone().map(|day| f64::from(u8::from(day % 30 < 7))).collect();
        ContextualFactors::of_days(
            start,
            vec![week, days.map(|day| f64::from(day * 37 % 101) / 10.0).collect()],
        )
    }

    /// `scipy.optimize.minimize` (BFGS, then Newton to a gradient below 1e-12) of the conditional likelihood written day by
    /// day, and the inverse of the exact information.
    #[test]
    fn scipy_finds_the_same_coefficients() {
        let (customers, start, end) = drawn();
        let (activity, factors) = (counted(&customers, start, end), factors(start, end));
        let found = of_factors(history(start, end), &factors, &activity, end).unwrap();
        let of = |factor: usize| found.factors[factor];
        close(of(0).coefficient.unwrap(), -0.028_478_807_736_2, 1e-8);
        close(of(1).coefficient.unwrap(), -0.017_695_727_351_0, 1e-8);
        assert_eq!(found.dispersion, 1.0, "χ² is 278.7 of 297 cells");
        close(of(0).standard_error.unwrap(), 0.120_773_100_778_6, 1e-8);
        close(of(1).standard_error.unwrap(), 0.017_421_626_210_7, 1e-8);
    }

    #[test]
    fn scipy_finds_the_same_coefficients_beside_months() {
        let (customers, start, end) = drawn();
        let (activity, factors) = (counted(&customers, start, end), factors(start, end));
        let found = of_both::<12>(Season::Month, history(start, end), &factors, &activity, end).unwrap();
        let of = |factor: usize| found.factors[factor];
        close(of(0).coefficient.unwrap(), -0.030_299_898_515_5, 1e-8);
        close(of(1).coefficient.unwrap(), -0.018_398_305_075_5, 1e-8);
        assert_eq!(found.dispersion, 1.0, "χ² is 262.0 of 289 cells");
        close(of(0).standard_error.unwrap(), 0.120_780_565_190_1, 1e-8);
        close(of(1).standard_error.unwrap(), 0.017_433_946_368_9, 1e-8);
        let ratio = [
            0.883_648_858_579_0,
            0.719_368_928_845_7,
            1.087_119_119_533_7,
            1.044_309_037_337_2,
            1.153_155_221_811_9,
            0.908_102_230_305_0,
            0.581_610_414_107_3,
            1.216_783_335_931_6,
            0.854_578_830_721_5,
            1.142_907_722_504_1,
            1.475_412_279_527_0,
            0.914_955_929_326_0,
        ];
        let error = [
            0.161_812_311_347_4,
            0.157_282_205_532_5,
            0.183_139_061_647_2,
            0.174_953_221_548_1,
            0.174_799_466_500_6,
            0.160_217_539_893_2,
            0.125_637_445_008_0,
            0.180_759_010_886_6,
            0.160_888_037_146_2,
            0.182_903_670_410_8,
            0.206_942_827_355_4,
            0.164_622_865_196_7,
        ];
        for (month, season) in found.seasons.iter().enumerate() {
            close(season.ratio, ratio[month], 1e-8);
            close(season.standard_error, error[month], 1e-8);
        }
    }

    /// Nobody buys on days on which the shop is closed: that is no rate of 0, but a low one.
    #[test]
    fn days_without_purchases_are_held_at_a_low_rate() {
        let (customers, start, end) = drawn();
        let is_open = |day: i32| day.rem_euclid(7) != 3;
        let customers: Vec<Vec<i32>> = customers
            .into_iter()
            .map(|days| {
                let (first, last) = (days[0], days[days.len() - 1]);
                days.into_iter().filter(|day| is_open(*day) || [first, last].contains(day)).collect()
            })
            .collect();
        let open = (start.0..end.0).map(|day| f64::from(u8::from(is_open(day)))).collect();
        let factors = ContextualFactors::of_days(start, vec![open]);
        let activity = counted(&customers, start, end);
        let found = of_factors(history(start, end), &factors, &activity, end).unwrap();
        close(found.factors[0].coefficient.unwrap(), 1000.0_f64.ln(), 1e-12);
        assert_eq!(
            (found.factors[0].standard_error, found.factors[0].reason),
            (None, Some(FactorReason::Unbounded))
        );
        let day = |day: i32| found.clock.ticks_between(day - 1, day);
        let closed = (end.0 - 30..end.0).find(|day| !is_open(*day)).unwrap();
        assert!(day(closed) <= 2, "{}", day(closed));
        assert!((1190..1200).contains(&day(closed + 1)), "{}: seven days in six", day(closed + 1));
    }

    #[test]
    fn without_purchases_or_values_to_compare_there_is_no_clock() {
        let (customers, start, end) = drawn();
        let activity = counted(&customers, start, end);
        let constant = ContextualFactors::of_days(start, vec![vec![1.0; 900]]);
        let none = of_factors(history(start, end), &constant, &activity, end).unwrap_err();
        assert_eq!(none, NoClock::NoFactor);
        let nobody = Activity { spans: Vec::new(), ..activity };
        let none = of_factors(history(start, end), &factors(start, end), &nobody, end).unwrap_err();
        assert_eq!(none, NoClock::UnlinkedFactors);
    }
}
