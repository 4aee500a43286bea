//! Data sets drawn from the models in continuous time, and their fits.
//!
//! Fits see whole days. So that a day is short beside the gaps between purchases, and rounding tells the fit no more and
//! no less than the model says, the papers' estimates are put on a clock [`SLOW`] times slower: only α (and β of
//! Pareto/NBD), which are times, and the time observed change.

use crate::{Found, Model};
use abacus::clv::models::simulate::{Window, simulate};
use abacus::clv::models::{self, Counts};
use abacus::pipeline::PurchaseModel;

/// How much slower.
const SLOW: u32 = 100;

const CUSTOMERS: u64 = 10_000;

/// Ages are between one and two years on the papers' clock.
const WINDOW: Window = Window { intake_days: 364 * SLOW, observed_days: 728 * SLOW };

const DATA: &str = "10,000 customers, 52 to 104 weeks × 100";

const BG_NBD: [f64; 4] = [0.243, 4.414, 0.793, 2.426];
const MBG_NBD: [f64; 4] = [0.525, 6.183, 0.891, 1.614];
const PARETO_NBD: [f64; 4] = [0.553, 10.578, 0.606, 11.669];

pub(crate) fn models() -> Vec<Model> {
    vec![
        Model {
            name: "BG/NBD",
            data: DATA,
            parameters: ["r", "α", "a", "b"].into_iter().zip(slow(BG_NBD, 1)).collect(),
            replicate: |seed| fit(PurchaseModel::BgNbd, slow(BG_NBD, 1), seed),
        },
        Model {
            name: "MBG/NBD",
            data: DATA,
            parameters: ["r", "α", "a", "b"].into_iter().zip(slow(MBG_NBD, 1)).collect(),
            replicate: |seed| fit(PurchaseModel::MbgNbd, slow(MBG_NBD, 1), seed),
        },
        Model {
            name: "Pareto/NBD",
            data: DATA,
            parameters: ["r", "α", "s", "β"].into_iter().zip(slow(PARETO_NBD, SLOW)).collect(),
            replicate: |seed| fit(PurchaseModel::ParetoNbd, slow(PARETO_NBD, SLOW), seed),
        },
    ]
}

/// The last parameter is a time in one model only.
fn slow([r, alpha, first, second]: [f64; 4], of_second: u32) -> [f64; 4] {
    [r, alpha * f64::from(SLOW), first, second * f64::from(of_second)]
}

fn fit(model: PurchaseModel, truth: [f64; 4], seed: u64) -> Option<Vec<Found>> {
    let counts = Counts::of_customers(simulate(model, truth, WINDOW, CUSTOMERS, seed));
    let fit = models::fit(model, &counts);
    let covariance = fit.covariance.filter(|_| fit.reason.is_none())?;
    let found =
        |index: usize| Found { value: fit.parameters[index], log_error: covariance[index][index].sqrt() };
    Some((0..4).map(found).collect())
}
