//! Known seasons are found again: histories drawn in operational time, seen in the calendar.

use super::{Clock, History, estimate};
use crate::clv::contextual_factors::ContextualFactors;
use crate::clv::models::Counts;
use crate::clv::models::simulate::Draws;
use crate::clv::timing_kind::TimingKind;
use crate::pipeline::Season;
use crate::units::Day;

/// Relative sales of months as retailers know them.
const SALES: [f64; 12] = [0.80, 0.82, 0.95, 0.98, 1.00, 0.96, 0.90, 0.88, 1.02, 1.05, 1.24, 1.40];
pub(super) const DATA_SETS: u64 = 200;

/// Start of a history, the date that purchases are foretold at, and the day until which.
pub(super) const SPAN: [&str; 3] = ["2020-06-01", "2022-10-01", "2023-01-01"];

/// What is counted of customers before a date.
pub(super) struct Base {
    pub(super) counts: Counts,
    pub(super) repeats: Vec<u64>,
}

/// The clock that histories are drawn by.
pub(super) fn truth(season: Season, start: Day, end: Day) -> (Vec<f64>, Clock) {
    let mut indices: Vec<f64> = match season {
        Season::Week => (0..52).map(|week| SALES[(week * 12 + 6) / 52]).collect(),
        _ => SALES.to_vec(),
    };
    let days = season.days();
    let mean = indices.iter().zip(&days).map(|(index, days)| index * f64::from(*days)).sum::<f64>() / 365.0;
    indices.iter_mut().for_each(|index| *index /= mean);
    let clock = Clock::new(season, &indices, start..end);
    (indices, clock)
}

/// Purchase days of customers as MBG/NBD has them: gamma rates, beta lapses after any purchase; won at all times.
pub(super) fn draw(clock: &Clock, start: Day, end: Day, customers: u32, seed: u64) -> Vec<Vec<i32>> {
    let mut draws = Draws::new(seed, 0);
    let customer = |_| {
        let first = start.0 + whole(draws.uniform() * f64::from(end.0 - start.0));
        let (rate, lapse) = (draws.gamma(1.5) / 60.0, draws.beta(0.8, 6.0));
        let (mut time, mut days) = (draws.uniform(), vec![first]);
        while draws.uniform() >= lapse {
            time -= draws.uniform().ln() / rate;
            let day = first + whole(clock.calendar_days(first - 1, time).min(1e5));
            if day >= end.0 {
                break;
            }
            days.push(day);
        }
        days.dedup();
        days
    };
    (0..customers).map(customer).collect()
}

#[allow(clippy::cast_possible_truncation, reason = "days of a history, or a little more")]
fn whole(days: f64) -> i32 {
    days.floor() as i32
}

pub(super) fn count(customers: &[Vec<i32>], start: Day, date: Day) -> Base {
    let since = |from: i32, day: i32| u32::try_from(day - from).unwrap();
    let mut repeats = vec![0; since(start.0, date.0) as usize];
    let mut histories = Vec::new();
    for days in customers.iter().filter(|days| days[0] < date.0) {
        let days = &days[..days.partition_point(|day| *day < date.0)];
        days[1..].iter().for_each(|day| repeats[since(start.0, *day) as usize] += 1);
        let last = since(days[0], days[days.len() - 1]);
        histories.push((u32::try_from(days.len() - 1).unwrap(), last, since(days[0], date.0 - 1)));
    }
    Base { counts: Counts::of_customers(histories), repeats }
}

pub(super) fn history(start: Day, end: Day, base: &Base) -> History<'_> {
    History { start, end, repeats: &base.repeats }
}

fn of_seasons(season: Season) -> TimingKind {
    TimingKind { season, has_factors: false }
}

/// Of so many bases: how many of their seasons lie within 1.96 standard errors of the truth, and the mean of all ratios.
fn recovered(season: Season, data_sets: u64) -> (f64, Vec<f64>, Vec<f64>) {
    let (start, end) = ("2021-03-15".parse().unwrap(), "2023-09-01".parse().unwrap());
    let (indices, clock) = truth(season, start, end);
    let (mut within, mut means) = (0_u32, vec![0.0; indices.len()]);
    for seed in 0..data_sets {
        let base = count(&draw(&clock, start, end, 700, seed), start, end);
        let counts = std::iter::once(&base.counts);
        let found = estimate(of_seasons(season), history(start, end, &base), None, counts, end).unwrap();
        for ((truth, found), mean) in indices.iter().zip(&found.seasons).zip(&mut means) {
            within += u32::from((found.ratio - truth).abs() < 1.96 * found.standard_error);
            *mean += found.ratio / data_sets as f64;
        }
    }
    (f64::from(within) / (data_sets * indices.len() as u64) as f64, indices, means)
}

