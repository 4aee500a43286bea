//! Customers drawn from a model: to test that fits find what was put in, and to time them.
//!
//! Gamma draws by G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", ACM Transactions on
//! Mathematical Software 26 (2000); beta draws as ratios of them; normal draws by G. Box, M. Muller (1958). The same seed
//! gives the same customers on every platform and for any number of threads: each block of customers has its own stream.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::{DAYS_PER_WEEK, Model};

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
    model: Model,
    parameters: [f64; 4],
    window: Window,
    customers: u64,
    seed: u64,
) -> Vec<(u32, u32, u32)> {
    assert!((1..=window.observed_days).contains(&window.intake_days), "{window:?} observes every customer");
    let block = |index: u64| {
        let mut draws = Draws::new(seed, index);
        let many = BLOCK.min(customers - index * BLOCK);
        (0..many).map(|_| draws.customer(model, parameters, window)).collect::<Vec<_>>()
    };
    (0..customers.div_ceil(BLOCK)).into_par_iter().map(block).collect::<Vec<_>>().concat()
}

/// One stream of random numbers.
#[derive(Debug)]
pub struct Draws {
    stream: ChaCha8Rng,
}

impl Draws {
    /// Stream `block` of a seed.
    pub fn new(seed: u64, block: u64) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        stream.set_stream(block);
        Self { stream }
    }

    fn customer(&mut self, model: Model, [r, alpha, a, b]: [f64; 4], window: Window) -> (u32, u32, u32) {
        let first_day = (self.uniform() * f64::from(window.intake_days)).floor();
        let age_days = f64::from(window.observed_days) - first_day;
        let age = age_days / DAYS_PER_WEEK;
        let rate = self.gamma(r) / alpha;
        let (purchases, last) = match model {
            Model::ParetoNbd => {
                let lapse_rate = self.gamma(a) / b;
                let life = self.exponential() / lapse_rate;
                self.purchases(rate, age.min(life), 0.0)
            }
            Model::BgNbd | Model::MbgNbd => {
                let lapse = self.beta(a, b);
                let is_gone = model == Model::MbgNbd && self.uniform() < lapse;
                if is_gone { (0, 0.0) } else { self.purchases(rate, age, lapse) }
            }
        };
        let last_days = if purchases == 0 { 0.0 } else { (last * DAYS_PER_WEEK).round().max(1.0) };
        (purchases, whole(last_days), whole(age_days))
    }

    /// How many purchases until `end`, each followed by a lapse with probability `lapse`, and when the last one was.
    fn purchases(&mut self, rate: f64, end: f64, lapse: f64) -> (u32, f64) {
        let (mut count, mut last) = (0, 0.0);
        loop {
            let next = last + self.exponential() / rate;
            // A rate of 0 makes it infinite.
            if next.is_nan() || next > end {
                return (count, last);
            }
            (count, last) = (count + 1, next);
            if lapse > 0.0 && self.uniform() < lapse {
                return (count, last);
            }
        }
    }

    /// In (0, 1), 53 bits.
    pub fn uniform(&mut self) -> f64 {
        ((self.stream.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Beta(a, b).
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (first, second) = (self.gamma(a), self.gamma(b));
        first / (first + second)
    }

    /// Gamma(shape, 1).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = self.uniform().powf(1.0 / shape);
            return self.gamma(shape + 1.0) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let normal = self.normal();
            let v = (1.0 + c * normal).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * normal * normal + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
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
            (Model::BgNbd, [0.5, 6.0, 0.8, 2.5]),
            (Model::MbgNbd, [0.7, 6.0, 0.8, 2.0]),
            (Model::ParetoNbd, [0.6, 8.0, 0.7, 12.0]),
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
        let draw = |customers, seed| simulate(Model::BgNbd, [0.5, 6.0, 0.8, 2.5], window, customers, seed);
        assert_eq!(draw(9000, 1)[..5000], draw(5000, 1)[..]);
        assert_ne!(draw(100, 1), draw(100, 2));
    }
}
