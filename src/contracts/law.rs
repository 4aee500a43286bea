//! Laws of retention: of those who come to a renewal, the share who renew, and what follows from it.
//!
//! P. S. Fader, B. G. S. Hardie, "Customer-base valuation in a contractual setting: the perils of ignoring heterogeneity",
//! Marketing Science 29 (2010), 85–93: the discounted expected residual lifetime of a customer just before renewal n, that renewal
//! paid in advance and not discounted, is Σ_{j ≥ 0} S(n + j)/S(n − 1) / (1 + d)ʲ. Its closed form for the shifted beta-geometric
//! model is that model's; for hazards that are constant from some renewal on, V(n) = r(n) (1 + V(n + 1)/(1 + d)) from the geometric
//! end backwards.

use crate::clv::models::shifted_beta_geometric::ShiftedBetaGeometric;

/// Retention at each renewal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Law {
    ShiftedBetaGeometric(ShiftedBetaGeometric),
    Hazards(Hazards),
}

/// The probability to be lost at each renewal, of those who come to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hazards {
    /// At renewals 1, 2, …
    pub(super) own: Vec<f64>,
    /// At all later ones.
    pub(super) later: f64,
}

impl Law {
    /// Of those who come to a renewal, 1 or later, the share who renew.
    pub(super) fn retention(&self, renewal: u32) -> f64 {
        match self {
            Self::ShiftedBetaGeometric(model) => model.retention(renewal),
            Self::Hazards(hazards) => 1.0 - hazards.at(renewal),
        }
    }

    /// The share of those who lived through `renewals` that lives through `more` of them.
    pub(super) fn survival(&self, renewals: u32, more: u32) -> f64 {
        (1..=more).map(|ahead| self.retention(renewals + ahead)).product()
    }

    /// Discounted expected renewals from renewal `next` on, that one not discounted; `discount_rate` per term, above 0.
    pub(super) fn residual(&self, next: u32, discount_rate: f64) -> f64 {
        match self {
            Self::ShiftedBetaGeometric(model) => {
                model.residual_lifetime(next, discount_rate).expect("discount rates are above 0")
            }
            Self::Hazards(hazards) => hazards.residual(next, discount_rate),
        }
    }

    /// The same of `count` renewals.
    pub(super) fn residual_within(&self, next: u32, count: u32, discount_rate: f64) -> f64 {
        let (mut alive, mut sum) = (1.0, 0.0);
        for ahead in 0..count {
            alive *= self.retention(next + ahead);
            sum += alive;
            alive /= 1.0 + discount_rate;
        }
        sum
    }
}

impl Hazards {
    pub(super) fn at(&self, renewal: u32) -> f64 {
        self.own.get(renewal as usize - 1).copied().unwrap_or(self.later)
    }

    fn residual(&self, next: u32, discount_rate: f64) -> f64 {
        let kept = 1.0 - self.later;
        // Σ r (r/(1 + d))ʲ.
        let later = kept * (1.0 + discount_rate) / (discount_rate + self.later);
        let own = self.own.iter().skip(next as usize - 1).rev();
        own.fold(later, |after, hazard| (1.0 - hazard) * (1.0 + after / (1.0 + discount_rate)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_residual_is_the_sum_of_its_renewals() {
        let sbg = ShiftedBetaGeometric { alpha: 0.668, beta: 3.806 };
        let hazards = Hazards { own: vec![0.3, 0.2, 0.1], later: 0.05 };
        for law in [Law::ShiftedBetaGeometric(sbg), Law::Hazards(hazards)] {
            for next in 1..6 {
                let (all, most) = (law.residual(next, 0.1), law.residual_within(next, 600, 0.1));
                assert!((all / most - 1.0).abs() < 1e-9, "{law:?} {next}: {all} {most}");
                assert!(
                    (law.survival(next - 1, 2) - law.retention(next) * law.retention(next + 1)).abs() < 1e-15
                );
            }
        }
    }

    /// By hand: 0.8 (1 + 0.9/1.1 + 0.9²/1.1² + …) with 0.9/1.1 = 9/11, whose sum is 11/2.
    #[test]
    fn constant_hazards_have_the_geometric_sum() {
        let law = Law::Hazards(Hazards { own: vec![0.2], later: 0.1 });
        assert!((law.residual(1, 0.1) - 0.8 * 5.5).abs() < 1e-12);
        assert!((law.residual(2, 0.1) - 0.9 * 5.5).abs() < 1e-12);
        assert_eq!(law.residual_within(1, 2, 0.1), 0.8 + 0.8 * 0.9 / 1.1);
    }
}
