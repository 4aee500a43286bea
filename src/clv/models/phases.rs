//! Phases of a gap: how many of the k events that make a purchase have happened since the last one.
//!
//! Nobody sees them. By Poisson's law the likelihood of j events in an idle time u has the factor uʲ, and all else of it
//! depends on (x, T): so customers of one pair (x, T) differ by a polynomial in u, and the phases' posterior shares are its
//! terms. Where k = 1 there is one phase, and nothing to mix.

use super::terms::Slope;

/// The largest k, as in BTYDplus.
pub(super) const LARGEST_K: u32 = 12;
pub(super) const MOST_PHASES: usize = LARGEST_K as usize;

/// Posterior shares of phases, of a customer who is alive.
pub(super) struct Phases {
    count: usize,
    shares: [f64; MOST_PHASES],
    /// Derivatives of the phases' logarithms less their mean.
    apart: [[f64; 4]; MOST_PHASES],
    /// ln of the sum over phases.
    pub(super) survived: Slope,
}

impl Phases {
    /// By ln of each phase's density of (x, T), without the idle time.
    pub(super) fn new(survived: impl Iterator<Item = Slope>, idle_weeks: f64) -> Self {
        let ln_idle = idle_weeks.ln();
        let (mut count, mut shares, mut apart) = (0, [0.0; MOST_PHASES], [[0.0; 4]; MOST_PHASES]);
        for Slope { value, gradient } in survived {
            shares[count] = value + of_idle(count, ln_idle);
            apart[count] = gradient;
            count += 1;
        }
        let most = shares[..count].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        shares[..count].iter_mut().for_each(|share| *share = (*share - most).exp());
        let sum: f64 = shares[..count].iter().sum();
        let mut gradient = [0.0; 4];
        for (share, slope) in shares.iter_mut().zip(&apart) {
            *share /= sum;
            gradient.iter_mut().zip(slope).for_each(|(mean, entry)| *mean += *share * entry);
        }
        for slope in &mut apart[..count] {
            slope.iter_mut().zip(gradient).for_each(|(entry, mean)| *entry -= mean);
        }
        Self { count, shares, apart, survived: Slope { value: most + sum.ln(), gradient } }
    }

    /// Each phase's share, and how its logarithm moves with the parameters.
    pub(super) fn shares(&self) -> impl Iterator<Item = (f64, &[f64; 4])> {
        self.shares.iter().copied().zip(&self.apart).take(self.count)
    }

    /// The mean over phases of a quantity.
    pub(super) fn mean(&self, of: impl Fn(usize) -> Slope) -> Slope {
        let mut mean = Slope::ZERO;
        for (phase, (share, apart)) in self.shares().enumerate() {
            let Slope { value, gradient } = of(phase);
            mean.value += share * value;
            for ((sum, entry), apart) in mean.gradient.iter_mut().zip(gradient).zip(apart) {
                *sum += share * (entry + value * apart);
            }
        }
        mean
    }
}

/// ln of a sum over phases, without derivatives.
pub(super) fn ln_sum(survived: &[f64], idle_weeks: f64) -> f64 {
    if let [only] = survived {
        return *only;
    }
    let ln_idle = idle_weeks.ln();
    let term = |(phase, value): (usize, &f64)| value + of_idle(phase, ln_idle);
    let most = survived.iter().enumerate().map(term).fold(f64::NEG_INFINITY, f64::max);
    most + survived.iter().enumerate().map(|entry| (term(entry) - most).exp()).sum::<f64>().ln()
}

/// ln uʲ; 0 for j = 0, however short the idle time u.
fn of_idle(phase: usize, ln_idle: f64) -> f64 {
    if phase == 0 { 0.0 } else { phase as f64 * ln_idle }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_by_hand() {
        // e^0 = 1 and e^(ln 3)·2 = 6: shares 1/7 and 6/7.
        let slope = |value, first| Slope { value, gradient: [first, 0.0, 0.0, 0.0] };
        let phases = Phases::new([slope(0.0, 1.0), slope(3.0_f64.ln(), 8.0)].into_iter(), 2.0);
        assert!((phases.survived.value - 7.0_f64.ln()).abs() < 1e-15);
        assert!((phases.survived.gradient[0] - 7.0).abs() < 1e-14);
        let mean = phases.mean(|phase| slope([14.0, 7.0][phase], 0.0));
        // (14 + 6·7)/7 = 8; its slope is (14·(1 − 7) + 6·7·(8 − 7))/7.
        assert!((mean.value - 8.0).abs() < 1e-14 && (mean.gradient[0] + 6.0).abs() < 1e-13, "{mean:?}");
        assert!((ln_sum(&[0.0, 3.0_f64.ln()], 2.0) - 7.0_f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn who_has_just_bought_is_in_the_first_phase() {
        let phases = Phases::new([Slope::ZERO; 3].into_iter(), 0.0);
        assert_eq!(phases.shares().map(|(share, _)| share).collect::<Vec<_>>(), [1.0, 0.0, 0.0]);
        assert_eq!((phases.survived.value, ln_sum(&[0.0; 3], 0.0)), (0.0, 0.0));
    }
}
