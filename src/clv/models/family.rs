//! Parametric family of purchase laws: what a model's file says of the model before its parameters are known.

use super::draws::{Buyer, Draws};
use super::purchase_law::PurchaseLaw;
use crate::pipeline::PurchaseModel;

/// A model in continuous time.
pub(super) struct Family {
    pub(super) model: PurchaseModel,
    /// Names of the four parameters, in order, as printed in the papers.
    pub(super) parameters: [&'static str; 4],
    /// The law with these parameters, by which customers buy at every k-th event of a Poisson process.
    pub(super) law: fn([f64; 4], k: u32) -> Box<dyn PurchaseLaw>,
    /// The fourth parameter where a search starts, by the third and the mean age in weeks.
    pub(super) start: fn(shape: f64, age_weeks: f64) -> f64,
    /// Where all lapse alike: the probability or rate of it, by the third and the fourth parameter.
    pub(super) common_lapse: fn(f64, f64) -> CommonLapse,
    /// How covariates enter lapsing: the parameters they scale by exp(±γ′z), with the sign.
    pub(super) dropout: &'static [(usize, f64)],
    /// Adds the times of a customer's repeat purchases.
    pub(super) simulate: fn(&mut Draws, [f64; 4], &Buyer, &mut Vec<f64>),
}

/// The lapse of customers who are all alike.
pub(super) struct CommonLapse {
    /// Probability per purchase, or rate per week.
    pub(super) value: f64,
    /// Magnitude of its derivative by the logarithm of the fourth parameter.
    pub(super) slope: f64,
}
