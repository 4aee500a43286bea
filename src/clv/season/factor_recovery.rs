//! Known coefficients are found again: histories drawn in operational time that follows campaigns and a price index.

use super::recovery::{DATA_SETS, SPAN, count, draw, foretold, history, truth};
use super::{Clock, estimate};
use crate::clv::contextual_factors::ContextualFactors;
use crate::clv::timing_kind::TimingKind;
use crate::pipeline::Season;
use crate::units::Day;

/// A campaign brings 60 % more purchases; a price that is 1 % higher brings 3 % less.
const COEFFICIENTS: [f64; 2] = [0.470_003_629, -0.03];

const CUSTOMERS: u32 = 500;

/// Ten days of campaign in 61, and a price index that goes up and down about its trend, from the start on.
fn factors(start: Day, end: Day) -> ContextualFactors {
    let days = 0..end.0 - start.0;
    let campaign = days.clone().map(|day| f64::from(u8::from(day % 61 < 10))).collect();
    let price = |day: i32| 100.0 + f64::from(day) / 300.0 + 8.0 * (f64::from(day) / 47.0).sin();
    ContextualFactors::of_days(start, vec![campaign, days.map(price).collect()])
}

/// A clock that follows them.
fn following(base: Clock, factors: &ContextualFactors, start: Day, end: Day) -> Clock {
    let speed = |day: usize| {
        let [campaign, price] = [0, 1].map(|factor| factors.values(factor)[day]);
        (COEFFICIENTS[0] * campaign + COEFFICIENTS[1] * (price - 100.0)).exp()
    };
    let speeds: Vec<f64> = (0..factors.values(0).len()).map(speed).collect();
    base.with_speeds(start, end, &speeds)
}

/// Of so many bases, in which several purchases of a day are one, as in histories, so that fast days lose a few: the share of
/// coefficients within 1.96 standard errors of the truth, and the mean of each.
fn recovered(season: Season, data_sets: u64) -> (f64, [f64; 2]) {
    let (start, end) = ("2021-03-15".parse().unwrap(), "2023-09-01".parse().unwrap());
    let base = if season == Season::None { Clock::CALENDAR } else { truth(season, start, end).1 };
    let factors = factors(start, end);
    let clock = following(base, &factors, start, end);
    let kind = TimingKind { season, has_factors: true };
    let (mut within, mut means) = (0_u32, [0.0; 2]);
    for seed in 0..data_sets {
        let base = count(&draw(&clock, start, end, CUSTOMERS, seed), start, end);
        let counts = std::iter::once(&base.counts);
        let found = estimate(kind, history(start, end, &base), Some(&factors), counts, end).unwrap();
        for ((truth, found), mean) in COEFFICIENTS.iter().zip(&found.factors).zip(&mut means) {
            let (coefficient, error) = (found.coefficient.unwrap(), found.standard_error.unwrap());
            within += u32::from((coefficient - truth).abs() < 1.96 * error);
            *mean += coefficient / data_sets as f64;
        }
    }
    (f64::from(within) / (data_sets * 2) as f64, means)
}

fn check_recovery(season: Season, data_sets: u64, bounds: std::ops::Range<f64>) {
    let (coverage, means) = recovered(season, data_sets);
    println!(
        "{season:?}: coverage {coverage:.4} of 95 %; {COEFFICIENTS:.3?} found on average as {means:.3?}"
    );
    assert!(bounds.contains(&coverage), "{coverage}");
    assert!((means[0] - COEFFICIENTS[0]).abs() < 0.02, "{means:?}");
    assert!((means[1] - COEFFICIENTS[1]).abs() < 0.002, "{means:?}");
}

#[test]
fn coefficients_are_found_at_the_nominal_rate() {
    check_recovery(Season::None, DATA_SETS, 0.92..0.98);
}

#[test]
fn coefficients_are_found_beside_seasons() {
    check_recovery(Season::Month, DATA_SETS / 2, 0.91..0.99);
}

/// A quarter of campaign that is planned.
#[test]
fn a_planned_campaign_is_foretold() {
    let [start, date, end] = SPAN.map(|day| day.parse::<Day>().unwrap());
    let seen = date.0 - start.0;
    let campaign = |day: i32| f64::from(u8::from(day >= seen || day % 61 < 10));
    let values = (0..end.0 - start.0).map(campaign).collect();
    let factors = ContextualFactors::of_days(start, vec![values]);
    let speeds: Vec<f64> = factors.values(0).iter().map(|value| (COEFFICIENTS[0] * value).exp()).collect();
    let truth = Clock::CALENDAR.with_speeds(start, date, &speeds);
    let kind = TimingKind { season: Season::None, has_factors: true };
    let [came, flat, timed] = foretold(&truth, kind, Some(&factors), 2_000);
    assert!(flat / came < 0.75, "{}", flat / came);
    assert!((timed / came - 1.0).abs() < 0.04, "{}", timed / came);
}
