//! Random draws: uniform, exponential, normal, gamma and beta, the same on every platform.
//!
//! Gamma draws by G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", ACM Transactions on
//! Mathematical Software 26 (2000); beta draws as ratios of them; normal draws by G. Box, M. Muller (1958). Each block of
//! customers has its own stream of a seed, so the number of threads changes nothing.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A customer while alive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Buyer {
    /// Events per week.
    pub(super) rate: f64,
    /// Events that make a purchase.
    pub(super) k: u32,
    /// Weeks observed.
    pub(super) age: f64,
}

/// One stream of random numbers.
#[derive(Debug)]
pub struct Draws {
    stream: ChaCha8Rng,
}

impl Draws {
    /// Stream `block` of a seed.
    pub fn new(seed: u64, block: u64) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        stream.set_stream(block);
        Self { stream }
    }

    /// Adds the times of purchases, each followed by a lapse with probability `lapse`.
    pub(super) fn purchases(&mut self, buyer: &Buyer, lapse: f64, times: &mut Vec<f64>) {
        let mut last = 0.0;
        loop {
            let gap: f64 = (0..buyer.k).map(|_| self.exponential() / buyer.rate).sum();
            let next = last + gap;
            // A rate of 0 makes it infinite.
            if next.is_nan() || next > buyer.age {
                return;
            }
            times.push(next);
            last = next;
            if lapse > 0.0 && self.uniform() < lapse {
                return;
            }
        }
    }

    /// In (0, 1), 53 bits.
    pub fn uniform(&mut self) -> f64 {
        ((self.stream.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(super) fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Beta(a, b).
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (first, second) = (self.gamma(a), self.gamma(b));
        first / (first + second)
    }

    /// Gamma(shape, 1).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = self.uniform().powf(1.0 / shape);
            return self.gamma(shape + 1.0) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let normal = self.normal();
            let v = (1.0 + c * normal).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * normal * normal + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
}
