//! The gamma function's family for positive arguments, and differences that do not cancel.
//!
//! NIST Digital Library of Mathematical Functions (DLMF), <https://dlmf.nist.gov>: below `FAR` an argument is raised by
//! the recurrence (5.5.1, 5.5.2), above it the asymptotic series holds (5.11.1, 5.11.2, 5.15.8), cut where its terms
//! fall below 10⁻¹⁷.
//!
//! Range: arguments from 10⁻³⁰⁰ to 10³⁰⁰. Accuracy: 4·10⁻¹⁵ of the larger of 1 and the result; the `rising` differences
//! hold it however large the argument is beside its increase, where a difference of two values would lose all digits.

use std::f64::consts::PI;

/// From here on the asymptotic series hold to the last bit.
const FAR: f64 = 10.0;

/// ln Γ(x).
pub fn ln_gamma(x: f64) -> f64 {
    debug_assert!(x > 0.0, "ln_gamma of {x}");
    let steps = steps_to_far(x);
    let product: f64 = (0..steps).map(|step| x + f64::from(step)).product();
    let far = x + f64::from(steps);
    (far - 0.5) * far.ln() - far + 0.5 * (2.0 * PI).ln() + stirling(far) - product.ln()
}

/// ψ(x), the derivative of ln Γ.
pub fn digamma(x: f64) -> f64 {
    debug_assert!(x > 0.0, "digamma of {x}");
    let steps = steps_to_far(x);
    let near: f64 = (0..steps).map(|step| 1.0 / (x + f64::from(step))).sum();
    let far = x + f64::from(steps);
    far.ln() - digamma_rest(far) - near
}

/// ψ′(x).
pub fn trigamma(x: f64) -> f64 {
    debug_assert!(x > 0.0, "trigamma of {x}");
    let steps = steps_to_far(x);
    let near: f64 = (0..steps).map(|step| (x + f64::from(step)).powi(-2)).sum();
    let far = x + f64::from(steps);
    near + 1.0 / far + trigamma_rest(far)
}

/// ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b).
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    ln_gamma(small) - ln_rising(large, small)
}

/// ln Γ(a + n) − ln Γ(a) for n ≥ 0, the logarithm of the rising factorial (a)ₙ; n need not be whole, and a may be
/// 0 if n is.
pub fn ln_rising(a: f64, n: f64) -> f64 {
    debug_assert!(a >= 0.0 && n >= 0.0, "ln_rising of {a}, {n}");
    if n == 0.0 {
        return 0.0;
    }
    let steps = steps_to_far(a);
    let near: f64 = (0..steps).map(|step| (n / (a + f64::from(step))).ln_1p()).sum();
    let far = a + f64::from(steps);
    let growth = (far - 0.5) * (n / far).ln_1p() - n;
    n * (far + n).ln() + growth + (stirling(far + n) - stirling(far)) - near
}

/// ψ(a + n) − ψ(a) for n ≥ 0: the derivative of [`ln_rising`] by a.
pub fn digamma_rising(a: f64, n: f64) -> f64 {
    debug_assert!(a >= 0.0 && n >= 0.0, "digamma_rising of {a}, {n}");
    if n == 0.0 {
        return 0.0;
    }
    let steps = steps_to_far(a);
    let near: f64 = (0..steps).map(|step| a + f64::from(step)).map(|low| n / (low * (low + n))).sum();
    let far = a + f64::from(steps);
    near + (n / far).ln_1p() + (digamma_rest(far) - digamma_rest(far + n))
}

/// ψ′(a + n) − ψ′(a) for n ≥ 0, never positive: the second derivative of [`ln_rising`] by a.
pub fn trigamma_rising(a: f64, n: f64) -> f64 {
    debug_assert!(a >= 0.0 && n >= 0.0, "trigamma_rising of {a}, {n}");
    if n == 0.0 {
        return 0.0;
    }
    let steps = steps_to_far(a);
    let fall = |low: f64| n / low / (low + n) * ((2.0 * low + n) / low / (low + n));
    let near: f64 = (0..steps).map(|step| fall(a + f64::from(step))).sum();
    let far = a + f64::from(steps);
    (trigamma_rest(far + n) - trigamma_rest(far)) - n / far / (far + n) - near
}

/// How often an argument is raised by 1 before its series is used.
fn steps_to_far(x: f64) -> u32 {
    (0..10).find(|&steps| x + f64::from(steps) >= FAR).unwrap_or(10)
}