#[test]
fn months_are_found_at_the_nominal_rate() {
    let (coverage, truth, means) = recovered(Season::Month, DATA_SETS);
    println!("coverage {coverage:.4} of 95 %; months {truth:.3?} found on average as {means:.3?}");
    assert!((0.93..0.98).contains(&coverage), "{coverage}");
    for (truth, mean) in truth.iter().zip(&means) {
        assert!((mean / truth - 1.0).abs() < 0.03, "{mean} for {truth}");
    }
}

#[test]
fn weeks_are_found_at_the_nominal_rate() {
    let (coverage, _, _) = recovered(Season::Week, DATA_SETS / 10);
    println!("coverage of weeks {coverage:.4} of 95 %");
    assert!((0.92..0.99).contains(&coverage), "{coverage}");
}

/// Where there are no seasons, the clock is next to the calendar: the indices that a forecast uses scatter by far less than
/// their estimates.
#[test]
fn chance_makes_no_seasons() {
    let (start, end) = ("2021-03-15".parse().unwrap(), "2023-09-01".parse().unwrap());
    let (mut none, mut estimates, mut used) = (0, 0.0, 0.0);
    for seed in 0..DATA_SETS / 4 {
        let base = count(&draw(&Clock::CALENDAR, start, end, 700, seed), start, end);
        let counts = std::iter::once(&base.counts);
        let kind = of_seasons(Season::Month);
        let Ok(found) = estimate(kind, history(start, end, &base), None, counts, end) else {
            none += 1;
            continue;
        };
        for season in found.seasons {
            estimates += (season.ratio - 1.0).powi(2);
            used += (season.index - 1.0).powi(2);
        }
    }
    println!("no clock in {none} of {} data sets, else {used:.3} of {estimates:.3}", DATA_SETS / 4);
    assert!(none > DATA_SETS / 8, "{none}");
    assert!(used < 0.2 * estimates, "{used} of {estimates}");
}

/// Purchases of the three months from 1 October 2022: those that came, and those expected by the calendar and by the clock that is
/// estimated before: the whole way, from counts to purchases.
pub(super) fn foretold(
    truth: &Clock,
    kind: TimingKind,
    factors: Option<&ContextualFactors>,
    customers: u32,
) -> [f64; 3] {
    use crate::clv::models::{Asked, Scorer, fit};
    use crate::pipeline::PurchaseModel;
    let [start, date, end] = SPAN.map(|day| day.parse::<Day>().unwrap());
    let mut sums = [0.0; 3];
    for seed in 0..10 {
        let customers = draw(truth, start, end, customers, seed);
        let base = count(&customers, start, date);
        for days in customers.iter().filter(|days| days[0] < date.0) {
            sums[0] += days.iter().filter(|day| **day >= date.0).count() as f64;
        }
        let history = History { start, end, repeats: &base.repeats };
        let counts = std::iter::once(&base.counts);
        let found = estimate(kind, history, factors, counts, date).unwrap().clock;
        for (clock, sum) in [&Clock::CALENDAR, &found].into_iter().zip(&mut sums[1..]) {
            let counts = clock.counts(&base.counts, date);
            let fit = fit(PurchaseModel::MbgNbd, &counts);
            let lookahead = clock.lookahead(date.0 - 1, &[92], 3e-4);
            let scorer = Scorer::new(&fit, &lookahead, &counts, Asked::Purchases).unwrap();
            for row in counts.rows() {
                let (purchases, last, age) = row.history();
                *sum += row.customers as f64 * scorer.score(purchases, last, age).purchases[0].value;
            }
        }
    }
    let [came, flat, timed] = sums;
    println!("{came} purchases; {flat:.0} expected by the calendar, {timed:.0} by the clock");
    sums
}

#[test]
fn christmas_is_foretold() {
    let [start, _, end] = SPAN.map(|day| day.parse::<Day>().unwrap());
    let (_, clock) = truth(Season::Month, start, end);
    let [came, flat, timed] = foretold(&clock, of_seasons(Season::Month), None, 3_000);
    assert!(flat / came < 0.88, "{}", flat / came);
    assert!((timed / came - 1.0).abs() < 0.04, "{}", timed / came);
}
