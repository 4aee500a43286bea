//! Data sets drawn from the models in continuous time, and their fits.
//!
//! Fits see whole days. So that a day is short beside the gaps between purchases, and neither rounding nor merging
//! purchases of one day tells the fit a little more or less than the model says, the papers' estimates are put on a
//! clock [`SLOW`] times slower: only α (and β of Pareto/NBD), which are times, and the time observed change.

use crate::draws::Draws;
use crate::{Found, Model};
use abacus::clv::models::{self, Counts};

/// How much slower.
const SLOW: f64 = 100.0;

const CUSTOMERS: u32 = 10_000;

/// Between what a customer's age is uniform, in weeks on the papers' clock.
const AGE_WEEKS: (f64, f64) = (52.0, 104.0);

const DAYS_PER_WEEK: f64 = 7.0;

const DATA: &str = "10,000 customers, 52 to 104 weeks × 100";

const BG_NBD: [f64; 4] = [0.243, 4.414, 0.793, 2.426];
const MBG_NBD: [f64; 4] = [0.525, 6.183, 0.891, 1.614];
const PARETO_NBD: [f64; 4] = [0.553, 10.578, 0.606, 11.669];

pub(crate) fn models() -> Vec<Model> {
    vec![
        Model {
            name: "BG/NBD",
            data: DATA,
            parameters: named(["r", "α", "a", "b"], slow(BG_NBD, false)),
            replicate: |seed| {
                fit(models::Model::BgNbd, seed, |draws, age| after_each(draws, BG_NBD, age, false))
            },
        },
        Model {
            name: "MBG/NBD",
            data: DATA,
            parameters: named(["r", "α", "a", "b"], slow(MBG_NBD, false)),
            replicate: |seed| {
                fit(models::Model::MbgNbd, seed, |draws, age| after_each(draws, MBG_NBD, age, true))
            },
        },
        Model {
            name: "Pareto/NBD",
            data: DATA,
            parameters: named(["r", "α", "s", "β"], slow(PARETO_NBD, true)),
            replicate: |seed| fit(models::Model::ParetoNbd, seed, at_any_time),
        },
    ]
}

fn named(names: [&'static str; 4], values: [f64; 4]) -> Vec<(&'static str, f64)> {
    names.into_iter().zip(values).collect()
}

fn slow([r, alpha, first, second]: [f64; 4], is_second_a_time: bool) -> [f64; 4] {
    [r, alpha * SLOW, first, if is_second_a_time { second * SLOW } else { second }]
}

/// Fits what `purchases` draws: the times of repeat purchases within an age, in weeks.
fn fit(model: models::Model, seed: u64, purchases: fn(&mut Draws, f64) -> Vec<f64>) -> Option<Vec<Found>> {
    let mut draws = Draws::new(seed);
    let histories: Vec<(u32, u32, u32)> = (0..CUSTOMERS)
        .map(|_| {
            let age = AGE_WEEKS.0 + (AGE_WEEKS.1 - AGE_WEEKS.0) * draws.uniform();
            history(&purchases(&mut draws, age), age)
        })
        .collect();
    let fit = models::fit(model, &Counts::of_customers(histories));
    let covariance = fit.covariance.filter(|_| fit.reason.is_none())?;
    let found =
        |index: usize| Found { value: fit.parameters[index], log_error: covariance[index][index].sqrt() };
    Some((0..4).map(found).collect())
}

/// x, t_x and T in whole days, purchases of one day merged.
fn history(times: &[f64], age: f64) -> (u32, u32, u32) {
    let mut days: Vec<u32> = times.iter().map(|time| day(*time)).filter(|day| *day > 0).collect();
    days.dedup();
    let purchases = u32::try_from(days.len()).expect("fewer purchases than days");
    (purchases, days.last().copied().unwrap_or(0), day(age))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some ten thousand days")]
fn day(weeks: f64) -> u32 {
    (weeks * SLOW * DAYS_PER_WEEK).round() as u32
}

/// A customer may lapse after each repeat purchase (BG/NBD), and after the first purchase too (MBG/NBD).
fn after_each(draws: &mut Draws, [r, alpha, a, b]: [f64; 4], age: f64, after_first: bool) -> Vec<f64> {
    let (rate, lapses) = (draws.gamma(r) / alpha, draws.beta(a, b));
    let (mut times, mut time) = (Vec::new(), 0.0);
    let mut is_alive = !(after_first && draws.chance(lapses));
    while is_alive {
        time += draws.exponential() / rate;
        if time >= age {
            break;
        }
        times.push(time);
        is_alive = !draws.chance(lapses);
    }
    times
}

/// A customer may lapse at any time (Pareto/NBD).
fn at_any_time(draws: &mut Draws, age: f64) -> Vec<f64> {
    let [r, alpha, s, beta] = PARETO_NBD;
    let (rate, lapse_rate) = (draws.gamma(r) / alpha, draws.gamma(s) / beta);
    let end = age.min(draws.exponential() / lapse_rate);
    let (mut times, mut time) = (Vec::new(), draws.exponential() / rate);
    while time < end {
        times.push(time);
        time += draws.exponential() / rate;
    }
    times
}
