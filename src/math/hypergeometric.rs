//! Discounted sums of ratios of rising factorials: Gauss's hypergeometric function with one upper parameter 1.
//!
//! - J. F. Pfaff's transformation (DLMF 15.8.1), <https://dlmf.nist.gov/15.8>:
//!   ₂F₁(1, b; b + e; z) = ₂F₁(1, e; b + e; −w) / (1 − z) with w = z / (1 − z), which is 1 / d for z = 1 / (1 + d).
//! - C. F. Gauss's continued fraction (1813), as in H. S. Wall, *Analytic Theory of Continued Fractions* (1948), §89:
//!   ₂F₁(1, e; c; −w) = 1 / (1 + k₁w / (1 + k₂w / (1 + …))), k₁ = e / c and for n ≥ 1
//!   k₂ₙ = n (b + n − 1) / ((c + 2n − 2)(c + 2n − 1)), k₂ₙ₊₁ = (e + n)(c + n − 1) / ((c + 2n − 1)(c + 2n)), c = b + e.
//!   All its parts are positive, so nothing cancels, however close z is to 1.
//! - W. J. Lentz's method in the form of I. J. Thompson, A. R. Barnett, "Coulomb and Bessel functions of complex
//!   arguments and order", Journal of Computational Physics 64 (1986), 490–509, finds how many levels it takes. The
//!   value is then taken from the last level back, where rounding does not add up.

/// A discount rate of 10⁻⁸ takes a tenth of these.
const MOST_LEVELS: u32 = 1_000_000;

/// Σ (b)ₖ / (b + e)ₖ / (1 + d)^k over k ≥ 0, which is ₂F₁(1, b; b + e; 1 / (1 + d)), for b, e, d > 0.
///
/// Relative error below 10⁻¹⁴ for b, e from 10⁻⁶ to 10⁶ and d ≥ 10⁻⁶.
///
/// # Panics
/// Arguments that are not above 0.
pub fn discounted_rising_ratios(b: f64, e: f64, d: f64) -> f64 {
    assert!(b > 0.0 && e > 0.0 && d > 0.0, "arguments above 0: {b}, {e}, {d}");
    let fraction =
        (1..=levels(b, e, d)).rev().fold(1.0, |rest, level| 1.0 + coefficient(b, e, level) / d / rest);
    (1.0 + d) / d / fraction
}

/// Enough levels that more of them change nothing.
fn levels(b: f64, e: f64, d: f64) -> u32 {
    let (mut upper, mut lower) = (1.0, 0.0);
    for level in 1..MOST_LEVELS {
        let part = coefficient(b, e, level) / d;
        lower = 1.0 / (1.0 + part * lower);
        upper = 1.0 + part / upper;
        let change: f64 = upper * lower;
        if (change - 1.0).abs() < f64::EPSILON {
            // What the remaining levels would change adds up to more than the last one did.
            return level + level / 2 + 8;
        }
    }
    MOST_LEVELS
}

fn coefficient(b: f64, e: f64, level: u32) -> f64 {
    let c = b + e;
    if level == 1 {
        return e / c;
    }
    let n = f64::from(level / 2);
    // Whole numbers first, so that a small b or e keeps its digits.
    if level.is_multiple_of(2) {
        n * (b + (n - 1.0)) / ((c + (2.0 * n - 2.0)) * (c + (2.0 * n - 1.0)))
    } else {
        (e + n) * (c + (n - 1.0)) / ((c + (2.0 * n - 1.0)) * (c + 2.0 * n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values by mpmath at 40 digits: b, e, d, ₂F₁(1, b; b + e; 1 / (1 + d)).
    const VALUES: [(f64, f64, f64, f64); 13] = [
        (3.806, 0.668, 0.1, 5.9225964076127635),
        (1.182, 0.704, 0.1, 3.695147405574574),
        (9.783, 0.657, 0.1, 7.713012335887006),
        (0.001, 0.0011, 1.0, 1.4758281763303513),
        (4000.5, 0.25, 0.01, 100.38755590565391),
        (2.0, 0.25, 0.0001, 1387.0117550975447),
        (1.5, 3.0, 1e-06, 1.749997375082262),
        (1e-06, 0.001, 0.01, 1.0994402693300878),
        (300.0, 1000000.0, 0.05, 1.0002857104762373),
        (2.783, 0.657, 3e-06, 376.8006432401141),
        (1000000.0, 1e-06, 0.0001, 10000.999900970675),
        (0.5, 1.0, 5.0, 1.0618718396903009),
        (3653.783, 0.657, 1e-06, 54679.33696217402),
    ];

    #[test]
    fn sums_agree_with_mpmath() {
        for (b, e, d, expected) in VALUES {
            let error = discounted_rising_ratios(b, e, d) / expected - 1.0;
            assert!(error.abs() <= 1e-14, "{b} {e} {d}: {error:e}");
        }
    }
}
