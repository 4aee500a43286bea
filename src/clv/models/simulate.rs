//! Customers drawn from a model: to test that fits find what was put in, and to time them.
//!
//! The same seed gives the same customers on every platform and for any number of threads: each block of customers has its
//! own stream.

use super::DAYS_PER_WEEK;
pub use super::draws::Draws;
use super::families::family_of;
use super::family::Family;
use crate::pipeline::PurchaseModel;
use rayon::prelude::*;

/// Customers of one random stream.
const BLOCK: u64 = 4096;

/// When customers come and are observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First purchases fall on days 0 to `intake_days` − 1, evenly.
    pub intake_days: u32,
    /// The last day observed is this many days after day 0.
    pub observed_days: u32,
}

/// (x, t_x, T) of customers drawn from a model, T and t_x in whole days.
///
/// Purchases happen in continuous time and are all counted, as the models have it; t_x is rounded to the nearest day
/// after the first.
pub fn simulate(
    model: PurchaseModel,
    parameters: [f64; 4],
    window: Window,
    customers: u64,
    seed: u64,
) -> Vec<(u32, u32, u32)> {
    assert!((1..=window.observed_days).contains(&window.intake_days), "{window:?} observes every customer");
    let family = family_of(model);
    let block = |index: u64| {
        let mut draws = Draws::new(seed, index);
        let many = BLOCK.min(customers - index * BLOCK);
        (0..many).map(|_| customer(&mut draws, family, parameters, window)).collect::<Vec<_>>()
    };
    (0..customers.div_ceil(BLOCK)).into_par_iter().map(block).collect::<Vec<_>>().concat()
}

fn customer(draws: &mut Draws, family: &Family, parameters: [f64; 4], window: Window) -> (u32, u32, u32) {
    let first_day = (draws.uniform() * f64::from(window.intake_days)).floor();
    let age_days = f64::from(window.observed_days) - first_day;
    let age = age_days / DAYS_PER_WEEK;
    let [r, alpha, ..] = parameters;
    let rate = draws.gamma(r) / alpha;
    let (purchases, last) = (family.simulate)(draws, parameters, rate, age);
    let last_days = if purchases == 0 { 0.0 } else { (last * DAYS_PER_WEEK).round().max(1.0) };
    (purchases, whole(last_days), whole(age_days))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole days from 0 to a window's length"
)]
fn whole(days: f64) -> u32 {
    days as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::models::{Counts, fit};

    #[test]
    fn fits_find_what_was_put_in() {
        let window = Window { intake_days: 90, observed_days: 500 };
        for (model, truth) in [
            (PurchaseModel::BgNbd, [0.5, 6.0, 0.8, 2.5]),
            (PurchaseModel::MbgNbd, [0.7, 6.0, 0.8, 2.0]),
            (PurchaseModel::ParetoNbd, [0.6, 8.0, 0.7, 12.0]),
        ] {
            let counts = Counts::of_customers(simulate(model, truth, window, 20_000, 7));
            let fit = fit(model, &counts);
            let errors = fit.standard_errors.expect("a regular fit");
            for index in 0..4 {
                let apart = (fit.parameters[index] - truth[index]) / errors[index];
                assert!(apart.abs() < 3.5, "{model:?} {index}: {apart} standard errors");
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_customers() {
        let window = Window { intake_days: 10, observed_days: 100 };
        let draw =
            |customers, seed| simulate(PurchaseModel::BgNbd, [0.5, 6.0, 0.8, 2.5], window, customers, seed);
        assert_eq!(draw(9000, 1)[..5000], draw(5000, 1)[..]);
        assert_ne!(draw(100, 1), draw(100, 2));
    }
}
