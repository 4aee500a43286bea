//! Gaps between a customer's purchases, counted by their whole days.
//!
//! The density of a gamma gap of shape k has the gap to the power k − 1 as a factor, so Σ ln gap is all that a likelihood asks
//! of single gaps. Counted by days they merge exactly, whatever part of the customers each was counted from.

use super::DAYS_PER_WEEK;
use crate::math::special::ln_gamma;

/// How many gaps have a length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    /// By days.
    counts: Vec<u64>,
}

impl Gaps {
    /// None.
    pub const NONE: Self = Self { counts: Vec::new() };

    /// Counts a gap.
    ///
    /// # Panics
    /// For 0 days: purchases of one day are one purchase.
    pub fn push(&mut self, days: u32) {
        assert!(days > 0, "a gap of 0 days");
        let place = days as usize;
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += 1;
    }

    /// Adds those of other customers.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, more)| *sum += more);
    }

    /// How many there are: as many as repeat purchases.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// What the gaps add to the log-likelihood besides what (x, t_x, T) tell: (k − 1) Σ ln gap − n ln (k − 1)!, in weeks.
    pub(super) fn ln_density(&self, k: u32) -> f64 {
        if k == 1 {
            return 0.0;
        }
        let shape = f64::from(k);
        let one = |days: usize| (shape - 1.0) * (days as f64 / DAYS_PER_WEEK).ln() - ln_gamma(shape);
        self.counts.iter().enumerate().skip(1).map(|(days, count)| *count as f64 * one(days)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_of_parts_are_those_of_the_whole() {
        let of = |days: &[u32]| {
            let mut gaps = Gaps::NONE;
            days.iter().for_each(|days| gaps.push(*days));
            gaps
        };
        let mut sum = of(&[7, 14]);
        sum.merge(&of(&[70, 7, 1]));
        assert_eq!(sum, of(&[1, 7, 7, 14, 70]));
        assert_eq!((sum.count(), sum.ln_density(1)), (5, 0.0));
        // Weeks 1/7, 1, 1, 2, 10: twice the sum of their logarithms, less 5 ln 2.
        let expected = 2.0 * (20.0_f64 / 7.0).ln() - 5.0 * 2.0_f64.ln();
        assert!((sum.ln_density(3) - expected).abs() < 1e-13);
    }
}
