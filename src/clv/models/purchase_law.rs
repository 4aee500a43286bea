//! Purchase laws: what the likelihood and the predictions ask of a model with its parameters.

use std::fmt::Debug;

use super::condensed::Condensed;
use super::horizon::Horizon;
use super::pairs::Side;
use super::terms::{Slope, Term};

/// A law of how customers buy and lapse. Times are in weeks. Where k > 1 events make a purchase, f and what is expected of those
/// alive have k phases (`phases`), and survivors are those alive.
pub(super) trait PurchaseLaw: Debug + Send + Sync {
    /// How customers buy while alive.
    fn timing(&self) -> Condensed;

    /// f of every pair (x, T), in a phase.
    fn survived_side(&self, side: &Side, weeks_per_tick: f64, phase: u32) -> Vec<Term>;

    /// g of every pair (x, t_x).
    fn lapsed_side(&self, side: &Side, weeks_per_tick: f64) -> Vec<Term>;

    /// f of one pair, in a phase.
    fn survived(&self, purchases: u32, t: f64, phase: u32) -> Slope;

    /// g of one pair.
    fn lapsed(&self, purchases: u32, t: f64) -> Slope;

    /// ln of the density of x purchases until t and alive then: f itself, where survivors are those alive.
    fn alive(&self, _purchases: u32, _t: f64, survived: &Slope) -> Slope {
        *survived
    }

    /// What [`PurchaseLaw::ahead`] needs for each horizon that depends on the age alone, so that it is made once for all x.
    fn of_age(&self, _age: f64, _horizons: &[Horizon]) -> Vec<Slope> {
        Vec::new()
    }

    /// Expected purchases of customers alive after x purchases, for each age: phase after phase, for each horizon. `of_ages` as
    /// `of_age` has them.
    fn ahead(
        &self,
        purchases: u32,
        ages: &[f64],
        of_ages: &[&[Slope]],
        horizons: &[Horizon],
    ) -> Vec<Vec<Slope>>;

    /// The same of one age.
    fn ahead_of(&self, purchases: u32, age: f64, horizons: &[Horizon]) -> Vec<Slope> {
        let of_age = self.of_age(age, horizons);
        self.ahead(purchases, &[age], &[&of_age], horizons).swap_remove(0)
    }

    /// ln of the probability of no purchase in the next `weeks`, if alive in a phase.
    fn ln_silent(&self, purchases: u32, phase: u32, age: f64, weeks: f64) -> Slope;

    /// P(X(t) = n) of a new customer for n below `counts`, where the model has it in closed form.
    fn purchase_distribution(&self, _t: f64, _counts: u32) -> Option<Vec<f64>> {
        None
    }
}
