//! Random draws that give the same numbers on every platform.
//!
//! One key per history, one ChaCha stream per thing drawn, so a customer's month or an order's lines can be
//! drawn again without what came before. Distributions use only + − × ÷, √ and comparisons, which IEEE 754
//! fixes to the last bit; ln, exp and pow differ between C libraries and are not used.

use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_chacha::{ChaCha8Core, ChaCha8Rng};

/// What a stream is drawn for. The numbers are part of the bytes a seed gives: append, never renumber.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// A product group's products.
    Catalogue = 1,
    /// The traits of one customer.
    Customer = 2,
    /// The mean number of lines per order, by kind of customer.
    Calibration = 3,
    /// One customer's orders, calls and visits of one month.
    Behaviour = 4,
    /// One month's orders without customer.
    WalkIn = 5,
    /// Which orders of a month grow or shrink so that the month has its number of lines.
    Fit = 6,
    /// The lines of one order.
    Order = 7,
    /// What is sent back of one order.
    Return = 8,
    /// One month's ledger amounts.
    Ledger = 9,
    /// What one customer says in one month's survey.
    Survey = 10,
    /// How a complaint ends.
    Complaint = 11,
    /// Who brought a customer.
    Referral = 12,
    /// Whether one wave of contacts is about a customer.
    Contact = 13,
    /// The groups that a customer belongs to.
    Group = 14,
    /// What a currency is worth.
    Rate = 15,
    /// The contract of one customer.
    Contract = 16,
    /// What one member of the loyalty programme does with points in one month.
    Programme = 18,
}

/// All streams of one history.
#[derive(Debug, Clone)]
pub(super) struct Streams(ChaCha8Core);

impl Streams {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Core::seed_from_u64(seed))
    }

    /// The stream of item `index` of `month` (0 where the month plays no part).
    #[inline]
    pub(super) fn open(&self, purpose: Purpose, month: u16, index: u32) -> Draw {
        let mut rng = ChaCha8Rng::from(self.0.clone());
        rng.set_stream((purpose as u64) << 56 | u64::from(month) << 32 | u64::from(index));
        Draw(rng)
    }
}

/// One stream, from its beginning.
#[derive(Debug)]
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// Uniform in 0..1, in steps of 2^-32.
    pub(super) fn uniform(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Uniform in `0..n`, with a bias below n / 2^32.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        let product = u64::from(self.0.next_u32()) * u64::from(n);
        u32::try_from(product >> 32).expect("the upper half of a 64-bit product")
    }

    /// Uniform in `low..high`.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low)
    }

    /// An index, with probability proportional to its weight.
    pub(super) fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        unreachable!("a draw below the sum of the weights falls into one of them")
    }

    /// Exponential with mean 1, by comparisons only.
    ///
    /// J. von Neumann, "Various techniques used in connection with random digits" (1951): a falling run of
    /// uniforms is of even length, its end included, with probability e^-u of its first.
    pub(super) fn exponential(&mut self) -> f64 {
        let mut whole = 0.0;
        loop {
            let first = self.uniform();
            let (mut last, mut accept) = (first, false);
            loop {
                let next = self.uniform();
                accept = !accept;
                if next >= last {
                    break;
                }
                last = next;
            }
            if accept {
                return whole + first;
            }
            whole += 1.0;
        }
    }

    /// Gamma with shape `halves` / 2 and scale 1.
    ///
    /// Shape 1/2 is half a squared normal, E·cos² of a uniform angle; whole shapes are sums of exponentials.
    pub(super) fn gamma(&mut self, halves: u32) -> f64 {
        let whole: f64 = (0..halves / 2).map(|_| self.exponential()).sum();
        if halves.is_multiple_of(2) { whole } else { whole + self.exponential() * self.cosine_squared() }
    }

    /// Lomax with shape 2 and mean 1: the heavy tail of order sizes, as a ratio of two gammas.
    pub(super) fn lomax(&mut self) -> f64 {
        let scale = self.gamma(4);
        if scale > 0.0 { self.exponential() / scale } else { 0.0 }
    }

    fn cosine_squared(&mut self) -> f64 {
        loop {
            let (x, y) = (self.uniform(), self.uniform());
            let square = x * x + y * y;
            if square > 0.0 && square <= 1.0 {
                return x * x / square;
            }
        }
    }
}

/// The whole part of a number that is not negative, at most `cap`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=cap first")]
pub(super) fn whole(x: f64, cap: u32) -> u32 {
    x.clamp(0.0, f64::from(cap)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(mut draw: impl FnMut(&mut Draw) -> f64) -> (f64, f64) {
        let mut stream = Streams::new(1).open(Purpose::Calibration, 0, 0);
        let values: Vec<f64> = (0..200_000).map(|_| draw(&mut stream)).collect();
        let mean = values.iter().sum::<f64>() / 200_000.0;
        (mean, values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 200_000.0)
    }

    #[test]
    fn exponentials_and_gammas_have_their_mean_and_variance() {
        for (halves, shape) in [(1, 0.5), (2, 1.0), (3, 1.5), (4, 2.0)] {
            let (mean, variance) = moments(|draw| draw.gamma(halves));
            assert!((mean - shape).abs() < 0.02, "shape {shape}: mean {mean}");
            assert!((variance - shape).abs() < 0.06, "shape {shape}: variance {variance}");
        }
    }

    #[test]
    fn order_sizes_have_mean_one_and_a_heavy_tail() {
        let (mean, variance) = moments(Draw::lomax);
        assert!((mean - 1.0).abs() < 0.05, "mean {mean}");
        assert!(variance > 3.0, "variance {variance}");
    }

    #[test]
    fn a_stream_does_not_depend_on_what_was_drawn_before() {
        let streams = Streams::new(7);
        let first = streams.open(Purpose::Order, 3, 9).uniform();
        let mut other = streams.open(Purpose::Order, 3, 8);
        assert_ne!(other.uniform(), first);
        assert_eq!(streams.open(Purpose::Order, 3, 9).uniform(), first);
        assert_ne!(Streams::new(8).open(Purpose::Order, 3, 9).uniform(), first);
    }

    #[test]
    fn weights_are_respected() {
        let mut stream = Streams::new(1).open(Purpose::Calibration, 0, 0);
        let mut counts = [0_u32; 3];
        (0..10_000).for_each(|_| counts[stream.weighted(&[1, 0, 3])] += 1);
        assert_eq!(counts[1], 0);
        assert!((2_300..2_700).contains(&counts[0]), "{counts:?}");
    }
}
