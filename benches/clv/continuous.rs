//! Data sets drawn from the models in continuous time, and their fits.
//!
//! Fits see whole days. So that a day is short beside the gaps between purchases, and rounding tells the fit no more and
//! no less than the model says, the papers' estimates are put on a clock [`SLOW`] times slower: only α (and β of
//! Pareto/NBD), which are times, and the time observed change.

use crate::{Found, Model};
use abacus::clv::models::simulate::{Drawn, Window, simulate_regular};
use abacus::clv::models::{self, Counts, Rhythm};
use abacus::pipeline::PurchaseModel;

/// How much slower.
pub(crate) const SLOW: u32 = 100;

const CUSTOMERS: u64 = 10_000;

/// Ages are between one and two years on the papers' clock.
pub(crate) const WINDOW: Window = Window { intake_days: 364 * SLOW, observed_days: 728 * SLOW };

const DATA: &str = "10,000 customers, 52 to 104 weeks × 100";

pub(crate) const BG_NBD: [f64; 4] = [0.243, 4.414, 0.793, 2.426];
pub(crate) const MBG_NBD: [f64; 4] = [0.525, 6.183, 0.891, 1.614];
/// The parameters that BTYDplus tests its own by.
const MBG_CNBD: [f64; 4] = [0.85, 1.45, 0.79, 2.42];
pub(crate) const PARETO_NBD: [f64; 4] = [0.553, 10.578, 0.606, 11.669];

pub(crate) fn models() -> Vec<Model> {
    vec![
        Model {
            name: "BG/NBD",
            data: DATA,
            parameters: ["r", "α", "a", "b"].into_iter().zip(slow(BG_NBD, 1)).collect(),
            replicate: |seed| fit(PurchaseModel::BgNbd, slow(BG_NBD, 1), 1, seed),
        },
        Model {
            name: "MBG/NBD",
            data: DATA,
            parameters: ["r", "α", "a", "b"].into_iter().zip(slow(MBG_NBD, 1)).collect(),
            replicate: |seed| fit(PurchaseModel::MbgNbd, slow(MBG_NBD, 1), 1, seed),
        },
        Model {
            name: "MBG/CNBD-3",
            data: DATA,
            parameters: ["r", "α", "a", "b"].into_iter().zip(slow(MBG_CNBD, 1)).collect(),
            replicate: |seed| fit(PurchaseModel::MbgCnbdK, slow(MBG_CNBD, 1), 3, seed),
        },
        Model {
            name: "Pareto/NBD",
            data: DATA,
            parameters: ["r", "α", "s", "β"].into_iter().zip(slow(PARETO_NBD, SLOW)).collect(),
            replicate: |seed| fit(PurchaseModel::ParetoNbd, slow(PARETO_NBD, SLOW), 1, seed),
        },
    ]
}

/// The last parameter is a time in one model only.
pub(crate) fn slow([r, alpha, first, second]: [f64; 4], of_second: u32) -> [f64; 4] {
    [r, alpha * f64::from(SLOW), first, second * f64::from(of_second)]
}

/// Where the model asks for k, it is estimated, and a data set with another one than the truth counts as not fitted.
fn fit(model: PurchaseModel, truth: [f64; 4], k: u32, seed: u64) -> Option<Vec<Found>> {
    let (histories, gaps) = simulate_regular(Drawn { model, parameters: truth, k }, WINDOW, CUSTOMERS, seed);
    let counts = Counts::of_customers(histories);
    let rhythm = if model.asks_for_gaps() { Rhythm::estimate(&counts, gaps) } else { Rhythm::RANDOM };
    if rhythm.k != k {
        return None;
    }
    let fit = models::fit_regular(model, &counts, &rhythm);
    let covariance = fit.covariance.filter(|_| fit.reason.is_none())?;
    let found =
        |index: usize| Found { value: fit.parameters[index], log_error: covariance[index][index].sqrt() };
    Some((0..4).map(found).collect())
}