/// What Stirling's formula leaves of ln Γ (DLMF 5.11.1).
fn stirling(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
        -3617.0 / 122_400.0,
    ];
    polynomial(&TERMS, (x * x).recip()) / x
}

/// ln x − ψ(x) (DLMF 5.11.2).
fn digamma_rest(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 120.0,
        1.0 / 252.0,
        -1.0 / 240.0,
        1.0 / 132.0,
        -691.0 / 32_760.0,
        1.0 / 12.0,
        -3617.0 / 8160.0,
    ];
    let square = (x * x).recip();
    0.5 / x + polynomial(&TERMS, square) * square
}

/// ψ′(x) − 1/x (DLMF 5.15.8).
fn trigamma_rest(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
        1.0 / 6.0,
        -1.0 / 30.0,
        1.0 / 42.0,
        -1.0 / 30.0,
        5.0 / 66.0,
        -691.0 / 2730.0,
        7.0 / 6.0,
        -3617.0 / 510.0,
    ];
    let square = (x * x).recip();
    (0.5 + polynomial(&TERMS, square) / x) * square
}

/// By Horner's rule, lowest power first.
fn polynomial(terms: &[f64], x: f64) -> f64 {
    terms.iter().rev().fold(0.0, |sum, term| sum * x + term)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values by mpmath at 40 digits: x, ln Γ, ψ, ψ′.
    const VALUES: [(f64, f64, f64, f64); 8] = [
        (1e-08, 18.42068073818021, -100000000.57721564, 1.0000000000000002e+16),
        (0.1, 2.252712651734206, -10.423754940411076, 101.43329915079275),
        (0.75, 0.20328095143129538, -1.0858608797864722, 2.5418796476716063),
        (1.5, -0.12078223763524522, 0.03648997397857652, 0.9348022005446793),
        (2.25, 0.1248717148923966, 0.5725464666237345, 0.5573291545071107),
        (9.75, 12.242204940050762, 2.225109535044576, 0.10800324333663186),
        (123.5, 469.8172754919306, 4.812187109433143, 0.008130036519855761),
        (1000000.0, 12815504.569147611, 13.815510057964191, 1.0000005000001667e-06),
    ];

    /// By mpmath at 60 digits: a, n, ln (a)ₙ, ψ(a + n) − ψ(a), ψ′(a + n) − ψ′(a).
    const RISES: [(f64, f64, f64, f64, f64); 8] = [
        (0.25, 1.0, -1.3862943611198906, 4.0, -16.0),
        (0.25, 5000.0, 37583.46757270819, 12.744596725209295, -17.197129144507276),
        (1e-06, 3.0, -13.122361877404954, 1000001.49999875, -1000000000001.2501),
        (4.5, 29.0, 80.8486889321076, 2.1076748903632962, -0.2184243908640869),
        (100000000.0, 7.0, 128.94476541766656, 6.99999979000001e-08, -6.999999580000028e-16),
        (1000000000000.0, 5000.0, 138155.10559214023, 4.9999999875025e-09, -4.999999975005e-21),
        (12.5, 0.375, 0.9377443649298469, 0.03075442840488065, -0.0025210165087347484),
        (700.0, 0.25, 1.6376361392540915, 0.00035733422919077037, -5.10750923884744e-07),
    ];

    fn close(found: f64, expected: f64) {
        let scale = expected.abs().max(1.0);
        assert!((found - expected).abs() <= 4e-15 * scale, "{found} for {expected}");
    }

    #[test]
    fn gamma_digamma_and_trigamma_agree_with_mpmath() {
        for (x, gamma, first, second) in VALUES {
            close(ln_gamma(x), gamma);
            close(digamma(x), first);
            close(trigamma(x), second);
        }
    }

    #[test]
    fn rises_lose_no_digit_to_a_large_start() {
        for (a, n, gamma, first, second) in RISES {
            close(ln_rising(a, n), gamma);
            assert!((digamma_rising(a, n) / first - 1.0).abs() < 2e-14, "{a} {n}");
            assert!((trigamma_rising(a, n) / second - 1.0).abs() < 2e-14, "{a} {n}");
        }
    }

    #[test]
    fn beta_is_symmetric_and_holds_beside_a_large_argument() {
        close(ln_beta(0.5, 0.5), PI.ln());
        close(ln_beta(2.0, 3.0), -(12.0_f64.ln()));
        close(ln_beta(1e12, 1.0), -(1e12_f64.ln()));
        assert_eq!(ln_beta(0.3, 700.0).to_bits(), ln_beta(700.0, 0.3).to_bits());
    }
}
