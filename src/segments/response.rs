//! A budget spread over segments to equal marginal return.
//!
//! Returns are concave, so the best spread gives the last cent where it brings most: all segments that get money have the
//! same marginal return λ, the others a lower one at 0. λ is found by bisection, spending is rounded down to cents, and
//! the few cents that remain go one by one to the highest marginal return.

use crate::pipeline::Response;
use crate::units::Decimal;

/// A curve in cents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Curve {
    /// scale × (1 − e^(−x / k)).
    Saturating { scale: f64, k: f64 },
    /// scale × x^elasticity.
    Power { scale: f64, elasticity: f64 },
}

/// Cents in one unit of money.
const CENTS: f64 = 100.0;

fn real(number: Decimal) -> f64 {
    number.mantissa as f64 / crate::units::pow10(number.scale) as f64
}

impl Curve {
    /// The declared curve, spending and return in cents.
    pub(crate) fn new(response: Response) -> Self {
        match response {
            Response::Saturating { scale, k } => {
                Curve::Saturating { scale: real(scale) * CENTS, k: real(k) * CENTS }
            }
            Response::Power { scale, elasticity } => {
                let elasticity = real(elasticity);
                Curve::Power { scale: real(scale) * CENTS.powf(1.0 - elasticity), elasticity }
            }
        }
    }

    /// What spending brings. Spending from 0.
    pub(crate) fn value(self, spend: f64) -> f64 {
        match self {
            Curve::Saturating { scale, k } => -scale * (-spend / k).exp_m1(),
            Curve::Power { scale, elasticity } => scale * spend.powf(elasticity),
        }
    }

    /// What one more cent brings, as a rate; infinite for a power at 0.
    pub(crate) fn marginal(self, spend: f64) -> f64 {
        match self {
            Curve::Saturating { scale, k } => scale / k * (-spend / k).exp(),
            Curve::Power { scale, elasticity } => scale * elasticity * spend.powf(elasticity - 1.0),
        }
    }

    /// The spending at which the marginal return has fallen to λ > 0; 0 where it never is as high.
    fn spending_at(self, lambda: f64) -> f64 {
        match self {
            Curve::Saturating { scale, k } => (k * (scale / (k * lambda)).ln()).max(0.0),
            Curve::Power { scale, elasticity } => {
                (scale * elasticity / lambda).powf(1.0 / (1.0 - elasticity))
            }
        }
    }
}

/// Steps that halve the distance of the exponents of two floats to nothing.
const STEPS: usize = 200;

/// Spending per curve in cents; adds up to the budget if there is a curve.
pub(crate) fn spread(budget: i64, curves: &[Curve]) -> Vec<i64> {
    let all = budget as f64;
    // In logarithms: marginal returns differ by orders of magnitude.
    let (mut low, mut high) = (f64::MIN_POSITIVE.ln(), f64::MAX.ln());
    let total =
        |log: f64| curves.iter().map(|curve| curve.spending_at(log.exp()).min(2.0 * all)).sum::<f64>();
    for _ in 0..STEPS {
        let middle = f64::midpoint(low, high);
        if total(middle) > all { low = middle } else { high = middle }
    }
    let whole = |curve: &Curve| curve.spending_at(high.exp()).floor().clamp(0.0, all);
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the budget, which fits")]
    let mut spending: Vec<i64> = curves.iter().map(|curve| whole(curve) as i64).collect();
    settle(budget, curves, &mut spending);
    spending
}

/// Cents settled one by one at most, so that a flat end of the curves cannot make it long.
const SINGLE_CENTS: i64 = 10_000;

/// Makes the spending add up to the budget.
fn settle(budget: i64, curves: &[Curve], spending: &mut [i64]) {
    if curves.is_empty() {
        return;
    }
    loop {
        let left = budget - spending.iter().sum::<i64>();
        if left == 0 {
            return;
        }
        let step = if left.abs() > SINGLE_CENTS { left / SINGLE_CENTS } else { left.signum() };
        let at = if left > 0 { most(curves, spending) } else { least(curves, spending) };
        spending[at] = (spending[at] + step).max(0);
    }
}

/// The curve that brings most for the next cent; the first of equal ones.
fn most(curves: &[Curve], spending: &[i64]) -> usize {
    let gain =
        |at: usize| curves[at].value((spending[at] + 1) as f64) - curves[at].value(spending[at] as f64);
    (1..curves.len()).fold(0, |best, at| if gain(at) > gain(best) { at } else { best })
}

/// The curve that brings least for its last cent, of those that have one.
fn least(curves: &[Curve], spending: &[i64]) -> usize {
    let loss = |at: usize| match spending[at] {
        0 => f64::INFINITY,
        spend => curves[at].value(spend as f64) - curves[at].value((spend - 1) as f64),
    };
    (1..curves.len()).fold(0, |worst, at| if loss(at) < loss(worst) { at } else { worst })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn power(scale: &str) -> Curve {
        let elasticity = "0.5".parse().unwrap();
        Curve::new(Response::Power { scale: scale.parse().unwrap(), elasticity })
    }

    fn saturating(scale: &str, k: &str) -> Curve {
        Curve::new(Response::Saturating { scale: scale.parse().unwrap(), k: k.parse().unwrap() })
    }

    #[test]
    fn square_roots_get_money_by_the_squares_of_their_scales() {
        assert_eq!(spread(100_000, &[power("1"), power("2")]), [20_000, 80_000]);
        assert_eq!(spread(0, &[power("1"), power("2")]), [0, 0]);
        assert_eq!(power("3").value(40_000.0), 6_000.0, "3 × √400 = 60");
    }

    #[test]
    fn equal_curves_share_alike_to_the_cent() {
        assert_eq!(spread(100, &[power("7"); 3]).iter().sum::<i64>(), 100);
        assert_eq!(spread(100, &[power("7"); 3]).iter().max(), Some(&34));
        assert_eq!(spread(5, &[]), [] as [i64; 0]);
    }

    #[test]
    fn what_never_brings_enough_gets_nothing() {
        let found = spread(100_000, &[saturating("10_000", "1_000"), saturating("10", "1_000")]);
        assert_eq!(found, [100_000, 0]);
    }

    #[test]
    fn marginal_returns_are_equal_where_money_goes() {
        let curves = [saturating("5_000", "700"), saturating("9_000", "2_000"), power("20")];
        for budget in [1, 999, 123_456, 98_765_432] {
            let spending = spread(budget, &curves);
            assert_eq!(spending.iter().sum::<i64>(), budget);
            let rates: Vec<f64> = curves
                .iter()
                .zip(&spending)
                .filter(|(_, spend)| **spend > 100)
                .map(|(curve, spend)| curve.marginal(*spend as f64))
                .collect();
            let (least, most) = rates.iter().fold((f64::MAX, 0.0_f64), |(a, b), r| (a.min(*r), b.max(*r)));
            assert!(rates.is_empty() || most / least < 1.01, "{budget}: {spending:?} {rates:?}");
        }
    }
}
