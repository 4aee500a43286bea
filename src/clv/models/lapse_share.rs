//! The one special function of Pareto/NBD: the share of lapses among what the future of a silent customer may hold.
//!
//! With R = r + x, A = α + t, B = β + t and ζ = 1 − B/A,
//!
//! ρ_R(t) = s Aᴿ Bˢ ∫₀^∞ (A + y)⁻ᴿ (B + y)⁻ˢ⁻¹ dy = s/(R + s) · ₂F₁(R, 1; R + s + 1; ζ) (DLMF 15.6.1),
//!
//! the probability that a customer silent from t on, for ever, is so because she lapses before her next purchase. One
//! integration by parts links neighbours in R, (R + s) ρ_R = s + R ζ ρ_R₊₁, and the same, differentiated, links the
//! derivatives. Downwards an error shrinks by R |ζ|/(R + s), upwards by its inverse; so per t one integral by quadrature
//! stands where the direction turns, and all other x follow by recurrence, each in the direction that is stable.
//!
//! Range: R + s > 0.1. Accuracy: about 10⁻¹⁴ relative.

use crate::math::quadrature;

/// ρ and its derivatives by R, s and ln A; those by ln B are the negatives of those by ln A, as ρ depends on A/B.
#[derive(Debug, Clone, Copy)]
pub(super) struct LapseShare {
    pub(super) value: f64,
    pub(super) by_r: f64,
    pub(super) by_s: f64,
    pub(super) by_ln_a: f64,
    pub(super) by_rr: f64,
    pub(super) by_rs: f64,
    pub(super) by_ss: f64,
    pub(super) by_ln_aa: f64,
    pub(super) by_ln_a_r: f64,
    pub(super) by_ln_a_s: f64,
}

/// What a column of shares, one t and every x, is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// r, of R = r + x.
    pub(super) r: f64,
    pub(super) s: f64,
    /// A.
    pub(super) a: f64,
    /// B.
    pub(super) b: f64,
}

impl Column {
    /// The shares for x = 0 to `highest`.
    pub(super) fn shares(&self, highest: u32) -> Vec<LapseShare> {
        let turn = self.turn(highest);
        let mut shares = vec![self.integral(self.r + f64::from(turn))];
        for x in (0..turn).rev() {
            shares.push(self.below(self.r + f64::from(x), &shares[shares.len() - 1]));
        }
        shares.reverse();
        for x in turn..highest {
            shares.push(self.above(self.r + f64::from(x), &shares[shares.len() - 1]));
        }
        shares
    }

    fn zeta(&self) -> f64 {
        (self.a - self.b) / self.a
    }

    /// The x at which R |ζ| = R + s: below it the recurrence is stable downwards, above it upwards.
    fn turn(&self, highest: u32) -> u32 {
        let excess = self.zeta().abs() - 1.0;
        (0..highest).find(|&x| (self.r + f64::from(x)) * excess > self.s).unwrap_or(highest)
    }

    /// ρ_R by quadrature.
    fn integral(&self, r: f64) -> LapseShare {
        let Self { s, a, b, .. } = *self;
        let scale = 1.0 / (r / a + (s + 1.0) / b);
        let [k, k_r, k_s, k_a, k_rr, k_rs, k_ss, k_aa, k_ar, k_as] = quadrature::half_line(scale, |y| {
            let (ln_a, ln_b) = ((y / a).ln_1p(), (y / b).ln_1p());
            let kept = (-r * ln_a - (s + 1.0) * ln_b).exp();
            let fall = y / (a + y);
            [
                kept,
                -ln_a * kept,
                -ln_b * kept,
                r * fall * kept,
                ln_a * ln_a * kept,
                ln_a * ln_b * kept,
                ln_b * ln_b * kept,
                r * fall * (r * fall - (1.0 - fall)) * kept,
                fall * (1.0 - r * ln_a) * kept,
                -r * fall * ln_b * kept,
            ]
        });
        LapseShare {
            value: s * k / b,
            by_r: s * k_r / b,
            by_s: (k + s * k_s) / b,
            by_ln_a: s * k_a / b,
            by_rr: s * k_rr / b,
            by_rs: (k_r + s * k_rs) / b,
            by_ss: (2.0 * k_s + s * k_ss) / b,
            by_ln_aa: s * k_aa / b,
            by_ln_a_r: s * k_ar / b,
            by_ln_a_s: (k_a + s * k_as) / b,
        }
    }

    /// ρ_R from ρ_R₊₁.
    fn below(&self, r: f64, next: &LapseShare) -> LapseShare {
        let (zeta, rest) = (self.zeta(), r * self.b / self.a);
        let (step, inverse) = (r * zeta, 1.0 / (r + self.s));
        let value = (self.s + step * next.value) * inverse;
        let by_r = (zeta * next.value + step * next.by_r - value) * inverse;
        let by_s = (1.0 + step * next.by_s - value) * inverse;
        let by_ln_a = (rest * next.value + step * next.by_ln_a) * inverse;
        let mixed = rest * next.by_r + (rest / r) * next.value + zeta * next.by_ln_a;
        LapseShare {
            value,
            by_r,
            by_s,
            by_ln_a,
            by_rr: (2.0 * zeta * next.by_r + step * next.by_rr - 2.0 * by_r) * inverse,
            by_rs: (zeta * next.by_s + step * next.by_rs - by_s - by_r) * inverse,
            by_ss: (step * next.by_ss - 2.0 * by_s) * inverse,
            by_ln_aa: (2.0 * rest * next.by_ln_a - rest * next.value + step * next.by_ln_aa) * inverse,
            by_ln_a_r: (mixed + step * next.by_ln_a_r - by_ln_a) * inverse,
            by_ln_a_s: (rest * next.by_s + step * next.by_ln_a_s - by_ln_a) * inverse,
        }
    }

    /// ρ_R₊₁ from ρ_R.
    fn above(&self, r: f64, last: &LapseShare) -> LapseShare {
        let (zeta, rest) = (self.zeta(), r * self.b / self.a);
        let (sum, inverse) = (r + self.s, 1.0 / (r * zeta));
        let value = (sum * last.value - self.s) * inverse;
        let by_r = (sum * last.by_r + last.value - zeta * value) * inverse;
        let by_s = (sum * last.by_s + last.value - 1.0) * inverse;
        let by_ln_a = (sum * last.by_ln_a - rest * value) * inverse;
        let mixed = rest * by_r + (rest / r) * value + zeta * by_ln_a;
        LapseShare {
            value,
            by_r,
            by_s,
            by_ln_a,
            by_rr: (sum * last.by_rr + 2.0 * last.by_r - 2.0 * zeta * by_r) * inverse,
            by_rs: (sum * last.by_rs + last.by_s + last.by_r - zeta * by_s) * inverse,
            by_ss: (sum * last.by_ss + 2.0 * last.by_s) * inverse,
            by_ln_aa: (sum * last.by_ln_aa + rest * value - 2.0 * rest * by_ln_a) * inverse,
            by_ln_a_r: (sum * last.by_ln_a_r + last.by_ln_a - mixed) * inverse,
            by_ln_a_s: (sum * last.by_ln_a_s + last.by_ln_a - rest * by_s) * inverse,
        }
    }
}
