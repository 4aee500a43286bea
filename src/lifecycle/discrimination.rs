//! How well scores tell those who lapse from those who do not, without an order of all customers: area under the ROC
//! curve, and cumulative gains. Customers are counted by steps of the score, so that counts of slices add up.

use super::ratio::real;

const STEPS: usize = 1 << 16;

/// Customers by step of a score.
#[derive(Debug, Clone)]
pub(crate) struct RocCounts {
    /// Those who came back, those who lapsed.
    steps: Vec<[u64; 2]>,
}

impl Default for RocCounts {
    fn default() -> Self {
        Self { steps: vec![[0; 2]; STEPS] }
    }
}

impl RocCounts {
    pub(crate) fn add(&mut self, step: u16, has_lapsed: bool) {
        self.steps[usize::from(step)][usize::from(has_lapsed)] += 1;
    }

    /// Customers, and those who lapsed.
    pub(crate) fn customers(&self) -> [u64; 2] {
        let [stayed, lapsed] =
            self.steps.iter().fold([0; 2], |sum, step| [sum[0] + step[0], sum[1] + step[1]]);
        [stayed + lapsed, lapsed]
    }

    /// The probability that one who lapsed has a higher score than one who did not, ties counting half: the area under the
    /// ROC curve, Mann and Whitney's U over the number of pairs (J. A. Hanley, B. J. McNeil, Radiology 143 (1982)). None
    /// without such pairs.
    pub(crate) fn area(&self) -> Option<f64> {
        // In half pairs, exact.
        let (mut stayed, mut won) = (0_u128, 0_u128);
        for [of_stayed, of_lapsed] in self.steps.iter().map(|step| step.map(u128::from)) {
            won += of_lapsed * (2 * stayed + of_stayed);
            stayed += of_stayed;
        }
        let [customers, lapsed] = self.customers();
        let pairs = 2 * u128::from(lapsed) * u128::from(customers - lapsed);
        (pairs > 0).then(|| won as f64 / pairs as f64)
    }
}

/// Customers and what was lost with them, by step of an amount.
#[derive(Debug, Clone)]
pub(crate) struct Gains {
    /// Customers, and the contribution at stake of those who lapsed.
    steps: Vec<(u64, i128)>,
}

/// Bits of an amount that are told apart, after its first.
const MANTISSA_BITS: u32 = 10;

impl Default for Gains {
    fn default() -> Self {
        Self { steps: vec![(0, 0); STEPS] }
    }
}

impl Gains {
    /// Adds a customer: the amount that it is ranked by, and what was lost with it.
    pub(crate) fn add(&mut self, amount: i64, lost: i64) {
        let step = &mut self.steps[step_of(amount)];
        step.0 += 1;
        step.1 += i128::from(lost);
    }

    /// What was lost with the first tenth of customers from the highest amount on, and with all, in smallest units. Of a step
    /// that is cut its share counts.
    pub(crate) fn lost_in_first_tenth(&self) -> [f64; 2] {
        let customers: u64 = self.steps.iter().map(|step| step.0).sum();
        let all: i128 = self.steps.iter().map(|step| step.1).sum();
        let (mut left, mut whole, mut part) = (customers.div_ceil(10), 0, 0.0);
        for (customers, lost) in self.steps.iter().rev().filter(|step| step.0 > 0) {
            if *customers <= left {
                whole += lost;
                left -= customers;
                continue;
            }
            part = real(left) / real(*customers) * *lost as f64;
            break;
        }
        [whole as f64 + part, all as f64]
    }
}

/// Steps of amounts that are wide by a thousandth; those below 0 are one.
fn step_of(amount: i64) -> usize {
    let Ok(amount) = u64::try_from(amount) else { return 0 };
    let bits = u64::BITS - amount.leading_zeros();
    let shift = bits.saturating_sub(MANTISSA_BITS + 1);
    let step = (amount >> shift) + (u64::from(shift) << MANTISSA_BITS);
    1 + usize::try_from(step).expect("fewer than 2^16")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let mut counts = RocCounts::default();
        assert_eq!(counts.area(), None);
        for (step, has_lapsed) in [(1, false), (2, false), (2, true), (3, true), (9, false)] {
            counts.add(step, has_lapsed);
        }
        // Of six pairs: of the first who lapsed one and a half, of the second two.
        assert_eq!((counts.area(), counts.customers()), (Some(3.5 / 6.0), [5, 2]));
    }

    #[test]
    fn amounts_are_told_apart_by_a_thousandth() {
        let amounts = [i64::MIN, -1, 0, 1, 1_000, 2_047, 2_048, 1_000_000, 1_001_000, i64::MAX];
        let steps: Vec<usize> = amounts.iter().map(|amount| step_of(*amount)).collect();
        assert!(steps.is_sorted() && steps[0] == steps[1] && steps[9] < STEPS, "{steps:?}");
        assert!(steps[2..].windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
    }

    #[test]
    fn a_step_that_is_cut_counts_by_its_share() {
        let mut gains = Gains::default();
        gains.add(500, 400);
        (0..19).for_each(|_| gains.add(100, 10));
        // The first two of twenty: one of 500, and one of nineteen alike.
        assert_eq!(gains.lost_in_first_tenth(), [410.0, 590.0]);
        assert_eq!(Gains::default().lost_in_first_tenth(), [0.0, 0.0]);
    }
}
