//! Customers drawn from a model: to test that fits find what was put in, and to time them.
//!
//! The same seed gives the same customers on every platform and for any number of threads: each block of customers has its
//! own stream.

use super::DAYS_PER_WEEK;
use super::draws::Buyer;
pub use super::draws::Draws;
use super::families::family_of;
use super::gaps::Gaps;
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
    simulate_regular(Drawn { model, parameters, k: 1 }, window, customers, seed).0
}

/// A model that customers are drawn from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// Which one.
    pub model: PurchaseModel,
    /// As [`super::Fit`] has them.
    pub parameters: [f64; 4],
    /// How many events make a purchase.
    pub k: u32,
}

/// The same of customers who buy at every k-th event, with the gaps between their purchases: in whole days, at least one.
pub fn simulate_regular(
    drawn: Drawn,
    window: Window,
    customers: u64,
    seed: u64,
) -> (Vec<(u32, u32, u32)>, Gaps) {
    assert!((1..=window.observed_days).contains(&window.intake_days), "{window:?} observes every customer");
    let block = |index: u64| {
        let mut block = Block { draws: Draws::new(seed, index), times: Vec::new(), gaps: Gaps::NONE };
        let many = BLOCK.min(customers - index * BLOCK);
        let histories: Vec<_> = (0..many).map(|_| block.customer(&drawn, window)).collect();
        (histories, block.gaps)
    };
    let blocks: Vec<_> = (0..customers.div_ceil(BLOCK)).into_par_iter().map(block).collect();
    let (mut histories, mut gaps) = (Vec::new(), Gaps::NONE);
    for (more, of_block) in blocks {
        histories.extend(more);
        gaps.merge(&of_block);
    }
    (histories, gaps)
}

/// Customers of one stream on their way.
struct Block {
    draws: Draws,
    /// Of one customer's purchases.
    times: Vec<f64>,
    gaps: Gaps,
}

impl Block {
    fn customer(&mut self, drawn: &Drawn, window: Window) -> (u32, u32, u32) {
        let first_day = (self.draws.uniform() * f64::from(window.intake_days)).floor();
        let age_days = f64::from(window.observed_days) - first_day;
        let [r, alpha, ..] = drawn.parameters;
        let rate = self.draws.gamma(r) / alpha;
        let buyer = Buyer { rate, k: drawn.k, age: age_days / DAYS_PER_WEEK };
        self.times.clear();
        (family_of(drawn.model).simulate)(&mut self.draws, drawn.parameters, &buyer, &mut self.times);
        let mut last = 0.0;
        for time in &self.times {
            let gap_days = ((time - last) * DAYS_PER_WEEK).round().max(1.0);
            self.gaps.push(whole(gap_days));
            last = *time;
        }
        let last_days = if self.times.is_empty() { 0.0 } else { (last * DAYS_PER_WEEK).round().max(1.0) };
        let purchases = u32::try_from(self.times.len()).expect("a customer's purchases fit 32 bits");
        (purchases, whole(last_days), whole(age_days))
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
